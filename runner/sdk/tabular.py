"""TabularDataset: rows in files, read where they are used."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ..model.data import Transform
from .dataset_base import AbstractDataset
from .exceptions import DatasetTimestampMissingError, UserErrorException
from .expressions import Expression, field
from .refused import refusing

if TYPE_CHECKING:
    import pandas as pd

    from .file_dataset import FileDataset


_SERVICE = "it needs an Azure service"
_DESCRIBE = "use dataset.to_pandas_dataframe().describe()"
_CONVERT = "convert dataset.to_pandas_dataframe(), or read the files of dataset.to_parquet_files()"


class TabularDataset(AbstractDataset):
    """A definition of rows; nothing is read before a frame is asked for."""

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> pd.DataFrame:
        """All rows as one frame; a value that does not fit its column's type becomes null."""
        from . import frames
        from .frames.types import Strictness

        strictness = Strictness(
            fail=_fails("on_error", on_error),
            fail_out_of_range=_fails("out_of_range_datetime", out_of_range_datetime),
        )
        with self.files().at_hand() as files:
            return frames.read(self.definition, files, strictness)

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> TabularDataset:
        """Only these columns. With `validate` they are looked for now."""
        kept = self.transformed("keep_columns", {"columns": _listed(columns)})
        if validate:
            kept.take(1).to_pandas_dataframe()
        return kept

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
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **older: str | None,
    ) -> TabularDataset:
        """Say which columns hold the time of a row; no column takes that away again.

        `older` are the two columns under v1's first names: ``fine_grain_timestamp``, ``coarse_grain_timestamp``.
        """
        fine = timestamp or older.get("fine_grain_timestamp") or ""
        coarse = partition_timestamp or older.get("coarse_grain_timestamp") or ""
        timed = self.transformed("timestamps", {"timestamp": fine, "partition_timestamp": coarse})
        if validate:
            timed.keep_columns([column for column in (fine, coarse) if column]).take(1).to_pandas_dataframe()
        return timed

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The fine and the coarse time column; None once it was dropped."""
        fine, coarse = "", ""
        for transform in self.definition.transforms:
            given = transform.arguments
            if transform.operation == "timestamps":
                fine, coarse = str(given["timestamp"]), str(given["partition_timestamp"])
            elif transform.operation in ("keep_columns", "drop_columns"):
                fine, coarse = _left(fine, transform), _left(coarse, transform)
        return fine or None, coarse or None

    @property
    def timestamp_column(self) -> str | None:
        """The fine time column."""
        return self.timestamp_columns[0]

    @property
    def partition_timestamp_column(self) -> str | None:
        """The coarse time column."""
        return self.timestamp_columns[1]

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
        """Its rows as a dataset of delimited files.

        Unchanged delimited files with that separator are taken as they are; else the rows are read and written now,
        to ``dataset/converted/`` of the default datastore.
        """
        from .converted import as_files

        return as_files(self, "delimited", separator)

    def to_parquet_files(self) -> FileDataset:
        """Its rows as a dataset of Parquet files; see `to_csv_files`."""
        from .converted import as_files

        return as_files(self, "parquet")

    def partition_by(
        self,
        partition_keys: Sequence[str],
        target: object,
        name: str | None = None,
        show_progress: bool = True,
        partition_as_file_dataset: bool = False,
    ) -> TabularDataset | FileDataset:
        """Write the rows below `target`, a folder per combination of the keys' values, and make a dataset of that.

        The keys come out of the paths: as text (or times), as the last columns. It is registered if `name` is given.
        """
        from .converted import partitioned

        made = partitioned(self, partition_keys, target, show=show_progress, as_files=partition_as_file_dataset)
        if name is None:
            return made
        from .frame_upload import workspace_of

        return made.register(workspace_of(target), name, create_new_version=True)

    get_profile = refusing("TabularDataset.get_profile", _SERVICE, _DESCRIBE)
    get_profile_runs = refusing("TabularDataset.get_profile_runs", _SERVICE, _DESCRIBE)
    submit_profile_run = refusing("TabularDataset.submit_profile_run", _SERVICE, _DESCRIBE)
    to_spark_dataframe = refusing("TabularDataset.to_spark_dataframe", "there is no Spark session here", _CONVERT)
    to_dask_dataframe = refusing("TabularDataset.to_dask_dataframe", "runner knows pandas alone", _CONVERT)

    def _between(self, start: datetime | None, end: datetime | None, include_boundary: bool) -> TabularDataset:
        column = next((name for name in self.timestamp_columns if name), None)
        if column is None:
            raise DatasetTimestampMissingError(
                "the dataset has no timestamp column", remedy="call with_timestamp_columns(timestamp=...) first"
            )
        bounds = {"start": _naive(start), "end": _naive(end)}
        return self.transformed("time", {"column": column, **bounds, "include_boundary": include_boundary})


def _naive(moment: datetime | None) -> str:
    """A time as columns have it: UTC without a zone."""
    if moment is None:
        return ""
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment.isoformat()


def _left(column: str, transform: Transform) -> str:
    named = transform.arguments["columns"]
    among = isinstance(named, (list, tuple)) and column in named
    return column if among is (transform.operation == "keep_columns") else ""


def _fails(argument: str, value: str) -> bool:
    if value not in ("null", "fail"):
        raise UserErrorException(f"{argument} is {value!r}", remedy="it is 'null' or 'fail'")
    return value == "fail"


def _listed(columns: str | Sequence[str]) -> list[str]:
    return [columns] if isinstance(columns, str) else [str(column) for column in columns]
