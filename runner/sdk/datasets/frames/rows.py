"""The operations of a tabular dataset, applied to a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ....model.transforms import (
    DropColumns,
    Filter,
    KeepColumns,
    Sample,
    Skip,
    Take,
    TimeRange,
    TimestampColumns,
    Transform,
)
from ...base.exceptions import UserErrorException
from .conditions import evaluate
from .times import parsed

if TYPE_CHECKING:
    import pandas as pd


def apply(frame: pd.DataFrame, transform: Transform) -> pd.DataFrame:
    """Return the frame after one operation.

    Args:
        frame: The rows.
        transform: The operation.

    Raises:
        UserErrorException: The operation does not fit the rows.

    """
    left: pd.DataFrame = _applied(frame, transform).reset_index(drop=True)
    return left


def apply_from(frame: pd.DataFrame, transform: Transform, first: int) -> pd.DataFrame:
    """Return a part of a table after one operation on the whole table.

    Args:
        frame: The rows of the part.
        transform: The operation.
        first: The number that the part's first row has for this operation.

    Raises:
        UserErrorException: The operation does not fit the rows.

    """
    if isinstance(transform, (Take, Skip, Sample)):
        numbers = range(first, first + len(frame))
        kept: pd.DataFrame = frame[[transform.keeps(number) for number in numbers]].reset_index(drop=True)
        return kept
    return apply(frame, transform)


def _applied(frame: pd.DataFrame, transform: Transform) -> pd.DataFrame:
    kept: pd.DataFrame
    if isinstance(transform, KeepColumns):
        _check_columns(frame, transform.columns)
        kept = frame[[column for column in frame.columns if column in set(transform.columns)]]
    elif isinstance(transform, DropColumns):
        kept = frame.drop(columns=[column for column in transform.columns if column in frame.columns])
    elif isinstance(transform, Take):
        kept = frame.iloc[: transform.count]
    elif isinstance(transform, Skip):
        kept = frame.iloc[transform.count :]
    elif isinstance(transform, Sample):
        kept = frame[[transform.keeps(index) for index in range(len(frame))]]
    elif isinstance(transform, Filter):
        kept = frame[evaluate(transform.expression, frame).astype("boolean").fillna(value=False).astype(bool)]
    elif isinstance(transform, TimeRange):
        kept = _between(frame, transform)
    elif isinstance(transform, TimestampColumns):
        kept = frame
    return kept


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise UserErrorException(f"there is no column {missing[0]!r}; columns: {', '.join(map(str, frame.columns))}")


def _between(frame: pd.DataFrame, limits: TimeRange) -> pd.DataFrame:
    import pandas as pd

    _check_columns(frame, [limits.column])
    times = _times(frame[limits.column])
    keep = times.notna()
    if limits.start:
        start = pd.Timestamp(limits.start)
        keep &= times >= start if limits.include_boundary else times > start
    if limits.end:
        end = pd.Timestamp(limits.end)
        keep &= times <= end if limits.include_boundary else times < end
    kept: pd.DataFrame = frame[keep]
    return kept


def _times(series: pd.Series) -> pd.Series:
    """Return a column's times. Raises UserErrorException if it holds anything else."""
    if series.dtype.kind == "M":
        return parsed(series, ())[0]
    if series.dtype.kind != "O":
        raise _no_times(series, f"it holds {series.dtype}, not times")
    times, beyond = parsed(series, ())
    wrong = series.notna() & (series.astype(str).str.strip() != "") & times.isna() & ~beyond
    if wrong.any():
        raise _no_times(series, f"{series[wrong].iloc[0]!r} is no time")
    return times


def _no_times(series: pd.Series, what: str) -> UserErrorException:
    return UserErrorException(
        f"column {series.name!r} cannot be a timestamp: {what}",
        remedy="choose its type by set_column_types={...: DataType.to_datetime(...)}, or name another column",
    )
