"""TabularDataset: rows in files, which are read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...data.selection import rows_needed
from ...model.transforms import DropColumns, Filter, KeepColumns, TimeRange, TimestampColumns
from ..base.exceptions import DatasetTimestampMissingError, UserErrorException
from ..base.refused import refusing
from ..base.session import current
from .abstract_dataset import AbstractDataset, registered
from .expressions import Expression, field
from .types import listed_columns

if TYPE_CHECKING:
    import pandas as pd

    from .file_dataset import FileDataset


_TIMESTAMPS = ("timestamp", "partition_timestamp")
_SERVICE = "it needs an Azure service"
_DESCRIBE = "use dataset.to_pandas_dataframe().describe()"
_CONVERT = "convert dataset.to_pandas_dataframe(), or read the files of dataset.to_parquet_files()"


class TabularDataset(AbstractDataset):
    """A dataset of rows. Nothing is read before a frame is asked for.

    Example:
        >>> adults = dataset.filter(dataset["age"] >= 18).keep_columns(["age", "income"])
        >>> frame = adults.to_pandas_dataframe()

    """

    def to_pandas_dataframe(self, on_error: str = "null", out_of_range_datetime: str = "null") -> pd.DataFrame:
        """Return all rows as one data frame. As in v1, the timestamp column, if there is one, is the frame's index too.

        Args:
            on_error: ``"null"``: a value that does not fit its column's type becomes null; ``"fail"``: it is an error.
                Default: null.
            out_of_range_datetime: The same for times beyond 1677 to 2262. Default: null.

        Raises:
            UserErrorException: A file cannot be read, or a value does not fit.

        """
        from . import frames
        from .frames.types import Strictness

        strictness = Strictness(
            fail=_fails("on_error", on_error),
            fail_out_of_range=_fails("out_of_range_datetime", out_of_range_datetime),
        )
        rows = rows_needed(self.definition)
        with self.files().needed().at_hand(one_by_one=rows is not None) as files:
            frame = frames.read(self.definition, files, strictness, rows)
        if self.timestamp_column in frame.columns and len(frame):
            frame = frame.set_index(self.timestamp_column, drop=False).rename_axis(None)
        return frame

    def keep_columns(self, columns: str | Sequence[str], validate: bool = False) -> TabularDataset:
        """Return the rows with only these columns.

        Args:
            columns: A name, or a list of names.
            validate: True: look for the columns in the data now. Default: False.

        """
        kept = self.transformed(KeepColumns(listed_columns(columns)))
        if validate:
            kept.take(1).to_pandas_dataframe()
        return kept

    def drop_columns(self, columns: str | Sequence[str]) -> TabularDataset:
        """Return the rows without these columns.

        Args:
            columns: A name, or a list of names.

        """
        return self.transformed(DropColumns(listed_columns(columns)))

    def filter(self, expression: Expression) -> TabularDataset:
        """Return the rows for which a condition holds.

        Args:
            expression: A condition such as ``dataset["age"] > 30``; ``&``, ``|`` and ``~`` combine conditions.

        Raises:
            UserErrorException: It is no condition.

        """
        if not isinstance(expression, Expression):
            raise UserErrorException("filter takes a condition such as dataset['age'] > 30")
        return self.transformed(Filter(expression.tree))

    def __getitem__(self, column: str) -> Expression:
        return field(column)

    def with_timestamp_columns(
        self,
        timestamp: str | None = None,
        partition_timestamp: str | None = None,
        validate: bool = False,
        **older: str | None,
    ) -> TabularDataset:
        """Return the dataset with the columns that have the time of a row.

        Args:
            timestamp: The column with the exact time; the time filters use it. None: no such column any more.
            partition_timestamp: A column with the same times, rounded, that the files' paths give. None: none.
            validate: True: read the data now to check that both columns have times. Default: False.
            **older: The two columns under v1's first names, ``fine_grain_timestamp`` and ``coarse_grain_timestamp``.

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
        timed = self.transformed(TimestampColumns(fine, coarse))
        if validate:
            checked = timed
            for column in filter(None, (fine, coarse)):
                checked = checked.transformed(TimeRange(column))
            checked.to_pandas_dataframe()
        return timed

    @property
    def timestamp_columns(self) -> tuple[str | None, str | None]:
        """The exact and the rounded time column; None for one that is not set or was dropped.

        Without the exact one there is no rounded one.
        """
        fine, coarse = "", ""
        for transform in self.definition.transforms:
            if isinstance(transform, TimestampColumns):
                fine, coarse = transform.timestamp, transform.partition_timestamp
            elif isinstance(transform, KeepColumns):
                fine, coarse = (column if column in transform.columns else "" for column in (fine, coarse))
            elif isinstance(transform, DropColumns):
                fine, coarse = ("" if column in transform.columns else column for column in (fine, coarse))
        return fine or None, (coarse or None) if fine else None

    @property
    def timestamp_column(self) -> str | None:
        """The column with the exact time, or None."""
        return self.timestamp_columns[0]

    @property
    def partition_timestamp_column(self) -> str | None:
        """The column with the rounded time, or None."""
        return self.timestamp_columns[1]

    def time_before(self, end_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        """Return the rows up to a time.

        Args:
            end_time: The last time; without a zone it is UTC.
            include_boundary: True: rows of exactly that time belong to them. Default: True.
            validate: Accepted as in v1 and ignored.

        Raises:
            DatasetTimestampMissingError: The dataset has no timestamp column.

        """
        return self._between(None, end_time, include_boundary)

    def time_after(self, start_time: datetime, include_boundary: bool = True, validate: bool = True) -> TabularDataset:
        """Return the rows from a time on.

        Args:
            start_time: The first time; without a zone it is UTC.
            include_boundary: True: rows of exactly that time belong to them. Default: True.
            validate: Accepted as in v1 and ignored.

        Raises:
            DatasetTimestampMissingError: The dataset has no timestamp column.

        """
        return self._between(start_time, None, include_boundary)

    def time_between(
        self, start_time: datetime, end_time: datetime, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        """Return the rows of a span of time.

        Args:
            start_time: The first time; without a zone it is UTC.
            end_time: The last time; without a zone it is UTC.
            include_boundary: True: rows of exactly these times belong to them. Default: True.
            validate: Accepted as in v1 and ignored.

        Raises:
            DatasetTimestampMissingError: The dataset has no timestamp column.

        """
        return self._between(start_time, end_time, include_boundary)

    def time_recent(
        self, time_delta: timedelta, include_boundary: bool = True, validate: bool = True
    ) -> TabularDataset:
        """Return the rows of the time before now.

        Args:
            time_delta: The length of that time.
            include_boundary: True: rows of exactly its beginning belong to them. Default: True.
            validate: Accepted as in v1 and ignored.

        Raises:
            DatasetTimestampMissingError: The dataset has no timestamp column.

        """
        return self._between(datetime.now(timezone.utc).replace(tzinfo=None) - time_delta, None, include_boundary)

    def to_csv_files(self, separator: str = ",") -> FileDataset:
        """Return the rows as a dataset of delimited files.

        Delimited files with that separator are taken as they are if nothing changes their rows. Otherwise the rows are
        read and written now, to ``dataset/converted/`` of the default datastore.

        Args:
            separator: The character between two fields. Default: ``","``.

        """
        from .conversion import as_files

        return as_files(self, "delimited", separator)

    def to_parquet_files(self) -> FileDataset:
        """Return the rows as a dataset of Parquet files; see `to_csv_files`."""
        from .conversion import as_files

        return as_files(self, "parquet")

    def partition_by(
        self,
        partition_keys: Sequence[str],
        target: object,
        name: str | None = None,
        show_progress: bool = True,
        partition_as_file_dataset: bool = False,
    ) -> TabularDataset | FileDataset:
        """Write the rows to a new folder, one folder per combination of the keys' values, and define a dataset of it.

        The paths give the keys: text or times, as the first columns.

        Args:
            partition_keys: The columns.
            target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.
            name: The name to register the dataset with. None: it is not registered.
            show_progress: True: print a line. Default: True.
            partition_as_file_dataset: True: return a FileDataset. Default: False.

        Returns:
            The dataset of what was written.

        """
        from .conversion import partitioned

        made = partitioned(self, partition_keys, target, show=show_progress, as_files=partition_as_file_dataset)
        if name is None:
            return made
        return registered(made, current(), name, new_version=True)

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
        return self.transformed(TimeRange(column, _naive(start), _naive(end), bool(include_boundary)))


def _naive(moment: datetime | None) -> str:
    """Return a time as columns have it: UTC without a zone."""
    if moment is None:
        return ""
    if moment.tzinfo is not None:
        moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
    return moment.isoformat()


def _fails(argument: str, value: str) -> bool:
    if value not in ("null", "fail"):
        raise UserErrorException(f"{argument} is {value!r}", remedy="it is 'null' or 'fail'")
    return value == "fail"
