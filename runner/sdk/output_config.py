"""OutputFileDatasetConfig: an output that is a dataset from the start."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.data import DatasetDefinition, Mode, Transform
from ..override import override
from .caller import caller
from .dataset_types import DataType, PromoteHeadersBehavior, types_document
from .exceptions import NotOffered, UserErrorException
from .flow import Consumed, Output, Placeholder

if TYPE_CHECKING:
    from .datastore import Datastore

_unnamed = itertools.count(1)


class OutputDatasetConfig(Placeholder):
    """What file and tabular output configurations have alike; copies share one origin."""

    implicit = True
    writes = True

    def __init__(self, origin: Output, view: DatasetDefinition | None = None) -> None:
        self.where = caller()
        self.origin = origin
        self.view = view

    @property
    def name(self) -> str:
        """The output's name."""
        return self.origin.name

    def as_input(self, name: str | None = None) -> OutputDatasetInput:
        """An input of another step. Unnamed, it keeps the output's name, so that the step can be reused."""
        return OutputDatasetInput(self.origin, name or self.origin.name, view=self.view)

    def register_on_complete(
        self, name: str, description: str | None = None, tags: Mapping[str, str] | None = None
    ) -> OutputDatasetConfig:
        """Refuse: outputs are not registered by the run yet."""
        raise NotOffered(
            f"register_on_complete({name!r}) is not offered yet",
            remedy="download the output after the run and register it",
        )

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Standing in a step's inputs, it is read."""
        return self.as_input().consumed()

    @override
    def __str__(self) -> str:
        return f"DatasetOutputConfig:{self.name}"


class OutputFileDatasetConfig(OutputDatasetConfig):
    """A folder that a step writes. In the arguments it becomes a local path and counts as an output."""

    def __init__(
        self,
        name: str | None = None,
        destination: tuple[Datastore, str | None] | None = None,
        source: str | None = None,
        partition_format: str | None = None,
    ) -> None:
        label = name or f"output_{next(_unnamed)}"
        datastore, below = destination or (None, None)
        if below or source:
            raise NotOffered(
                f"output '{label}': destination paths and sources are not offered yet",
                remedy="give destination=(datastore, None): it lies below azureml/<step run id>/",
            )
        where = caller()
        super().__init__(Output(label, datastore.name if datastore else "", folder=True, where=where))
        self.partition_format = partition_format

    def as_mount(self, disable_metadata_cache: bool = False) -> OutputFileDatasetConfig:
        """Written in place."""
        return self._with(Mode.MOUNT)

    def as_upload(self, overwrite: bool = False, source_globs: object = None) -> OutputFileDatasetConfig:
        """Uploaded when the step has succeeded."""
        return self._with(Mode.UPLOAD)

    def read_delimited_files(
        self,
        include_path: bool = False,
        separator: str = ",",
        header: bool | int = PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputTabularDatasetConfig:
        """Its files as rows of text."""
        options = {
            "include_path": include_path,
            "separator": separator,
            "header": header if isinstance(header, bool) else int(header),
            "set_column_types": types_document(set_column_types),
        }
        return OutputTabularDatasetConfig(self.origin, DatasetDefinition("tabular", (), "delimited", options))

    def read_parquet_files(
        self,
        include_path: bool = False,
        partition_format: str | None = None,
        path_glob: str | None = None,
        set_column_types: Mapping[str, DataType] | None = None,
    ) -> OutputTabularDatasetConfig:
        """Its files as rows of Parquet."""
        options = {"include_path": include_path, "set_column_types": types_document(set_column_types)}
        return OutputTabularDatasetConfig(self.origin, DatasetDefinition("tabular", (), "parquet", options))

    def _with(self, mode: Mode) -> OutputFileDatasetConfig:
        # One origin for all copies: whoever consumes the original reads what a copy's step wrote.
        self.origin.mode = mode
        made = OutputFileDatasetConfig.__new__(OutputFileDatasetConfig)
        OutputDatasetConfig.__init__(made, self.origin)
        made.partition_format = self.partition_format
        return made


class OutputTabularDatasetConfig(OutputDatasetConfig):
    """An output whose files are read as rows."""

    def __init__(self, origin: Output, view: DatasetDefinition) -> None:
        super().__init__(origin, view)
        self._definition = view

    def keep_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """Only these columns."""
        return self._also("keep_columns", columns)

    def drop_columns(self, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        """All but these columns."""
        return self._also("drop_columns", columns)

    def _also(self, operation: str, columns: str | Sequence[str]) -> OutputTabularDatasetConfig:
        listed = [columns] if isinstance(columns, str) else list(columns)
        transforms = (*self._definition.transforms, Transform(operation, {"columns": listed}))
        return OutputTabularDatasetConfig(self.origin, replace(self._definition, transforms=transforms))


class OutputDatasetInput(Placeholder):
    """An output configuration read by another step: files at a path, or rows."""

    implicit = True
    reads = True

    def __init__(
        self, origin: Output, name: str, *, view: DatasetDefinition | None, mode: Mode = Mode.MOUNT, path: str = ""
    ) -> None:
        self.where = caller()
        self.origin = origin
        self.name = name
        self.view = view
        self.mode = mode
        self.path_on_compute = path

    def as_mount(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Present as files."""
        return self._at(Mode.MOUNT, path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Copied as files."""
        return self._at(Mode.DOWNLOAD, path_on_compute)

    def as_direct(self) -> OutputDatasetInput:
        """A dataset object in the step."""
        return self._at(Mode.DIRECT, None)

    @override
    def produced(self) -> Output:
        """The output it comes from."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Read under this name."""
        direct = self.view is not None or self.mode is Mode.DIRECT
        view = self.view or (DatasetDefinition("file", ()) if direct else None)
        return Consumed(self.name, self.origin, Mode.DIRECT if direct else self.mode, self.path_on_compute, view)

    def _at(self, mode: Mode, path: str | None) -> OutputDatasetInput:
        if self.view is not None and mode is not Mode.DIRECT:
            raise UserErrorException(f"input {self.name!r}: rows cannot be mounted or downloaded")
        return OutputDatasetInput(self.origin, self.name, view=self.view, mode=mode, path=path or "")

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"
