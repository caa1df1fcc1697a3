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


_TIMESTAMPS = ("timestamp", "partition_timestamp")
_SERVICE = "it needs an Azure service"
_DESCRIBE = "use dataset.to_pandas_dataframe().describe()"
_CONVERT = "convert dataset.to_pandas_dataframe(), or read the files of dataset.to_parquet_files()"


class TabularDataset(AbstractDataset):
    """A definition of rows; nothing is read before a frame is asked for."""

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> pd.DataFrame:
        """Read all rows as one frame. As in v1, the timestamp column, if there is one, is the frame's index too.

        Args:
            on_error: ``null``: a value that does not fit its column's type becomes null; ``fail``: it is an error.
            out_of_range_datetime: The same for times beyond 1677 to 2262.

        Raises:
            UserErrorException: A file cannot be read, or a value does not fit.

        """
        from . import frames
        from .frames.types import Strictness

        strictness = Strictness(
            fail=_fails("on_error", on_error),
            fail_out_of_range=_fails("out_of_range_datetime", out_of_range_datetime),
        )
        with self.files().at_hand() as files:
            frame = frames.read(self.definition, files, strictness)
        if self.timestamp_column in frame.columns and len(frame):
            frame = frame.set_index(self.timestamp_column, drop=False).rename_axis(None)
        return frame

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
        """Choose the columns that hold the time of a row.

        Args:
            timestamp: The column with the exact time; the time filters use it. None takes the choice back.
            partition_timestamp: A column with the same times, rounded, that the files' paths give.
            validate: Read the data now to check that both columns hold times.
            older: The two columns under v1's first names, ``fine_grain_timestamp`` and ``coarse_grain_timestamp``.

        Raises:
            UserErrorException: There is a `partition_timestamp` without a `timestamp`, both are the same column,
                or both generations of names are used.

        """
        fine, coarse = older.get("fine_grain_timestamp"), older.get("coarse_grain_timestamp")
        names = ("fine_grain_timestamp", "coarse_grain_timestamp") if fine or coarse else _TIMESTAMPS
        if (fine or coarse) and (timestamp or partition_timestamp):
            raise UserErrorException(
                "timestamp and partition_timestamp cannot be used together with their older names",
                remedy="leave out fine_grain_timestamp and coarse_grain_timestamp",
            )
        fine, coarse = fine or timestamp or "", coarse or partition_timestamp or ""
        if coarse and not fine:
            raise UserErrorException(
                f"{names[1]} is {coarse!r} without a {names[0]}",
                remedy=f"give the column of the exact time as {names[0]}",
            )
        if coarse and coarse == fine:
            raise UserErrorException(f"{names[0]} and {names[1]} are both {fine!r}", remedy=f"leave out {names[1]}")
        timed = self.transformed("timestamps", {"timestamp": fine, "partition_timestamp": coarse})
        if validate:
            checked = timed
            for column in filter(None, (fine, coarse)):
                checked = checked.transformed("time", {"column": column})
            checked.to_pandas_dataframe()
        return timed

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The fine and the coarse time column; None once it was dropped.

        Without the fine one there is no coarse one.
        """
        fine, coarse = "", ""
        for transform in self.definition.transforms:
            given = transform.arguments
            if transform.operation == "timestamps":
                fine, coarse = str(given["timestamp"]), str(given["partition_timestamp"])
            elif transform.operation in ("keep_columns", "drop_columns"):
                fine, coarse = _left(fine, transform), _left(coarse, transform)
        return fine or None, (coarse or None) if fine else None

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

        The paths give the keys: text or times, as the first columns. It is registered if `name` is given.
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
        column = self.timestamp_column
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
