"""The factories of datasets: ``Dataset.Tabular`` and ``Dataset.File``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ...data.partitions import partition_columns
from ...model.data import DatasetDefinition
from ..base.exceptions import UserErrorException
from ..base.refused import refusing
from ..base.session import current
from ..datastores.data_paths import DataPath
from .abstract_dataset import registered
from .file_dataset import FileDataset
from .paths import places_of
from .tabular import TabularDataset
from .types import DataType, encoding_checked, header_document, separator_checked, types_document

if TYPE_CHECKING:
    import pandas as pd

    from ..datastores.datastore import Datastore

ColumnTypes = Mapping[str, DataType]
_FRAME = "use register_pandas_dataframe, or write Parquet files and from_parquet_files"


class TabularDatasetFactory:
    """Factory of tabular datasets, as ``Dataset.Tabular``.

    A dataset is a definition: its rows are read when they are asked for.
    """

    @staticmethod
    def from_delimited_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        infer_column_types: bool = True,
        set_column_types: ColumnTypes | None = None,
        separator: str = ",",
        header: bool | int | str = True,
        partition_format: str | None = None,
        support_multi_line: bool = False,
        empty_as_string: bool = False,
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Define a dataset of rows in text files (CSV, TSV and the like).

        Example:
            >>> path = [(datastore, "sales/*.csv")]
            >>> sales = Dataset.Tabular.from_delimited_files(path, set_column_types={"zip": DataType.to_string()})
            >>> frame = sales.to_pandas_dataframe()

        Args:
            path: A tuple of a Datastore and a path on it, a DataPath, a DataReference, a web address (the file is
                copied to the default datastore), or a list of these. A folder stands for everything below it; ``*``
                matches within one name, ``**`` folders too.
            validate: True: it is an error if nothing lies there now. Default: True.
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            infer_column_types: True: columns of numbers, times and truth values are recognised. False: all are text.
                Default: True.
            set_column_types: The types of columns by name, for example ``DataType.to_long()``. None: as inferred.
            separator: The character between two fields. Default: ``","``.
            header: True: all files have the same header; False: none has one; or a PromoteHeadersBehavior or its name.
                Default: True.
            partition_format: Columns that the files' paths give, such as ``"/{region}/{day:yyyy/MM/dd}/data.csv"``.
                None: none.
            support_multi_line: Accepted as in v1: a line break in quotes always belongs to the value. Default: False.
            empty_as_string: True: an empty field is empty text, not a missing value. Default: False.
            encoding: ``"utf8"``, ``"iso88591"``, ``"latin1"``, ``"ascii"``, ``"utf16"``, ``"utf32"``, ``"utf8bom"``,
                ``"windows1252"``, or a name that Python knows. Default: utf8.

        Returns:
            The dataset.

        Raises:
            UserErrorException: Nothing lies at the path, or an argument is invalid.
            NotOffered: The path is an address of a storage that runner does not reach.

        """
        options = {
            "include_path": include_path,
            "infer_column_types": infer_column_types,
            "set_column_types": types_document(set_column_types),
            "separator": separator_checked(separator),
            "header": header_document(header),
            "partition_format": _formatted(partition_format),
            "support_multi_line": support_multi_line,
            "empty_as_string": empty_as_string,
            "encoding": encoding_checked(encoding),
        }
        return _tabular("delimited", path, options, validate=validate)

    @staticmethod
    def from_parquet_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: ColumnTypes | None = None,
        partition_format: str | None = None,
    ) -> TabularDataset:
        """Define a dataset of rows in Parquet files.

        Args:
            path: The files; see `from_delimited_files`.
            validate: True: it is an error if nothing lies there now. Default: True.
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            set_column_types: The types of columns by name. None: as in the files.
            partition_format: Columns that the files' paths give; see `from_delimited_files`. None: none.

        Returns:
            The dataset.

        Raises:
            UserErrorException: Nothing lies at the path, or an argument is invalid.

        """
        options = {
            "include_path": include_path,
            "set_column_types": types_document(set_column_types),
            "partition_format": _formatted(partition_format),
        }
        return _tabular("parquet", path, options, validate=validate)

    @staticmethod
    def from_json_lines_files(
        path: object,
        validate: bool = True,
        include_path: bool = False,
        set_column_types: ColumnTypes | None = None,
        partition_format: str | None = None,
        invalid_lines: str = "error",
        encoding: str = "utf8",
    ) -> TabularDataset:
        """Define a dataset of rows in files that have a JSON object on each line.

        Args:
            path: The files; see `from_delimited_files`.
            validate: True: it is an error if nothing lies there now. Default: True.
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            set_column_types: The types of columns by name. None: as in the files.
            partition_format: Columns that the files' paths give; see `from_delimited_files`. None: none.
            invalid_lines: ``"error"``, or ``"drop"`` to leave out lines that are no JSON object. Default: error.
            encoding: See `from_delimited_files`. Default: utf8.

        Returns:
            The dataset.

        Raises:
            UserErrorException: Nothing lies at the path, or an argument is invalid.

        """
        if invalid_lines not in ("error", "drop"):
            raise UserErrorException(f"invalid_lines is {invalid_lines!r}", remedy="it is 'error' or 'drop'")
        options = {
            "include_path": include_path,
            "set_column_types": types_document(set_column_types),
            "partition_format": _formatted(partition_format),
            "invalid_lines": invalid_lines,
            "encoding": encoding_checked(encoding),
        }
        return _tabular("json_lines", path, options, validate=validate)

    from_sql_query = staticmethod(
        refusing("Dataset.Tabular.from_sql_query", "it needs an Azure SQL datastore", "query in a step")
    )
    register_spark_dataframe = staticmethod(
        refusing("Dataset.Tabular.register_spark_dataframe", "there is no Spark session here", _FRAME)
    )
    register_dask_dataframe = staticmethod(
        refusing("Dataset.Tabular.register_dask_dataframe", "runner knows pandas alone", _FRAME)
    )

    @staticmethod
    def register_pandas_dataframe(
        dataframe: pd.DataFrame,
        target: Datastore | DataPath | tuple[Datastore, str],
        name: str,
        description: str | None = None,
        tags: Mapping[str, str] | None = None,
        show_progress: bool = True,
        row_group_size: int | None = None,
        make_target_path_unique: bool = True,
    ) -> TabularDataset:
        """Upload a data frame as a Parquet file and register it, as a new version if the name is known.

        Args:
            dataframe: The frame.
            target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.
            name: The dataset's name.
            description: Text for people. None: none.
            tags: Tags. None: none.
            show_progress: True: print a line. Default: True.
            row_group_size: Rows per row group of the file. None: pyarrow's default.
            make_target_path_unique: True: write to a new folder below `target`. Default: True.

        Returns:
            The registered dataset.

        Raises:
            UserErrorException: The target is invalid, or pyarrow is not installed.

        """
        from .frame_upload import upload_frame

        place = upload_frame(dataframe, target, unique=make_target_path_unique, row_group_size=row_group_size)
        if show_progress:
            print(f"wrote {len(dataframe)} rows to {place.datastore}/{place.path}")
        dataset = TabularDatasetFactory.from_parquet_files(place, validate=False)
        return registered(dataset, current(), name, description, tags, new_version=True)


