"""PipelineData: data that one step writes and others read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import Problem
from ...model.data import Mode
from ...override import override
from ..base.caller import caller
from ..base.exceptions import PipelineInvalid
from ..base.placeholders import Consumed, Output, Placeholder
from ..datastores.data_paths import reading_mode
from .pipeline_output_dataset import PipelineOutputFileDataset

if TYPE_CHECKING:
    from ..datastores.datastore import Datastore

_WRITING = {"mount": Mode.MOUNT, "upload": Mode.UPLOAD}


class PipelineData(Placeholder):
    """A file or folder that a step writes. Steps that read it wait for the step that writes it.

    In a step's arguments it stands for an absolute local path. The script makes the file or folder there; its parent
    exists. It lies at ``azureml/<step run id>/<name>`` of its datastore.

    Example:
        >>> model = PipelineData("model", is_directory=True)
        >>> train = PythonScriptStep("train.py", arguments=["--model", model], outputs=[model], source_directory="src")
        >>> score = PythonScriptStep("score.py", arguments=["--model", model], inputs=[model], source_directory="src")

    Args:
        name: The name: letters, digits, underscore.
        datastore: The Datastore to keep it on. None: the pipeline's default.
        output_name: The output's name in the step. None: `name`.
        output_mode: ``"mount"`` or ``"upload"``; both are kept when the step has succeeded. Default: mount.
        output_path_on_compute: The path in the step. None: a path is chosen.
        is_directory: True: the folder is made before the script starts. None: False.
        pipeline_output_name: The name by which ``run.get_pipeline_output`` finds it. None: none.
        output_overwrite, data_type: Kept as in v1 and not used.
        training_output: Not offered: the kinds of step that make it are refused.

    Raises:
        PipelineInvalid: (a ValueError) `output_mode` is another.

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
            name=output_name or name,
            datastore=datastore.name if datastore is not None else "",
            mode=_WRITING[output_mode],
            path_on_compute=output_path_on_compute or "",
            folder=bool(is_directory),
            pipeline_output_name=pipeline_output_name or "",
            where=self.where,
        )

    @property
    def pipeline_output_name(self) -> str | None:
        """The name of this output in the whole pipeline."""
        return self.origin.pipeline_output_name or None

    @override
    def produced(self) -> Output:
        """Return the output."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Return the data as a mounted input under their own name."""
        return Consumed(name=self.name, origin=self.origin)

    def as_mount(self, input_name: str | None = None) -> InputPortBinding:
        """Return the data as a mounted input.

        Args:
            input_name: The input's name. None: the name of the data.

        """
        return self.create_input_binding(input_name, "mount")

    def as_download(
        self, input_name: str | None = None, path_on_compute: str | None = None, overwrite: bool | None = None
    ) -> InputPortBinding:
        """Return the data as an input that is copied: the script may change it.

        Args:
            input_name: The input's name. None: the name of the data.
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: Accepted as in v1 and ignored.

        """
        return self.create_input_binding(input_name, "download", path_on_compute, overwrite)

    def as_input(self, input_name: str) -> InputPortBinding:
        """Return the data as a mounted input under another name.

        Args:
            input_name: The input's name.

        """
        return self.create_input_binding(input_name)

    def create_input_binding(
        self,
        input_name: str | None = None,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> InputPortBinding:
        """Return the data as an input.

        Args:
            input_name: The input's name. None: the name of the data.
            mode: ``"mount"`` or ``"download"``. None: mounted if it is large, as `mount` is read-only.
            path_on_compute: The path in the step. None: a path is chosen.
            overwrite: Accepted as in v1 and ignored.

        """
        return InputPortBinding(input_name or self.name, self, mode, path_on_compute, overwrite)

    def as_dataset(self) -> PipelineOutputFileDataset:
        """Return the same output, read as a dataset."""
        return PipelineOutputFileDataset(self)

    def get_env_variable_name(self) -> str:
        """Return the name of the variable that has the path in the step's process."""
        return f"AZUREML_DATAREFERENCE_{self.origin.name}"

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.origin.name}"

    @override
    def __repr__(self) -> str:
        return f"PipelineData({self.name!r})"


class InputPortBinding(Placeholder):
    """The way in which one step reads PipelineData.

    Args:
        name: The input's name.
        bind_object: The data.
        mode: ``"mount"`` or ``"download"``. None: mounted if it is large, as `mount` is read-only.
        path_on_compute: The path in the step. None: a path is chosen.
        overwrite: Accepted as in v1 and ignored.

    """

    def __init__(
        self,
        name: str,
        bind_object: PipelineData,
        mode: str | None = None,
        path_on_compute: str | None = None,
        overwrite: bool | None = None,
    ) -> None:
        self.where = caller()
        self.name = name
        self.bind_object = bind_object
        self.mode = mode or "mount"
        self._asked = mode
        self.path_on_compute = path_on_compute
        self.overwrite = overwrite

    @override
    def __repr__(self) -> str:
        return f"InputPortBinding({self.name!r}, {self.bind_object!r}, {self.mode!r})"

    @override
    def consumed(self) -> Consumed:
        """Return the input under the name of this binding."""
        return Consumed(
            name=self.name,
            origin=self.bind_object.origin,
            mode=reading_mode(self._asked),
            path_on_compute=self.path_on_compute or "",
        )

    @override
    def __str__(self) -> str:
        return f"$AZUREML_DATAREFERENCE_{self.name}"
