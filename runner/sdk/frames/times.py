"""Text as times: what it looks like, and reading it so. Results are nanoseconds, UTC, without a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...dataclass import dataclass

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Look:
    """How the times of a column are written."""

    rule: re.Pattern[str]
    form: str
    """For strptime; empty: ISO 8601."""


_MONTH, _DAY, _YEAR = "(0?[1-9]|1[0-2])", "(0?[1-9]|[12]\\d|3[01])", "\\d{4}"
_DATES = (
    (f"{_YEAR}/{_MONTH}/{_DAY}", "%Y/%m/%d"),
    (f"{_MONTH}/{_DAY}/{_YEAR}", "%m/%d/%Y"),
    (f"{_DAY}/{_MONTH}/{_YEAR}", "%d/%m/%Y"),
    (f"{_MONTH}-{_DAY}-{_YEAR}", "%m-%d-%Y"),
    (f"{_DAY}-{_MONTH}-{_YEAR}", "%d-%m-%Y"),
    (f"{_DAY}-[A-Za-z]{{3}}-{_YEAR}", "%d-%b-%Y"),
)
_HOUR = "([01]?\\d|2[0-3])"
_TIMES = (
    ("", ""),
    (f" {_HOUR}:\\d\\d", " %H:%M"),
    (f" {_HOUR}:\\d\\d:\\d\\d", " %H:%M:%S"),
    (f" {_HOUR}:\\d\\d:\\d\\d\\.\\d{{1,6}}", " %H:%M:%S.%f"),
    (" (0?[1-9]|1[0-2]):\\d\\d [AaPp][Mm]", " %I:%M %p"),
    (" (0?[1-9]|1[0-2]):\\d\\d:\\d\\d [AaPp][Mm]", " %I:%M:%S %p"),
)
_ISO = Look(re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|UTC|[+-]\d\d:?\d\d)?)?"), "")
_LOOKS = (
    _ISO,
    *(Look(re.compile(date + time), form + clock) for date, form in _DATES for time, clock in _TIMES),
)
_YEAR_IN = re.compile(r"(?<!\d)(\d{4})(?!\d)")


def looks(sample: Sequence[str]) -> Look | None:
    """The first way of writing times that every text of the sample follows."""
    stripped = [text.strip() for text in sample]
    for look in _LOOKS if stripped else ():
        if all(map(look.rule.fullmatch, stripped)):
            return look
    return None


def parsed(series: pd.Series, formats: Sequence[str], look: Look | None) -> tuple[pd.Series, pd.Series]:
    """The times, null where the text is none; and which are times that 64-bit nanoseconds cannot tell."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _nanoseconds(series)
    text = series.where(series.isna(), series.astype(str).str.strip())
    forms: Sequence[str | None] = formats or [look.form if look is not None else None]
    found = [_read(text, form) for form in forms]
    times, beyond = found[0]
    for others, others_beyond in found[1:]:
        times, beyond = times.fillna(others), beyond | others_beyond
    return times, beyond & times.isna()


def _read(text: pd.Series, form: str | None) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    newer = int(pd.__version__.partition(".")[0]) >= 2
    if form == "":
        form = "ISO8601" if newer else None
    elif form is None:
        form = "mixed" if newer else None
    times, beyond = _nanoseconds(pd.to_datetime(text, format=form, errors="coerce", utc=True))
    # Before pandas 3 what is out of range has become null already.
    missing = text[times.isna() & text.notna()]
    beyond = beyond.copy()
    beyond[missing.index[[_is_far(value) for value in missing.tolist()]]] = True
    return times, beyond


def _is_far(value: object) -> bool:
    """Whether the text holds a year beyond 64-bit nanoseconds."""
    found = _YEAR_IN.search(value) if isinstance(value, str) else None
    return found is not None and not 1678 <= int(found[1]) <= 2261


def _nanoseconds(times: pd.Series) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    if getattr(times.dtype, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    inside = (times >= pd.Timestamp.min) & (times <= pd.Timestamp.max)
    return times.where(inside).astype("datetime64[ns]"), times.notna() & ~inside