class FileDatasetFactory:
    """Factory of file datasets, as ``Dataset.File``."""

    @staticmethod
    def from_files(
        path: object, validate: bool = True, partition_format: str | None = None, is_file: bool = False
    ) -> FileDataset:
        """Define a dataset of files as they are.

        Args:
            path: The files; see `Dataset.Tabular.from_delimited_files`. A folder stands for everything below it.
            validate: True: it is an error if nothing lies there now. Default: True.
            partition_format: Columns that the files' paths give, for `filter`. None: none.
            is_file: Accepted as in v1 and ignored.

        Returns:
            The dataset.

        Raises:
            UserErrorException: Nothing lies at the path, or an argument is invalid.

        """
        places = places_of(path, validate=validate)
        options = _chosen({"partition_format": _formatted(partition_format)})
        return FileDataset(DatasetDefinition(kind="file", paths=places, options=options))

    @staticmethod
    def upload_directory(
        src_dir: str,
        target: DataPath | tuple[Datastore, str],
        pattern: str | None = None,
        overwrite: bool = False,
        show_progress: bool = True,
    ) -> FileDataset:
        """Upload the files of a folder and define a dataset of them.

        Args:
            src_dir: The folder.
            target: A tuple of a Datastore and a path on it, or a DataPath.
            pattern: A pattern of the files to upload. None: all.
            overwrite: True: replace files that exist there. Default: False, they are an error.
            show_progress: True: print a line for each file. Default: True.

        Returns:
            The dataset.

        Raises:
            UserErrorException: There is no such folder or file, or a file exists at the target.

        """
        from .upload import upload_folder

        return FileDatasetFactory.from_files(upload_folder(src_dir, target, pattern, overwrite, show_progress))


def _tabular(form: str, path: object, options: Mapping[str, object], *, validate: bool) -> TabularDataset:
    return TabularDataset(
        DatasetDefinition(
            kind="tabular", paths=places_of(path, validate=validate), format=form, options=_chosen(options)
        )
    )


def _formatted(form: str | None) -> str | None:
    """Return the partition format. Raises UserErrorException if it names no column."""
    if form and not partition_columns(form):
        raise UserErrorException(
            f"partition_format {form!r} names no column", remedy="write it like '/{region}/{day:yyyy/MM/dd}/data.csv'"
        )
    return form


def _chosen(options: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in options.items() if value not in (None, {})}
