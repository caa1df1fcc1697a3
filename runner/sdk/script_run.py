"""ScriptRun: a lone script that was submitted (v1's plain Run of a ScriptRunConfig)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..operations.values import RunView
from ..override import override
from .pipeline_run import SubmittedRun
from .remote_run import run_over
from .reports import Line
from .status_words import PIPELINE_RUN, STEP_RUN, in_details
from .step_run import StepRun

if TYPE_CHECKING:
    from .environment import Environment
    from .run import Run


class ScriptRun(SubmittedRun):
    """A run of one step, shown as that step; its statuses are a plain run's."""

    @cached_property
    def step(self) -> StepRun:
        """The run of its only step."""
        return StepRun(self.experiment, f"{self.id}.{self.view.plan.steps[0].key}")

    @property
    @override
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.scriptrun"

    @property
    @override
    def name(self) -> str:
        """The script's name."""
        return self.step.name

    @property
    @override
    def list_id(self) -> str:
        """Children that the script made are listed under its step."""
        return self.step.list_id

    @override
    def status_in(self, view: RunView) -> str:
        """Of the run once it is over, else of the script: Completed where a step says Finished."""
        if run_over(view):
            return in_details(PIPELINE_RUN[view.state.status])
        return in_details(STEP_RUN[view.state.steps[self.step.key].status])

    @override
    def logged_step(self) -> str:
        """Its only step."""
        return self.step.key

    def wait_for_completion(
        self,
        show_output: bool = False,
        wait_post_processing: bool = False,
        raise_on_error: bool = True,
        timeout_seconds: float = sys.maxsize,
    ) -> dict[str, object]:
        """Wait for the end; v1's details document. Raises as `RemoteRun.awaited` says."""
        self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.get_details()

    @override
    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        own = {"runId": self.id, "status": self.get_status(), "properties": self.get_properties()}
        return {**self.step.get_details(), **own}

    @override
    def get_details_with_logs(self) -> dict[str, object]:
        """The document with the output in it."""
        return {**self.get_details(), "logFiles": self.step.get_details_with_logs()["logFiles"]}

    @override
    def get_detailed_status(self) -> dict[str, object]:
        """The status, and what the script waits for."""
        return {**self.step.get_detailed_status(), "status": self.get_status()}

    @override
    def get_environment(self) -> Environment:
        """The environment it ran in."""
        return self.step.get_environment()

    @override
    def get_snapshot_id(self) -> str:
        """The snapshot of its folder."""
        return self.step.get_snapshot_id()

    @override
    def report_lines(self, file: str) -> list[Line]:
        """What was said when it was submitted, by the script, and from outside."""
        return [*self.step.report_lines(file), *super().report_lines(file)]

    @override
    def get_properties(self) -> dict[str, str]:
        """Its snapshot's id, and what was set."""
        return {"ContentSnapshotId": self.get_snapshot_id(), **super().get_properties()}

    @override
    def direct_children(self) -> Iterator[Run]:
        """The runs that the script made, and those submitted below this one, newest first."""
        yield from super().direct_children()
        yield from self._submitted_below()

    def _submitted_below(self) -> Iterator[Run]:
        from .logged_store import children
        from .run_lookup import find_run

        workspace = self.experiment.workspace
        return (find_run(workspace, run) for run in children(self.session.store, self.id))

    @override
    def get_file_names(self) -> list[str]:
        """The script's files, those uploaded from outside, and its log."""
        return [*super().get_file_names(), *self.step.get_file_names()]

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """One of them. Raises ObjectMissing."""
        if name in super().get_file_names():
            super().fetch_file(name, target)
        else:
            self.step.fetch_file(name, target)
