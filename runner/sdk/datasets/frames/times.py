"""Conversion of text to times, and recognition of their format. Results are nanoseconds, UTC, without a zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ....dataclass import dataclass

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Family:
    """Times that are written in one way, except for the order of day and month."""

    rule: re.Pattern[str]
    forms: tuple[str, ...]
    """For strptime, the preferred one first; ISO for ISO 8601."""


ISO = ""
"""Stands for ISO 8601, which no single strptime format describes."""
_DATES = (
    (r"\d{4}/\d\d?/\d\d?", ("%Y/%m/%d",)),
    (r"\d{4}-\d\d?-\d\d?", ("%Y-%m-%d",)),
    (r"\d\d?/\d\d?/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d\d?-\d\d?-\d{4}", ("%m-%d-%Y", "%d-%m-%Y")),
    (r"\d\d?-[A-Za-z]{3}-\d{4}", ("%d-%b-%Y",)),
    (r"\d\d?-[A-Za-z]{3}-\d\d", ("%d-%b-%y",)),
)
_TIMES = (
    ("", ""),
    (r" \d\d?:\d\d", " %H:%M"),
    (r" \d\d?:\d\d:\d\d", " %H:%M:%S"),
    (r" \d\d?:\d\d:\d\d\.\d{1,6}", " %H:%M:%S.%f"),
    (r" \d\d?:\d\d [AaPp][Mm]", " %I:%M %p"),
    (r" \d\d?:\d\d:\d\d [AaPp][Mm]", " %I:%M:%S %p"),
)
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
_FAMILIES = (
    Family(re.compile(rf"\d{{4}}-\d\d-\d\d([T ]{_CLOCK}\s?(Z|UTC|[+-]\d\d:?\d\d)?)?"), (ISO,)),
    *(
        Family(re.compile(date + time), tuple(form + clock for form in forms))
        for date, forms in _DATES
        for time, clock in _TIMES
    ),
)
_YEAR_IN = re.compile(r"(?<!\d)(\d{4})(?!\d)")


def formats_of(sample: Sequence[str]) -> tuple[str, ...]:
    """Return the formats that together read every text of the sample; none if there are no such formats.

    A column may mix ways of writing. Those of one way are read in the same order of day and month: month first,
    unless a text of that way is no date then (v1's rule, observed by running azureml-dataprep 5.5).

    Args:
        sample: The texts.

    """
    found: dict[Family, list[str]] = {}
    for text in sample:
        plain = text.strip()
        family = next((family for family in _FAMILIES if family.rule.fullmatch(plain)), None)
        if family is None:
            return ()
        found.setdefault(family, []).append(plain)
    forms = [_form(family, texts) for family, texts in found.items()]
    return () if None in forms else tuple(sorted((form for form in forms if form is not None), key=lambda f: f == ISO))


def _form(family: Family, texts: Sequence[str]) -> str | None:
    return next((form for form in family.forms if all(_is_date(text, form) for text in texts)), None)


def _is_date(text: str, form: str) -> bool:
    try:
        datetime.strptime(text[:10] if form == ISO else text, form or "%Y-%m-%d")  # noqa: DTZ007 - asks only if it is one
    except ValueError:
        return False
    return True


def parsed(series: pd.Series, formats: Sequence[str]) -> tuple[pd.Series, pd.Series]:
    """Read times.

    Args:
        series: Text, or times already.
        formats: The formats to try, one after the other; none: each text as it looks.

    Returns:
        The times, null where the text is none, and which texts are times that 64-bit nanoseconds cannot express.

    """
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return _nanoseconds(series)
    text = series.where(series.isna(), series.astype(str).str.strip())
    forms: Sequence[str | None] = formats or (None,)
    times, beyond = _read(text, forms[0])
    for form in forms[1:]:
        left = text[times.isna() & ~beyond]
        if not len(left):
            break
        more, more_beyond = _read(left, form)
        times[left.index], beyond[left.index] = more, more_beyond
    # Before pandas 3 a time that is out of range has become null already.
    missing = text[times.isna() & text.notna()]
    beyond[missing.index[[_is_far(value) for value in missing.tolist()]]] = True
    return times, beyond


def _read(text: pd.Series, form: str | None) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    newer = int(pd.__version__.partition(".")[0]) >= 2
    if form == ISO:
        form = "ISO8601" if newer else None
    elif form is None:
        form = "mixed" if newer else None
    times, beyond = _nanoseconds(pd.to_datetime(text, format=form, errors="coerce", utc=True))
    return times.copy(), beyond.copy()


def _is_far(value: object) -> bool:
    """Return True if the text has a year beyond the range of 64-bit nanoseconds."""
    found = _YEAR_IN.search(value) if isinstance(value, str) else None
    return found is not None and not 1678 <= int(found[1]) <= 2261


def _nanoseconds(times: pd.Series) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    if getattr(times.dtype, "tz", None) is not None:
        times = times.dt.tz_convert("UTC").dt.tz_localize(None)
    inside = (times >= pd.Timestamp.min) & (times <= pd.Timestamp.max)
    return times.where(inside).astype("datetime64[ns]"), times.notna() & ~inside
