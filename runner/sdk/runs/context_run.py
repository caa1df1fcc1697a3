"""The run object inside a step. It loads little: every step's script waits for it."""

from __future__ import annotations

import shutil
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ObjectMissing
from ...override import override
from .reports import Reports
from .run import Run

if TYPE_CHECKING:
    from ...model.context import StepContext
    from ..environments.environment import Environment
    from ..workspaces.experiment import Experiment
    from .step_run import StepRun


class ContextRun(Run):
    """The run of the step that this process executes.

    Its reports and files lie in the step folder, from where they are shipped. Calls that concern other runs, models and
    datasets go to the workspace store.

    Args:
        folder: The step folder.
        context: The content of its ``context.json``.

    """

    def __init__(self, folder: Path, context: StepContext) -> None:
        super().__init__(None, context.step_run)
        self.context = context
        self.folder = folder
        self._inputs: dict[str, object] | None = None

    @staticmethod
    def of_this_process() -> ContextRun:
        """Return the run of the step folder that the environment names.

        Raises:
            UserErrorException: The folder cannot be read.

        """
        from ..base.step_folder import step_context, step_folder

        return ContextRun(step_folder(), step_context())

    @property
    @override
    def name(self) -> str:
        """The step's name."""
        return self.context.name

    @property
    @override
    def type(self) -> str:
        """v1's type of the run."""
        return "azureml.StepRun"

    @property
    @override
    def experiment(self) -> Experiment:
        """The experiment. Its workspace has v1's names."""
        from .owners import experiment_of, workspace_of_this_step

        return experiment_of(workspace_of_this_step(), self.context.experiment)

    @property
    @override
    def parent(self) -> Run:
        """The run that this step belongs to. Tags, metrics and a cancel of it go through the store."""
        from .pipeline_run import PipelineRun

        return PipelineRun(self.experiment, self.context.run)

    @property
    def outside(self) -> StepRun:
        """The step as others see it: its plan and its journal entries."""
        from .step_run import StepRun

        return StepRun(self.experiment, self.id)

    @property
    def input_datasets(self) -> dict[str, object]:
        """The inputs by name: a dataset if it is consumed directly, else the local path."""
        if self._inputs is None:
            self._inputs = {name: self._input(name) for name in self.context.inputs}
        return self._inputs

    @property
    def output_datasets(self) -> dict[str, str]:
        """The local paths of outputs by name."""
        return dict(self.context.outputs)

    def _input(self, name: str) -> object:
        staged = self.context.inputs[name]
        if staged.dataset is None or staged.mode.value != "direct":
            return staged.path
        from ..datasets.dataset import dataset_of_input

        return dataset_of_input(staged.dataset, staged)

    @cached_property
    @override
    def reports(self) -> Reports:
        """The report lines in the step folder."""
        return Reports(self.folder / "reports")

    @cached_property
    @override
    def file_store(self) -> StepFolderFiles:
        """The files in the step folder, and below ``outputs/`` and ``logs/`` of the script's folder."""
        return StepFolderFiles(self.folder.parent / "code", self.folder / "files")

    @override
    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run, from the journal."""
        return self.outside.get_details()

    @override
    def get_environment(self) -> Environment:
        """Return the environment, as the pipeline declared it."""
        return self.outside.get_environment()

    @override
    def get_snapshot_id(self) -> str:
        """Return the id of the snapshot of its folder."""
        return super().get_snapshot_id() or self.outside.get_snapshot_id()

    @override
    def cancel(self) -> None:
        """Print a warning, as v1 does: a step ends the pipeline by ``run.parent.cancel()``."""
        print("a step cannot cancel itself: use run.parent.cancel() or end the script")


class StepFolderFiles:
    """The files of a step while it runs. They are shipped when it ends.

    Args:
        code: The script's folder.
        uploaded: The folder for files outside ``outputs/`` and ``logs/``.

    """

    def __init__(self, code: Path, uploaded: Path) -> None:
        self._code = code
        """The script's folder: files below its ``outputs/`` and ``logs/`` are the run's."""
        self._uploaded = uploaded
        """The folder for files with other names."""

    def names(self) -> list[str]:
        """Return the names of all files so far, sorted."""
        roots = ((self._code, self._code / "outputs"), (self._code, self._code / "logs"))
        return sorted(
            path.relative_to(root).as_posix()
            for root, folder in (*roots, (self._uploaded, self._uploaded))
            for path in folder.rglob("*")
            if path.is_file()
        )

    def keep(self, name: str, source: Path) -> None:
        """Copy a file to the folder from where it is shipped.

        Args:
            name: The name among the run's files.
            source: The local file.

        """
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.absolute() != target.absolute():
            shutil.copyfile(source, target)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file.

        Args:
            name: The name among the run's files.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """
        source = self._place(name)
        if not source.is_file():
            raise ObjectMissing(f"no file {name!r}")
        if source.absolute() != target.absolute():
            shutil.copyfile(source, target)

    def _place(self, name: str) -> Path:
        below = self._code if name.split("/", maxsplit=1)[0] in ("outputs", "logs") else self._uploaded
        return below / name
