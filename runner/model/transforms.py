"""The operations of a dataset: one type each. They are applied, in order, where the data are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Union

from ..dataclass import dataclass


@dataclass(frozen=True)
class KeepColumns:
    """Keep these columns of the rows."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class DropColumns:
    """Leave out these columns of the rows."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Take:
    """Keep the first rows or files."""

    count: int

    def keeps(self, index: int) -> bool:
        """Return True if the row or file at an index, from 0, is kept."""
        return index < self.count


@dataclass(frozen=True)
class Skip:
    """Leave out the first rows or files."""

    count: int

    def keeps(self, index: int) -> bool:
        """Return True if the row or file at an index, from 0, is kept."""
        return index >= self.count


@dataclass(frozen=True)
class Sample:
    """Keep a random part of the rows or files: those whose number, drawn from [0, 1), is in [low, high)."""

    low: float
    high: float
    seed: int

    def keeps(self, index: int) -> bool:
        """Return True if the row or file at an index, from 0, is kept."""
        return self.low <= chance(self.seed, index) < self.high


@dataclass(frozen=True)
class Filter:
    """Keep the rows or files for which a condition holds."""

    expression: object
    """Nested lists of an operator and its operands, such as ``["gt", ["field", "age"], 30]``."""


@dataclass(frozen=True)
class TimestampColumns:
    """Name the columns that have the time of a row. Empty: there is none."""

    timestamp: str = ""
    partition_timestamp: str = ""


@dataclass(frozen=True)
class TimeRange:
    """Keep the rows whose time lies between two."""

    column: str
    start: str = ""
    """ISO 8601, in UTC without a zone. Empty: no limit."""
    end: str = ""
    include_boundary: bool = True


Transform = Union[KeepColumns, DropColumns, Take, Skip, Sample, Filter, TimestampColumns, TimeRange]

OPERATIONS: Mapping[str, type[Transform]] = {
    "keep_columns": KeepColumns,
    "drop_columns": DropColumns,
    "take": Take,
    "skip": Skip,
    "sample": Sample,
    "filter": Filter,
    "timestamps": TimestampColumns,
    "time": TimeRange,
}
"""The types by the names that pipeline files use."""


def operation_of(transform: Transform) -> str:
    """Return the name of an operation in pipeline files."""
    return next(name for name, shape in OPERATIONS.items() if type(transform) is shape)


def chance(seed: int, index: int) -> float:
    """Return a number in [0, 1) for a row or file, the same wherever it is asked for."""
    import hashlib

    drawn = hashlib.sha256(f"{seed}:{index}".encode()).digest()
    return int.from_bytes(drawn[:7], "big") / (1 << 56)
