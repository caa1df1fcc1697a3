"""A tabular dataset's operations on a frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ...data.selection import chance
from ...model.data import Transform
from ..exceptions import UserErrorException
from .conditions import evaluate
from .times import parsed

if TYPE_CHECKING:
    import pandas as pd

Arguments = Mapping[str, object]


def apply(frame: pd.DataFrame, transform: Transform) -> pd.DataFrame:
    """The frame after one operation. Raises UserErrorException."""
    left: pd.DataFrame = _OPERATIONS[transform.operation](frame, transform.arguments).reset_index(drop=True)
    return left


def _columns(arguments: Arguments) -> list[str]:
    columns = arguments["columns"]
    return [str(column) for column in columns] if isinstance(columns, (list, tuple)) else [str(columns)]


def _keep(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    wanted = _columns(arguments)
    _check_columns(frame, wanted)
    kept: pd.DataFrame = frame[[column for column in frame.columns if column in set(wanted)]]
    return kept


def _drop(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    kept: pd.DataFrame = frame.drop(columns=[column for column in _columns(arguments) if column in frame.columns])
    return kept


def _check_columns(frame: pd.DataFrame, wanted: Sequence[str]) -> None:
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise UserErrorException(f"there is no column {missing[0]!r}; columns: {', '.join(map(str, frame.columns))}")


def _take(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    kept: pd.DataFrame = frame.iloc[: int(str(arguments["count"]))]
    return kept


def _skip(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    kept: pd.DataFrame = frame.iloc[int(str(arguments["count"])) :]
    return kept


def _sample(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    low, high = float(str(arguments["low"])), float(str(arguments["high"]))
    seed = int(str(arguments["seed"]))
    kept: pd.DataFrame = frame[[low <= chance(seed, index) < high for index in range(len(frame))]]
    return kept


def _filter(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    truth = evaluate(arguments["expression"], frame).astype("boolean").fillna(value=False).astype(bool)
    kept: pd.DataFrame = frame[truth]
    return kept


def _between(frame: pd.DataFrame, arguments: Arguments) -> pd.DataFrame:
    import pandas as pd

    column = str(arguments["column"])
    _check_columns(frame, [column])
    times = _times(frame[column])
    keep = times.notna()
    closed = bool(arguments.get("include_boundary", True))
    if arguments.get("start"):
        start = pd.Timestamp(str(arguments["start"]))
        keep &= times >= start if closed else times > start
    if arguments.get("end"):
        end = pd.Timestamp(str(arguments["end"]))
        keep &= times <= end if closed else times < end
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


def _same(frame: pd.DataFrame, _arguments: Arguments) -> pd.DataFrame:
    return frame


_OPERATIONS: Mapping[str, Callable[[pd.DataFrame, Arguments], pd.DataFrame]] = {
    "keep_columns": _keep,
    "drop_columns": _drop,
    "take": _take,
    "skip": _skip,
    "sample": _sample,
    "filter": _filter,
    "timestamps": _same,
    "time": _between,
}
