"""TabularDataset: rows in files, read where they are used."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from . import dataset_files as files
from .dataset_base import AbstractDataset
from .exceptions import DatasetTimestampMissingError, UserErrorException
from .expressions import Expression, field
from .partitions import partition_columns

if TYPE_CHECKING:
    import pandas as pd

    from .file_dataset import FileDataset


class TabularDataset(AbstractDataset):
    """A definition of rows; nothing is read before a frame is asked for."""

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> pd.DataFrame:
        """All rows as one frame; a value that does not fit its column's type becomes null."""
        from . import frames

        if self.staged is not None:
            return frames.read(self.definition, files.local_files(self.definition, self.staged))
        with tempfile.TemporaryDirectory(prefix="runner-") as folder:
            return frames.read(self.definition, files.fetch(self.definition, Path(folder)))

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> TabularDataset:
        """Only these columns."""
        return self.transformed("keep_columns", {"columns": _listed(columns)})

    def drop_columns(self, columns: str | Sequence[str]) -> TabularDataset:
        """All but these columns."""
        return self.transformed("drop_columns", {"columns": _listed(columns)})

    def filter(self, expression: Expression) -> TabularDataset:
        """Rows for which a condition like ``dataset['age'] > 30`` holds."""
        if not isinstance(expression, Expression):
            raise UserErrorException("filter takes a condition such as dataset['age'] > 30")
        return self.transformed("filter", {"expression": expression.tree})

    def __getitem__(self, column: str) -> Expression:
        return field(column)

    def with_timestamp_columns(
        self, timestamp: str | None = None, partition_timestamp: str | None = None, validate: bool = False
    ) -> TabularDataset:
        """Say which columns hold the time of a row."""
        named = {"timestamp": timestamp or "", "partition_timestamp": partition_timestamp or ""}
        return self.transformed("timestamps", named)

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The fine and the coarse time column."""
        for transform in reversed(self.definition.transforms):
            if transform.operation == "timestamps":
                fine, coarse = transform.arguments["timestamp"], transform.arguments["partition_timestamp"]
                return str(fine) if fine else None, str(coarse) if coarse else None
        return None, None

    @property
    def partition_keys(self) -> list[str]:
        """The columns that the files' paths give."""
        return partition_columns(self.definition.options.get("partition_format"))

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        """Rows up to a time."""
        return self._between(None, end_time, include_boundary)

    def time_after(self, start_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        """Rows from a time on."""
        return self._between(start_time, None, include_boundary)

    def time_between(
        self, start_time: datetime, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        """Rows of a span of time."""
        return self._between(start_time, end_time, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        """Rows of the last `time_delta`, counted from now."""
        return self._between(datetime.now(timezone.utc).replace(tzinfo=None) - time_delta, None, include_boundary)

    def to_csv_files(self, separator: str = ",") -> FileDataset:
        """Its files as a file dataset. Only for delimited text without operations."""
        return self._as_files("delimited", "to_csv_files")

    def to_parquet_files(self) -> FileDataset:
        """Its files as a file dataset. Only for Parquet without operations."""
        return self._as_files("parquet", "to_parquet_files")

    def _as_files(self, wanted: str, method: str) -> FileDataset:
        from ..model.data import DatasetDefinition
        from .file_dataset import FileDataset

        if self.definition.format != wanted or self.definition.transforms:
            raise UserErrorException(
                f"{method} works on unchanged {wanted} files only", remedy="write the frame's files in a step"
            )
        return FileDataset(DatasetDefinition("file", self.definition.paths), staged=self.staged)

    def _between(self, start: datetime | None, end: datetime | None, include_boundary: bool) -> TabularDataset:
        column = next((name for name in self.timestamp_columns if name), None)
        if column is None:
            raise DatasetTimestampMissingError(
                "the dataset has no timestamp column", remedy="call with_timestamp_columns(timestamp=...) first"
            )
        bounds = {"start": start.isoformat() if start else "", "end": end.isoformat() if end else ""}
        return self.transformed("time", {"column": column, **bounds, "include_boundary": include_boundary})


def _listed(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]
