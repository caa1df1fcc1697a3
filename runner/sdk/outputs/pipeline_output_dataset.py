"""``PipelineData.as_dataset()``: another step's output, read as a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ...model.data import DatasetDefinition, Mode
from ...model.step import RegisterAs
from ...model.transforms import DropColumns, KeepColumns
from ...override import override
from ..base.caller import caller
from ..base.exceptions import UserErrorException
from ..base.placeholders import Consumed, Output, Placeholder
from ..datasets.read_options import (
    ReadOptions,
    delimited_view,
    files_view,
    identified,
    parquet_view,
    split,
    with_columns,
)
from ..datasets.types import DataType, PromoteHeadersBehavior, listed_columns
from .output_dataset_config import registration

if TYPE_CHECKING:
    from .pipeline_data import PipelineData


class PipelineOutputFileDataset(Placeholder):
    """The files of another step's output, read as a dataset: the result of ``PipelineData.as_dataset()``.

    List it, or its PipelineData, in the outputs of the step that writes it.

    Args:
        pipeline_data: The output.
        name: The input's name. Default: empty, the name of the output.
        mode: The mode. Default: mounted if it is large.
        path_on_compute: The path in the step. Default: empty, a path is chosen.

    """

    implicit = True

    def __init__(
        self, pipeline_data: PipelineData, name: str = "", mode: Mode = Mode.AUTO, path_on_compute: str = ""
    ) -> None:
        self.where = caller()
        self.pipeline_data = pipeline_data
        self.input_name = name or pipeline_data.name
        self.mode = mode
        self.path_on_compute = path_on_compute

    @property
    def name(self) -> str:
        """The output's name."""
        return self.pipeline_data.name

    def as_named_input(self, name: str) -> PipelineOutputFileDataset:
        """Return the files as an input that the script finds as ``run.input_datasets[name]``.

        Args:
            name: The input's name.

        """
        return PipelineOutputFileDataset(self.pipeline_data, name, self.mode, self.path_on_compute)

    def as_mount(self, path_on_compute: str | None = None) -> PipelineOutputFileDataset:
        """Return the files as a mounted input.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.MOUNT, path_on_compute or "")

    def as_download(self, path_on_compute: str | None = None) -> PipelineOutputFileDataset:
        """Return the files as an input that is copied.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.DOWNLOAD, path_on_compute or "")

    def as_direct(self) -> PipelineOutputFileDataset:
        """Return the files as a FileDataset object in the step."""
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.DIRECT)

    def register(self, name: str, create_new_version: bool = True) -> PipelineOutputFileDataset:
        """Register the files as a dataset when their step has succeeded.

        Args:
            name: The dataset's name.
            create_new_version: True: a new version if the name is known. Default: True.

        """
        _register(self.pipeline_data, name, files_view(), create_new_version=create_new_version)
        return self

    def parse_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: bool | int = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        partition_format: str | None = None,
        file_extension: str | None = "",
        set_column_types: Mapping[str, DataType] | None = None,
        quoted_line_breaks: bool = False,
    ) -> PipelineOutputTabularDataset:
        """Return the files as rows of text.

        Args:
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            separator: The character between two fields. Default: ``","``.
            header: The files whose first line has column names; see PromoteHeadersBehavior. Default: all have the same.
            partition_format: The columns that the files' paths give. None: none.
            file_extension: The extension of the files to read. Default: ``.csv`` or ``.tsv`` by the separator, if there
                are such files; else all.
            set_column_types: The types of columns by name, for example ``DataType.to_long()``. None: none.
            quoted_line_breaks: Accepted as in v1: a line break in quotes always belongs to the value. Default: False.

        """
        reading = ReadOptions(
            include_path=include_path,
            partition_format=partition_format,
            path_glob=None,
            file_extension=file_extension or "",
            set_column_types=set_column_types,
        )
        view = delimited_view(reading, separator=separator, header=header, multi_line=quoted_line_breaks)
        return PipelineOutputTabularDataset(self, view)

    def parse_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        file_extension: str | None = ".parquet",
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> PipelineOutputTabularDataset:
        """Return the files as rows of Parquet.

        Args:
            include_path: True: a column ``Path`` has the path of the row's file. Default: False.
            partition_format: The columns that the files' paths give. None: none.
            file_extension: The extension of the files to read. Default: ``.parquet``, if there are such files; else
                all.
            set_column_types: The types of columns by name. None: as in the files.

        """
        default = file_extension in (".parquet", None)
        reading = ReadOptions(
            include_path=include_path,
            partition_format=partition_format,
            path_glob=None,
            file_extension="" if default else file_extension or "",
            set_column_types=set_column_types,
        )
        return PipelineOutputTabularDataset(self, parquet_view(reading))

    @override
    def produced(self) -> Output:
        """Return the output."""
        return self.pipeline_data.origin

    @override
    def consumed(self) -> Consumed:
        """Return the files as an input."""
        view = identified(files_view(), self.input_name) if self.mode is Mode.DIRECT else files_view()
        return Consumed(
            name=self.input_name,
            origin=self.pipeline_data.origin,
            mode=self.mode,
            path_on_compute=self.path_on_compute,
            view=view,
        )

    @override
    def __repr__(self) -> str:
        return f"PipelineOutputFileDataset({self.input_name!r}, {self.mode.shown.value!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.input_name}"


