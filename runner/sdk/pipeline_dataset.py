"""``PipelineData.as_dataset()``: another step's output, read as a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..model.data import DatasetDefinition, Mode
from ..model.step import RegisterAs
from ..override import override
from .caller import caller
from .dataset_types import DataType, PromoteHeadersBehavior
from .exceptions import UserErrorException
from .flow import Consumed, Output, Placeholder
from .output_config import registration
from .views import Reading, delimited_view, files_view, identified, parquet_view, split, with_columns

if TYPE_CHECKING:
    from .pipeline_data import PipelineData


class PipelineOutputFileDataset(Placeholder):
    """The files of an output. List it, or its PipelineData, in the producer's outputs."""

    implicit = True

    def __init__(
        self, pipeline_data: PipelineData, name: str = "", mode: Mode = Mode.MOUNT, path_on_compute: str = ""
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
        """The same, found as ``run.input_datasets[name]``."""
        return PipelineOutputFileDataset(self.pipeline_data, name, self.mode, self.path_on_compute)

    def as_mount(self, path_on_compute: str | None = None) -> PipelineOutputFileDataset:
        """Present as files."""
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.MOUNT, path_on_compute or "")

    def as_download(self, path_on_compute: str | None = None) -> PipelineOutputFileDataset:
        """Copied as files."""
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.DOWNLOAD, path_on_compute or "")

    def as_direct(self) -> PipelineOutputFileDataset:
        """A FileDataset object in the step."""
        return PipelineOutputFileDataset(self.pipeline_data, self.input_name, Mode.DIRECT)

    def register(self, name: str, create_new_version: bool = True) -> PipelineOutputFileDataset:
        """Have the files registered as a dataset once their step has succeeded."""
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
        """Its files as rows of text.

        Those with the extension are read; unsaid it is ``.csv`` or ``.tsv`` by the separator, if there are any such.
        """
        reading = Reading(include_path, partition_format, None, file_extension or "", set_column_types)
        view = delimited_view(reading, separator=separator, header=header, multi_line=quoted_line_breaks)
        return PipelineOutputTabularDataset(self, view)

    def parse_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        file_extension: str | None = ".parquet",
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> PipelineOutputTabularDataset:
        """Its files, those with the extension if there are any, as rows of Parquet."""
        unsaid = file_extension in (".parquet", None)
        reading = Reading(
            include_path, partition_format, None, "" if unsaid else file_extension or "", set_column_types
        )
        return PipelineOutputTabularDataset(self, parquet_view(reading))

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.pipeline_data.origin

    @override
    def consumed(self) -> Consumed:
        """Files of the output."""
        view = identified(files_view(), self.input_name) if self.mode is Mode.DIRECT else files_view()
        return Consumed(self.input_name, self.pipeline_data.origin, self.mode, self.path_on_compute, view)

    @override
    def __repr__(self) -> str:
        return f"PipelineOutputFileDataset({self.input_name!r}, {self.mode.value!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.input_name}"


class PipelineOutputTabularDataset(Placeholder):
    """The rows of an output."""

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
        """The same, found as ``run.input_datasets[name]``."""
        return PipelineOutputTabularDataset(self.source, self.definition, name)

    def keep_columns(self, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        """Only these columns."""
        return self._read_as(with_columns(self.definition, "keep_columns", columns))

    def drop_columns(self, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        """All but these columns."""
        return self._read_as(with_columns(self.definition, "drop_columns", columns))

    def random_split(
        self, percentage: float, seed: int | None = None
    ) -> tuple[PipelineOutputTabularDataset, PipelineOutputTabularDataset]:
        """Two of the same output that share no row; name them where both are inputs of one step."""
        first, rest = split(self.definition, percentage, seed)
        return self._read_as(first), self._read_as(rest)

    def register(self, name: str, create_new_version: bool = True) -> PipelineOutputTabularDataset:
        """Have the rows registered as a dataset once their step has succeeded."""
        _register(self.source.pipeline_data, name, self.definition, create_new_version=create_new_version)
        return self

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.source.produced()

    @override
    def consumed(self) -> Consumed:
        """Rows of the output, as a TabularDataset object in the step."""
        view = identified(self.definition, self.input_name)
        return Consumed(self.input_name, self.source.produced(), Mode.DIRECT, "", view)

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
    registration(data.origin, RegisterAs(name, view=view, new_version=create_new_version))
