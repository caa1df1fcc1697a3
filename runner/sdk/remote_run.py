"""What pipeline runs and step runs have alike when seen from outside: they are read from the journal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.status import RUN_ENDS
from ..operations.values import RunView
from ..override import override
from .exceptions import ActivityFailedException, ExperimentExecutionException, NotOffered
from .run import Run
from .session import Session

if TYPE_CHECKING:
    from ..model.state import StepState

_POLL_SECONDS = 5.0
_FAILED = "Failed"


class RemoteRun(Run):
    """A handle on a submitted run."""

    @property
    def session(self) -> Session:
        """What is open."""
        return self.experiment.workspace.session

    @property
    def pipeline_run_id(self) -> str:
        """The id of the whole run."""
        return self.id.partition(".")[0]

    @property
    def view(self) -> RunView:
        """The whole run now."""
        return self.session.view(self.pipeline_run_id)

    def status_in(self, view: RunView) -> str:
        """The run's status word in a view of the whole run."""
        raise NotImplementedError

    def ended_in(self, view: RunView) -> bool:
        """Whether this run is over in a view of the whole run."""
        raise NotImplementedError

    @override
    def get_status(self) -> str:
        """v1's status word."""
        return self.status_in(self.view)

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Refuse: only the step itself writes its reports."""
        raise NotOffered(f"run {self.id} cannot be written to from outside", remedy="log from the step's own script")

    @override
    def complete(self) -> None:
        """Refuse, as v1 does: the status follows the steps."""
        raise NotImplementedError(f"run {self.id}: the status follows its steps")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None) -> None:
        """Refuse, as v1 does: the status follows the steps."""
        raise NotImplementedError(f"run {self.id}: the status follows its steps; use cancel()")

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Refuse, as v1 does."""
        raise NotImplementedError(f"run {self.id} cannot have child runs beside its steps")

    def cancel(self) -> None:
        """Ask for the end of the whole run."""
        self.session.cancel(self.pipeline_run_id)

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait for the end; the final status word.

        Raises ActivityFailedException with the last lines of the failed steps' output unless
        `raise_on_error` is False; ExperimentExecutionException on Ctrl-C, while the run goes on.
        """
        try:
            view = self._wait(timeout_seconds, print if show_output else _silent)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(
                f"waiting was interrupted; run {self.pipeline_run_id} goes on", error
            ) from error
        status = self.status_in(view)
        if status == _FAILED and raise_on_error:
            raise ActivityFailedException(failure_text(view))
        return status

    def _wait(self, timeout_seconds: float, say: Callable[[str], None]) -> RunView:
        from time import monotonic

        limit = monotonic() + timeout_seconds
        view, shown = self.view, dict[str, str]()
        while True:
            for line in _changes(view, shown):
                say(line)
            left = limit - monotonic()
            if self.ended_in(view) or left <= 0:
                return view
            view = self.session.wait(self.pipeline_run_id, after=view.state.number, seconds=min(left, _POLL_SECONDS))

    def download_object(self, key: str, target: Path) -> None:
        """Make an object of the workspace store a local file. Raises ObjectMissing."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        self.session.store.download(key, target)


def failure_text(view: RunView) -> str:
    """Which steps failed and why, each with the last lines of its output."""
    names = {step.key: step.name for step in view.plan.steps}
    failed = {key: step for key, step in view.state.steps.items() if step.status.value == "failed"}
    parts = [f"run {view.state.run} failed"]
    parts.extend(_failed_step(names.get(key, key), step) for key, step in failed.items())
    return "\n".join(parts)


def run_over(view: RunView) -> bool:
    """Whether the whole run is over."""
    return view.state.status in RUN_ENDS


def _failed_step(name: str, step: StepState) -> str:
    code = f" (exit code {step.exit_code})" if step.exit_code is not None else ""
    tail = "\n".join(f"  | {line}" for line in step.tail.splitlines())
    return f"step '{name}' failed{code}: {step.reason}" + (f"\n{tail}" if tail else "")


def _changes(view: RunView, shown: dict[str, str]) -> list[str]:
    from .status_words import PIPELINE_RUN, STEP_RUN

    words = {step.name + f" [{step.key}]": STEP_RUN[view.state.steps[step.key].status] for step in view.plan.steps}
    words[f"PipelineRun {view.state.run}"] = PIPELINE_RUN[view.state.status]
    changed = {name: word for name, word in words.items() if shown.get(name) != word and word != "NotStarted"}
    shown.update(changed)
    return [f"{name}: {word}" for name, word in changed.items()]


def _silent(_line: str) -> None:
    """Say nothing."""
