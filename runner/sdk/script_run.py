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
from .run_children import Children
from .status_words import FAILED, PIPELINE_RUN, STEP_RUN, in_details
from .step_run import StepRun

if TYPE_CHECKING:
    from .environment import Environment
    from .run import Run


FAULT = "fault"
"""The fact that a driver has failed the run, and its words for it."""


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
        """Failed after ``fail()``; else of the run once it is over, or of its script, in the words of a plain run."""
        if FAULT in self.facts:
            return FAILED
        if run_over(view):
            return in_details(PIPELINE_RUN[view.state.status])
        return in_details(STEP_RUN[view.state.steps[self.step.key].status])

    @override
    def complete(self, _set_status: bool = True) -> None:
        """Write what was logged so far. The status is that of the script, which goes on."""
        self.flush()

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Mark the run as failed, and stop its script; a run that is over stays as it ended.

        Args:
            error_details: What the details of the run say of it.
            error_code: Stands before that.

        """
        if run_over(self.view):
            return
        said = ": ".join(str(part) for part in (error_code, error_details) if part)
        self.state_fact(FAULT, said or "the driver called fail()")
        self.flush()
        self.cancel()

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Begin a run below this one, which the caller logs to and ends. Raises UserErrorException for a taken id."""
        return Children.child_run(self, name, run_id, outputs)

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
        from .run_details import fault

        own = {"runId": self.id, "status": self.get_status(), "properties": self.get_properties()}
        failed = self.facts.get(FAULT)
        return {**self.step.get_details(), **own, **({"error": fault(failed)} if failed else {})}

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
