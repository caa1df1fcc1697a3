"""The run object inside a step. Loads little: every step's script pays for it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ObjectMissing
from ..override import override
from .exceptions import UserErrorException
from .reports import FACTS, Line, Reports, fold_tags
from .run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model.context import StepContext
    from .environment import Environment
    from .experiment import Experiment
    from .step_run import StepRun
    from .workspace import Workspace


class ContextRun(Run):
    """The step that this process runs.

    What it logs and keeps lies in the step folder, from where it is shipped; only what concerns other runs, models and
    datasets goes to the workspace store.
    """

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
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.StepRun"

    @property
    @override
    def experiment(self) -> Experiment:
        """The experiment; its workspace has v1's names."""
        from .experiment import Experiment

        return Experiment(self._workspace, self.context.experiment)

    @property
    def _workspace(self) -> Workspace:
        from .workspace import Workspace

        variables = os.environ
        return Workspace(
            variables.get("AZUREML_ARM_SUBSCRIPTION", ""),
            variables.get("AZUREML_ARM_RESOURCEGROUP", ""),
            variables.get("AZUREML_ARM_WORKSPACE_NAME", ""),
        )

    @property
    @override
    def parent(self) -> Run:
        """The run that this step belongs to; tags, metrics and a cancel of it reach it through the store."""
        from .pipeline_run import PipelineRun

        return PipelineRun(self.experiment, self.context.run)

    @property
    def outside(self) -> StepRun:
        """The step as others see it: what was planned and journaled of it."""
        from .step_run import StepRun

        return StepRun(self.experiment, self.id)

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
    def report_lines(self, file: str) -> list[Line]:
        """What this step has reported so far."""
        return self._reports.lines(file)

    @property
    @override
    def facts(self) -> dict[str, str]:
        """What this step has said of itself."""
        return fold_tags(self._reports.lines(FACTS))

    @override
    def get_details(self) -> dict[str, object]:
        """v1's document of the run, from the journal."""
        return self.outside.get_details()

    @override
    def get_environment(self) -> Environment:
        """The environment it runs in, as the pipeline declared it."""
        return self.outside.get_environment()

    @override
    def get_snapshot_id(self) -> str:
        """The snapshot of its folder."""
        return super().get_snapshot_id() or self.outside.get_snapshot_id()

    @override
    def get_file_names(self) -> list[str]:
        """The files it has so far: below ``outputs/`` and ``logs/`` of its folder, and uploaded ones."""
        return sorted(name for name, _path in self._kept())

    @override
    def keep_file(self, name: str, source: Path) -> None:
        """Keep it in the step folder, from where it is shipped when the step ends."""
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.absolute() != target.absolute():
            shutil.copyfile(source, target)

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """Copy one it has. Raises ObjectMissing."""
        source = self._place(name)
        if not source.is_file():
            raise ObjectMissing(f"no file {name!r}")
        if source.absolute() != target.absolute():
            shutil.copyfile(source, target)

    @override
    def cancel(self) -> None:
        """Only warn, as v1 does: a step ends the pipeline by ``run.parent.cancel()``."""
        print("a step cannot cancel itself: use run.parent.cancel() or end the script")

    def _place(self, name: str) -> Path:
        """Where a file must lie to be kept as `name`: beside the script's own outputs/ and logs/."""
        below = self._code if name.split("/", maxsplit=1)[0] in ("outputs", "logs") else self.folder / "files"
        return below / name

    @property
    def _code(self) -> Path:
        return self.folder.parent / "code"

    def _kept(self) -> Iterator[tuple[str, Path]]:
        roots = ((self._code, self._code / "outputs"), (self._code, self._code / "logs"))
        for root, folder in (*roots, (self.folder / "files", self.folder / "files")):
            for path in folder.rglob("*"):
                if path.is_file():
                    yield path.relative_to(root).as_posix(), path
