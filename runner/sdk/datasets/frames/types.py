"""Column types: inference from text (v1's, over the first 200 rows), and conversion to types that the user chose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ....dataclass import dataclass
from ...base.exceptions import UserErrorException
from .joining import EXACT
from .times import formats_of, parsed

if TYPE_CHECKING:
    import pandas as pd

INFER_ROWS = 200
"""v1 looks at the first 200 rows."""
_LONG = re.compile(r"\s*[+-]?\d{1,40}\s*", re.ASCII)
_FLOAT = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*|\s*[+-]?(inf|infinity|nan)\s*", re.ASCII | re.IGNORECASE)
_LONGS = range(-(2**63), 2**63)
_WORDS = {"true": True, "false": False, "t": True, "f": False}
_BOOLEANS = {**_WORDS, "1": True, "0": False, "1.0": True, "0.0": False}


@dataclass(frozen=True)
class Strictness:
    """The treatment of values that do not fit (v1's ``to_pandas_dataframe`` arguments)."""

    fail: bool = False
    """``on_error='fail'``; else they become null."""
    fail_out_of_range: bool = False
    """``out_of_range_datetime='fail'``: for times beyond 1677 … 2262, the range of 64-bit nanoseconds."""


def guessed(text: pd.Series, blank: str | None, strictness: Strictness | None) -> pd.Series:
    """Return a column of text converted to the type that it looks like.

    Args:
        text: The column.
        blank: The value that replaces empty text.
        strictness: The treatment of values that do not fit. None: the column stays text.

    """
    sample = [value for value in text.iloc[:INFER_ROWS].tolist() if isinstance(value, str) and value.strip()]
    kind, formats = _kind(sample) if strictness is not None else ("string", ())
    if strictness is None or kind == "string":
        plain: pd.Series = text.where(text.notna() & (text != ""), blank)
        return plain
    return _cast(text, kind, formats, strictness)


def converted(series: pd.Series, wanted: Sequence[str], strictness: Strictness) -> pd.Series:
    """Return a column converted to the type that the user chose.

    Args:
        series: The column.
        wanted: The kind, then its formats.
        strictness: The treatment of values that do not fit.

    """
    kind, *formats = wanted
    if kind == "string":
        text: pd.Series = series.where(series.isna(), series.astype(str)).astype(object)
        return text
    if kind == "datetime" and not formats:
        formats = list(formats_of(_sample(series)))
    return _cast(series, kind, formats, strictness)


def plain_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with text as Python's own strings, as in every pandas before 3.

    Args:
        frame: The frame.

    """
    import pandas as pd

    for column in frame.columns:
        kind = frame[column].dtype
        if pd.api.types.is_string_dtype(kind) and not pd.api.types.is_object_dtype(kind):
            text = frame[column].astype(object)
            frame[column] = text.where(text.notna(), None)
    return frame


def _kind(sample: Sequence[str]) -> tuple[str, Sequence[str]]:
    """Choose a column's type in v1's order, and for times their formats.

    The order is: booleans, integers, floats, times, text. A column of 0 and 1 alone is one of integers here;
    integers beyond 64 bits, which are floats in v1, are a kind of their own.
    """
    if not sample:
        return "string", ()
    if _are_booleans(sample):
        return "bool", ()
    if all(map(_is_long, sample)):
        return "long", ()
    if all(map(_LONG.fullmatch, sample)):
        return "integer", ()
    if all(map(_FLOAT.fullmatch, sample)):
        return "float", ()
    formats = formats_of(sample)
    return ("datetime", formats) if formats else ("string", ())


def _are_booleans(sample: Sequence[str]) -> bool:
    words = {value.strip().lower() for value in sample}
    return bool(words & _WORDS.keys()) and words <= _WORDS.keys() | {"0", "1"}


def _is_long(value: str) -> bool:
    return _LONG.fullmatch(value) is not None and int(value) in _LONGS


def _cast(series: pd.Series, kind: str, formats: Sequence[str], strictness: Strictness) -> pd.Series:
    if kind == "datetime":
        cast, beyond = parsed(series, formats)
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
    """Tell the values that are there from the missing ones: null, NaN and empty text."""
    text = series.astype(str).str.strip().str.lower()
    return series.notna() & (text != "") & (text != "nan")


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
    """Return 64-bit integers.

    If some are missing, which pandas' integers cannot express: floats, or Python's integers if a float would change
    one of them.
    """
    import pandas as pd

    numbers = pd.to_numeric(series, errors="coerce")
    if numbers.dtype.kind in "iu" and bool((numbers <= _LONGS[-1]).all()):
        return numbers.astype("int64")
    if numbers.dtype.kind != "f" or bool((numbers.abs() >= EXACT).any()):
        return _exact_longs(series)
    whole: pd.Series = numbers.where(numbers % 1 == 0)
    return whole.astype("int64") if whole.notna().all() else whole.astype("float64")


def _integers(series: pd.Series, formats: Sequence[str]) -> pd.Series:
    """Return floats; Python's integers if all values are integers and a float would change some of them."""
    import pandas as pd

    there = series[_given(series)].astype(str)
    if not there.map(_LONG.fullmatch).notna().all() or all(int(value) == int(float(value)) for value in there):
        return _floats(series, formats)
    values = [int(str(value)) if given else None for value, given in zip(series, _given(series))]
    return pd.Series(values, index=series.index, name=series.name, dtype=object)


def _exact_longs(series: pd.Series) -> pd.Series:
    import pandas as pd

    values = [_long(value) for value in series.tolist()]
    if None not in values:
        return pd.Series(values, index=series.index, name=series.name, dtype="int64")
    return pd.Series(values, index=series.index, name=series.name, dtype=object)


def _long(value: object) -> int | None:
    """Return a value as a 64-bit integer, or None."""
    if isinstance(value, int) or (isinstance(value, str) and _LONG.fullmatch(value)):
        return int(value) if int(value) in _LONGS else None
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() and int(number) in _LONGS else None


def _booleans(series: pd.Series, _formats: Sequence[str]) -> pd.Series:
    text = series.astype(str).str.strip().str.lower()
    values: pd.Series = text.map(_BOOLEANS)
    return values.astype(bool) if values.notna().all() else values.astype(object).where(values.notna(), None)


_CASTS: Mapping[str, Callable[[pd.Series, Sequence[str]], pd.Series]] = {
    "float": _floats,
    "long": _longs,
    "integer": _integers,
    "bool": _booleans,
}
