"""``PipelineData.as_dataset()``: another step's output, read as a dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.data import DatasetDefinition, Mode, Transform
from ..override import override
from .caller import caller
from .dataset_types import DataType, PromoteHeadersBehavior, types_document
from .exceptions import NotOffered
from .flow import Consumed, Output, Placeholder

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
        """Refuse: outputs are not registered by the run yet."""
        raise _unregistered(name)

    def parse_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: bool | int = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        partition_format: str | None = None,
        file_extension: str = "",
        set_column_types: Mapping[str, DataType] | None = None,
        quoted_line_breaks: bool = False,
    ) -> PipelineOutputTabularDataset:
        """Its files as rows of text."""
        options = {
            "include_path": include_path,
            "separator": separator,
            "header": header if isinstance(header, bool) else int(header),
            "partition_format": partition_format or "",
            "set_column_types": types_document(set_column_types),
        }
        return PipelineOutputTabularDataset(self, DatasetDefinition("tabular", (), "delimited", options))

    def parse_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        file_extension: str = ".parquet",
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> PipelineOutputTabularDataset:
        """Its files as rows of Parquet."""
        options = {
            "include_path": include_path,
            "partition_format": partition_format or "",
            "set_column_types": types_document(set_column_types),
        }
        return PipelineOutputTabularDataset(self, DatasetDefinition("tabular", (), "parquet", options))

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.pipeline_data.origin

    @override
    def consumed(self) -> Consumed:
        """Files of the output."""
        view = DatasetDefinition("file", ()) if self.mode is Mode.DIRECT else None
        return Consumed(self.input_name, self.pipeline_data.origin, self.mode, self.path_on_compute, view)

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
        return self._with("keep_columns", columns)

    def drop_columns(self, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        """All but these columns."""
        return self._with("drop_columns", columns)

    def register(self, name: str, create_new_version: bool = True) -> PipelineOutputTabularDataset:
        """Refuse: outputs are not registered by the run yet."""
        raise _unregistered(name)

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.source.produced()

    @override
    def consumed(self) -> Consumed:
        """Rows of the output, as a TabularDataset object in the step."""
        return Consumed(self.input_name, self.source.produced(), Mode.DIRECT, "", self.definition)

    def _with(self, operation: str, columns: str | Sequence[str]) -> PipelineOutputTabularDataset:
        listed = [columns] if isinstance(columns, str) else list(columns)
        transforms = (*self.definition.transforms, Transform(operation, {"columns": listed}))
        return PipelineOutputTabularDataset(
            self.source, replace(self.definition, transforms=transforms), self.input_name
        )

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.input_name}"


def _unregistered(name: str) -> NotOffered:
    return NotOffered(
        f"an output cannot be registered as dataset {name!r} by the run",
        remedy="download the output after the run and register it, or register it in a step's driver",
    )
