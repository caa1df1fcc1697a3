"""PipelineData: what one step writes and others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Problem
from ..model.data import Mode
from ..override import override
from .caller import caller
from .data import reading_mode
from .exceptions import PipelineInvalid
from .flow import Consumed, Output, Placeholder
from .pipeline_dataset import PipelineOutputFileDataset

if TYPE_CHECKING:
    from .datastore import Datastore

_WRITING = {"mount": Mode.MOUNT, "upload": Mode.UPLOAD}


class PipelineData(Placeholder):
    """A file or folder that a step makes; the dependency of whoever reads it comes from this alone.

    In the arguments it becomes an absolute local path. The path itself is not made, only its
    parent, unless `is_directory`. It lies at ``azureml/<step run id>/<name>`` of its datastore.
    """

    def __init__(
        self,
        name: str,
        datastore: Datastore | None = None,
        output_name: str | None = None,
        output_mode: str = "mount",
        output_path_on_compute: str | None = None,
        output_overwrite: bool | None = None,
        data_type: str | None = None,
        is_directory: bool | None = None,
        pipeline_output_name: str | None = None,
        training_output: object = None,
    ) -> None:
        self.where = caller()
        if output_mode not in _WRITING:
            what = f"PipelineData {name!r}: output_mode {output_mode!r} is not one of mount, upload"
            raise PipelineInvalid([Problem(what, self.where)])
        self.name = name
        self.datastore = datastore
        self.data_type = data_type
        self.output_overwrite = output_overwrite
        self.training_output = training_output
        self.origin = Output(
            output_name or name,
            datastore.name if datastore is not None else "",
            _WRITING[output_mode],
            output_path_on_compute or "",
            bool(is_directory),
            pipeline_output_name or "",
            self.where,
        )

    @property
    def pipeline_output_name(self) -> str | None:
        """The name of this output in the whole pipeline."""
        return self.origin.shown_as or None

    @override
    def produced(self) -> Output:
        """The output it stands for."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Read under its own name, present at its path."""
        return Consumed(self.name, self.origin)

    def as_mount(self, input_name: str | None = None) -> InputPortBinding:
        """An input present at its path."""
        return self.create_input_binding(input_name, "mount")

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> InputPortBinding:
        """An input copied to `path_on_compute`."""
        return self.create_input_binding(input_name, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> InputPortBinding:
        """An input under another name."""
        return self.create_input_binding(input_name)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> InputPortBinding:
        """An input with a name, a mode and a path of its own."""
        return InputPortBinding(input_name or self.name, self, mode or "mount", path_on_compute, overwrite)

    def as_dataset(self) -> PipelineOutputFileDataset:
        """The same output, read as a dataset."""
        return PipelineOutputFileDataset(self)

    def get_env_variable_name(self) -> str:
        """The variable that holds its path in the step's process."""
        return f"AZUREML_DATAREFERENCE_{self.origin.name}"

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.origin.name}"

    @override
    def __repr__(self) -> str:
        return f"PipelineData({self.name!r})"


class InputPortBinding(Placeholder):
    """One step's way of reading a PipelineData."""

    def __init__(
        self,
        name: str,
        bind_object: PipelineData,
        mode: str = "mount",
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> None:
        self.where = caller()
        self.name = name
        self.bind_object = bind_object
        self.mode = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    @override
    def __repr__(self) -> str:
        return f"InputPortBinding({self.name!r}, {self.bind_object!r}, {self.mode!r})"

    @override
    def consumed(self) -> Consumed:
        """Read under this binding's name."""
        return Consumed(self.name, self.bind_object.origin, reading_mode(self.mode), self.path_on_compute or "")

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"
