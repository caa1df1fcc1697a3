"""Column types: what text looks like (v1's inference over the first 200 rows), and what the user chose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ..exceptions import UserErrorException
from .times import Look, looks, parsed

if TYPE_CHECKING:
    import pandas as pd

INFER_ROWS = 200
"""v1 looks at the first 200 rows."""
_LONG = re.compile(r"\s*[+-]?\d{1,18}\s*")
_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|\s*[+-]?(inf|infinity|nan)\s*", re.IGNORECASE)
_BOOLEANS = {"true": True, "false": False}
_NO_NUMBERS = frozenset({"na", "n/a", "nan", "null", "none"})
"""Beside numbers these mean that there is none; as text they are text."""


@dataclass(frozen=True)
class Strictness:
    """What becomes of values that do not fit (v1's ``to_pandas_dataframe`` arguments)."""

    fail: bool = False
    """``on_error='fail'``; else they become null."""
    fail_out_of_range: bool = False
    """``out_of_range_datetime='fail'``: for times beyond 1677 … 2262, which 64-bit nanoseconds cannot tell."""


def guessed(text: pd.Series, blank: str | None, strictness: Strictness | None) -> pd.Series:
    """A column of text as the type it looks like; `blank` stands for empty text. Without `strictness`: as text."""
    sample = [value for value in text.iloc[:INFER_ROWS].tolist() if isinstance(value, str) and value.strip()]
    kind, look = _kind(sample) if strictness is not None else ("string", None)
    if strictness is None or kind == "string":
        plain: pd.Series = text.where(text.notna() & (text != ""), blank)
        return plain
    return _cast(text, kind, (), strictness, look)


def converted(series: pd.Series, wanted: Sequence[str], strictness: Strictness) -> pd.Series:
    """A column as the type that the user chose: the kind, then its formats."""
    kind, *formats = wanted
    if kind == "string":
        text: pd.Series = series.where(series.isna(), series.astype(str)).astype(object)
        return text
    look = looks(_sample(series)) if kind == "datetime" and not formats else None
    return _cast(series, kind, formats, strictness, look)


def plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Text as Python's own strings, which is what every pandas before 3 made of it."""
    import pandas as pd

    for column in frame.columns:
        kind = frame[column].dtype
        if pd.api.types.is_string_dtype(kind) and not pd.api.types.is_object_dtype(kind):
            text = frame[column].astype(object)
            frame[column] = text.where(text.notna(), None)
    return frame


def _kind(sample: Sequence[str]) -> tuple[str, Look | None]:
    """v1's order: booleans, integers, floats, times; what is none of them is text, and so is nothing at all."""
    if not sample:
        return "string", None
    if all(value.strip().lower() in _BOOLEANS for value in sample):
        return "bool", None
    numbers = [value for value in sample if value.strip().lower() not in _NO_NUMBERS]
    if numbers and all(map(_LONG.fullmatch, numbers)):
        return "long", None
    if numbers and all(map(_FLOAT.fullmatch, numbers)):
        return "float", None
    look = looks(sample)
    return ("datetime", look) if look is not None else ("string", None)


def _cast(series: pd.Series, kind: str, formats: Sequence[str], strictness: Strictness, look: Look | None) -> pd.Series:
    if kind == "datetime":
        cast, beyond = parsed(series, formats, look)
        if strictness.fail_out_of_range and beyond.any():
            raise _unfit(series, beyond, "is out of the range of times", "pass out_of_range_datetime='null'")
        missing = cast.isna() & ~beyond
    else:
        cast = _CASTS[kind](series, formats)
        missing = cast.isna()
    if strictness.fail and (failed := _given(series) & missing).any():
        raise _unfit(series, failed, f"is no {kind}", "correct it, choose set_column_types, or pass on_error='null'")
    return cast


def _given(series: pd.Series) -> pd.Series:
    """Which values are there at all."""
    text = series.astype(str).str.strip().str.lower()
    return series.notna() & (text != "") & ~text.isin(_NO_NUMBERS)


def _unfit(series: pd.Series, rows: pd.Series, what: str, remedy: str) -> UserErrorException:
    first = series[rows].iloc[0]
    text = f"column {series.name!r}: {first!r} {what} ({int(rows.sum())} such values)"
    return UserErrorException(text, remedy=remedy)


def _sample(series: pd.Series) -> list[str]:
    return [str(value) for value in series.iloc[:INFER_ROWS].tolist() if isinstance(value, str) and value.strip()]


def _floats(series: pd.Series, formats: Sequence[str]) -> pd.Series:
    import pandas as pd

    text = series.astype(str).str.replace(",", ".", regex=False) if list(formats) == [","] else series
    return pd.to_numeric(text, errors="coerce").astype("float64")


def _longs(series: pd.Series, _formats: Sequence[str]) -> pd.Series:
    """64-bit integers; floats where some are missing, which pandas' integers cannot tell."""
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce")
    if numbers.dtype.kind == "f":
        numbers = numbers.where((numbers % 1 == 0) & (numbers.abs() < 2**63))
    return numbers.astype("int64") if numbers.notna().all() else numbers.astype("float64")


def _booleans(series: pd.Series, _formats: Sequence[str]) -> pd.Series:
    text = series.astype(str).str.strip().str.lower()
    values = text.map({**_BOOLEANS, "1": True, "0": False, "1.0": True, "0.0": False})
    return values.astype(bool) if values.notna().all() else values.astype(object).where(values.notna(), None)


_CASTS: Mapping[str, Callable[[pd.Series, Sequence[str]], pd.Series]] = {
    "float": _floats,
    "long": _longs,
    "bool": _booleans,
}
