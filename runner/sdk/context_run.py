"""The run object inside a step. Loads little: every step's script pays for it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from ..override import override
from .exceptions import UserErrorException
from .reports import METRICS, PROPERTIES, TAGS, Reports, fold_metrics, fold_properties, fold_tags, metric_line
from .run import Run

if TYPE_CHECKING:
    from ..model.context import StepContext
    from .experiment import Experiment


class _Figure(Protocol):
    """What ``matplotlib`` figures and its pyplot module have alike."""

    def savefig(self, path: str) -> object:
        """Write the picture to `path`."""


class ContextRun(Run):
    """The step that this process runs."""

    def __init__(self, folder: Path, context: StepContext) -> None:
        super().__init__(None, context.step_run)
        self.context = context
        self.folder = folder
        self._reports = Reports(folder / "reports")
        self._inputs: dict[str, object] | None = None

    @staticmethod
    def of_this_process() -> ContextRun:
        """Read the step folder that the environment names. Raises UserErrorException."""
        from ..model.context import STEP_VARIABLE, StepContext
        from ..model.document import from_document

        folder = Path(os.environ[STEP_VARIABLE])
        try:
            document = json.loads((folder / "context.json").read_bytes())
        except (OSError, ValueError) as error:
            raise UserErrorException(f"the step folder {folder} cannot be read: {error}", error) from error
        return ContextRun(folder, from_document(StepContext, document))

    @property
    @override
    def name(self) -> str:
        """The step's name."""
        return self.context.name

    @property
    @override
    def experiment(self) -> Experiment:
        """The experiment; its workspace has v1's names."""
        from .experiment import Experiment
        from .workspace import Workspace

        variables = os.environ
        workspace = Workspace(
            variables.get("AZUREML_ARM_SUBSCRIPTION", ""),
            variables.get("AZUREML_ARM_RESOURCEGROUP", ""),
            variables.get("AZUREML_ARM_WORKSPACE_NAME", ""),
        )
        return Experiment(workspace, self.context.experiment)

    @property
    @override
    def parent(self) -> Run:
        """The pipeline run; its id and its experiment, and what an open workspace can tell."""
        from .pipeline_run import PipelineRun

        return PipelineRun(self.experiment, self.context.run)

    @property
    def input_datasets(self) -> dict[str, object]:
        """Inputs by name: a dataset where it is consumed directly, else the local path."""
        if self._inputs is None:
            self._inputs = {name: self._input(name) for name in self.context.inputs}
        return self._inputs

    @property
    def output_datasets(self) -> dict[str, str]:
        """Outputs' local paths by name."""
        return dict(self.context.outputs)

    def _input(self, name: str) -> object:
        staged = self.context.inputs[name]
        if staged.dataset is None or staged.mode.value != "direct":
            return staged.path
        from .dataset import dataset_from

        return dataset_from(staged.dataset, staged=Path(staged.path))

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Append to the step's reports."""
        self._reports.append(file, line)

    @override
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """What this step has logged so far."""
        metrics = fold_metrics(self._reports.lines(METRICS))
        return metrics if name is None else {key: value for key, value in metrics.items() if key == name}

    @override
    def get_tags(self) -> dict[str, str]:
        """What this step has tagged so far."""
        return fold_tags(self._reports.lines(TAGS))

    @override
    def get_properties(self) -> dict[str, str]:
        """What this step has set so far."""
        return fold_properties(self._reports.lines(PROPERTIES))

    def log_image(self, name: str, path: str | None = None, plot: object = None, description: str = "") -> None:
        """Keep a picture: the file at `path`, or a ``matplotlib`` figure given as `plot`."""
        if (path is None) == (plot is None):
            raise UserErrorException("log_image takes either path or plot")
        suffix = Path(path).suffix if path else ".png"
        kept = f"logs/images/{name.replace('/', '_')}{suffix}"
        target = self._artifact(kept)
        if path is not None:
            shutil.copyfile(path, target)
        else:
            cast("_Figure", plot).savefig(str(target))
        self.report(METRICS, metric_line(name, kept, "image"))

    def upload_file(self, name: str, path_or_stream: object, datastore_name: str | None = None) -> None:
        """Keep a file among the run's under `name`; it is shipped when the step ends."""
        target = self._artifact(name)
        read = getattr(path_or_stream, "read", None)
        if read is not None:
            data = read()
            target.write_bytes(data.encode() if isinstance(data, str) else data)
            return
        source = Path(str(path_or_stream))
        if not source.is_file():
            raise UserErrorException(f"there is no file {str(source)!r} to upload", where=str(source.absolute()))
        if source.absolute() != target.absolute():
            shutil.copyfile(source, target)

    def upload_files(self, names: Sequence[str], paths: Sequence[str], **_options: object) -> None:
        """Keep several files."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        """Keep every file of a folder below `name`."""
        root = Path(path)
        for file in sorted(found for found in root.rglob("*") if found.is_file()):
            self.upload_file(f"{name}/{file.relative_to(root).as_posix()}", file)

    def cancel(self) -> None:
        """Only warn, as v1 does: a step ends the pipeline by ``run.parent.cancel()``."""
        print("a step cannot cancel itself: use run.parent.cancel() or end the script")

    def _artifact(self, name: str) -> Path:
        """Where a file must lie to be kept as `name`: beside the script's own outputs/ and logs/."""
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if not parts:
            raise UserErrorException(f"{name!r} cannot name a file of the run")
        below = self.folder.parent / "code" if parts[0] in ("outputs", "logs") else self.folder / "files"
        target = below.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target