class PipelineOutputTabularDataset(Placeholder):
    """The rows of another step's output.

    Args:
        source: The files.
        definition: The way in which they are read.
        name: The input's name. Default: empty, that of the files.

    """

    implicit = True

    def __init__(self, source: PipelineOutputFileDataset, definition: DatasetDefinition, name: str = "") -> None:
        self.where = caller()
        self.source = source
        self.definition = definition
        self.input_name = name or source.input_name

    @property
    def name(self) -> str:
        """The output's name."""
        return self.source.name

    def as_named_input(self, name: str) -> PipelineOutputTabularDataset:
        """Return the rows as an input that the script finds as ``run.input_datasets[name]``.

        Args:
            name: The input's name.

        """
        return PipelineOutputTabularDataset(self.source, self.definition, name)

    def keep_columns(self, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        """Return the rows with only these columns.

        Args:
            columns: A name, or a list of names.

        """
        return self._read_as(with_columns(self.definition, KeepColumns(listed_columns(columns))))

    def drop_columns(self, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        """Return the rows without these columns.

        Args:
            columns: A name, or a list of names.

        """
        return self._read_as(with_columns(self.definition, DropColumns(listed_columns(columns))))

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[PipelineOutputTabularDataset, PipelineOutputTabularDataset]:
        """Return two parts of the output that share no row. As inputs of one step, each needs its own name.

        Args:
            percentage: The share of the first part, from 0 to 1.
            seed: The seed of the choice. None: a random one.

        """
        first, rest = split(self.definition, percentage, seed)
        return self._read_as(first), self._read_as(rest)

    def register(self, name: str, create_new_version: bool = True) -> PipelineOutputTabularDataset:
        """Register the rows as a dataset when their step has succeeded.

        Args:
            name: The dataset's name.
            create_new_version: True: a new version if the name is known. Default: True.

        """
        _register(self.source.pipeline_data, name, self.definition, create_new_version=create_new_version)
        return self

    @override
    def produced(self) -> Output:
        """Return the output."""
        return self.source.produced()

    @override
    def consumed(self) -> Consumed:
        """Return the rows as a TabularDataset object in the step."""
        view = identified(self.definition, self.input_name)
        return Consumed(
            name=self.input_name, origin=self.source.produced(), mode=Mode.DIRECT, path_on_compute="", view=view
        )

    def _read_as(self, definition: DatasetDefinition) -> PipelineOutputTabularDataset:
        return PipelineOutputTabularDataset(self.source, definition, self.input_name)

    @override
    def __repr__(self) -> str:
        return f"PipelineOutputTabularDataset({self.input_name!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.input_name}"


def _register(data: PipelineData, name: str, view: DatasetDefinition, *, create_new_version: bool) -> None:
    if not name:
        raise UserErrorException(f"output '{data.name}': register needs a name", where=caller())
    registration(data.origin, RegisterAs(name=name, view=view, new_version=create_new_version))
