"""ScriptRun: a submitted script (v1's plain Run of a ScriptRunConfig)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...operations.values import RunView
from ...override import override
from .children import listed_children
from .pipeline_run import SubmittedRun
from .plain_run import PlainRun
from .remote_run import run_over
from .reports import Line
from .run import Run
from .run_files import StoredFiles
from .run_records import JoinedReports, RunReports
from .step_run import StepFiles, StepRun
from .v1_status import FAILED, PIPELINE_RUN, STEP_RUN, in_details

if TYPE_CHECKING:
    from ..environments.environment import Environment


FAULT = "fault"
"""The fact that a driver has failed the run; its value is the driver's text."""


class ScriptRun(PlainRun, SubmittedRun):
    """A run of one script, shown as its only step; its statuses are those of v1's plain run."""

    @cached_property
    def step(self) -> StepRun:
        """The run of its only step."""
        return StepRun(self.experiment, f"{self.id}.{self.view.plan.steps[0].key}")

    @property
    @override
    def name(self) -> str:
        """The script's name."""
        return self.step.name

    @property
    @override
    def list_id(self) -> str:
        """The id under which its children are listed: the step's, since the script made them."""
        return self.step.list_id

    @override
    def status_in(self, view: RunView) -> str:
        """Return Failed after ``fail()``; else v1's status of the ended run, or of its script.

        Args:
            view: The whole run.

        """
        if FAULT in self.records.facts:
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
        """Mark the run as failed, and stop its script; a run that has ended stays as it is.

        Args:
            error_details: The message in the details of the run. None: none.
            error_code: Text before the message. None: none.

        """
        if run_over(self.view):
            return
        details = ": ".join(str(part) for part in (error_code, error_details) if part)
        self.records.set_fact(FAULT, details or "the driver called fail()")
        self.flush()
        self.cancel()

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Start a child run, which the caller logs to and ends.

        Args:
            name: Its display name. None: its id.
            run_id: Its id. None: a new one.
            outputs: The folder whose files are kept when it ends. None: none.

        Returns:
            The child run.

        Raises:
            UserErrorException: The id is taken or invalid.

        """
        return Run.child_run(self, name, run_id, outputs)

    @override
    def logged_step(self) -> str:
        """Return the key of its only step."""
        return self.step.key

    @override
    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run."""
        from .details import fault

        own = {"runId": self.id, "status": self.get_status(), "properties": self.get_properties()}
        failed = self.records.facts.get(FAULT)
        return {**self.step.get_details(), **own, **({"error": fault(failed)} if failed else {})}

    @override
    def get_details_with_logs(self) -> dict[str, object]:
        """Return v1's document of the run, with the output in it."""
        return {**self.get_details(), "logFiles": self.step.get_details_with_logs()["logFiles"]}

    @override
    def get_detailed_status(self) -> dict[str, object]:
        """Return the status, and the reason why the script has not begun."""
        return {**self.step.get_detailed_status(), "status": self.get_status()}

    @override
    def get_environment(self) -> Environment:
        """Return the environment, as the script's configuration declared it."""
        return self.step.get_environment()

    @override
    def get_snapshot_id(self) -> str:
        """Return the id of the snapshot of its folder."""
        return self.step.get_snapshot_id()

    @cached_property
    @override
    def reports(self) -> RunReports:
        """The reports of the script, the tags that it was submitted with, and reports added from outside."""
        return JoinedReports(self._earlier_lines, self.annotations)

    def _earlier_lines(self, file: str) -> list[Line]:
        return [*self.step.reports.lines(file), *self.submitted_lines(file)]

    @override
    def get_properties(self) -> dict[str, str]:
        """Return the snapshot's id, and the properties that were added."""
        return {"ContentSnapshotId": self.get_snapshot_id(), **super().get_properties()}

    @override
    def direct_children(self) -> Iterator[Run]:
        """Yield the runs that the script made, and those submitted as children, newest first."""
        yield from super().direct_children()
        yield from listed_children(self, self.id)

    @cached_property
    @override
    def file_store(self) -> ScriptFiles:
        """The script's files, those uploaded from outside, and its log."""
        return ScriptFiles(self.uploaded, self.step.file_store)


class ScriptFiles:
    """The files of a script's run: uploaded from outside, and those of its step.

    Args:
        uploaded: The files that were uploaded from outside.
        step: The files of its step.

    """

    def __init__(self, uploaded: StoredFiles, step: StepFiles) -> None:
        self._uploaded = uploaded
        self._step = step

    def names(self) -> list[str]:
        """Return the names of all files; the log comes last."""
        return [*self._uploaded.names(), *self._step.names()]

    def keep(self, name: str, source: Path) -> None:
        """Upload a file now.

        Args:
            name: The name among the run's files.
            source: The local file.

        """
        self._uploaded.keep(name, source)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file.

        Args:
            name: The name among the run's files.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """
        if name in self._uploaded.names():
            self._uploaded.fetch(name, target)
        else:
            self._step.fetch(name, target)
