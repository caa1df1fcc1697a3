"""The base class of submitted runs as seen from outside: they are read from the journal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from time import monotonic

from ...model.context import STEP_VARIABLE
from ...model.printable import continued, escape, log_line, remedy_lines
from ...model.status import RUN_ENDS, StepStatus
from ...model.task import TaskId
from ...operations.controller_health import ControllerGone
from ...operations.log_following import LogFollower
from ...operations.search_progress import is_searching, progress_text
from ...operations.step_status import attempts_of, class_of
from ...operations.store_retries import until_answered
from ...operations.trials import search_keys
from ...operations.values import RunView
from ...override import override
from ..base.exceptions import ActivityFailedException, ExperimentExecutionException
from . import waiting
from .report_log import ReportLog
from .run import Run
from .run_files import FileStore, StoredFiles
from .run_records import RunReports

_POLL_SECONDS = 5.0
_LOG_SECONDS = 1.0
"""Seconds to wait for the journal while a log is followed."""
_CANCEL_SECONDS = 10.0
"""Seconds that ``cancel`` waits for news of the run."""
_FAILED = "Failed"
LOG = "user_logs/std_log.txt"
"""v1's name of a run's log."""


class RemoteRun(Run):
    """A submitted run. Reports and files that are added from outside lie beside those of its steps."""

    @property
    def pipeline_run_id(self) -> str:
        """The id of the whole run."""
        return self.id.partition(".")[0]

    @property
    def view(self) -> RunView:
        """The whole run as it is now."""
        return self.session.view(self.pipeline_run_id)

    @property
    def folder(self) -> str:
        """The prefix of the run's own objects in the workspace store."""
        return f"runs/{self.id.replace('.', '/', 1)}/"

    @cached_property
    def annotations(self) -> ReportLog:
        """The report lines that processes other than its steps have added."""
        return ReportLog(self.session.store, f"{self.folder}annotations/")

    def status_in(self, view: RunView) -> str:
        """Return v1's status of the run.

        Args:
            view: The whole run.

        Raises:
            NotImplementedError: The class is no kind of run.

        """
        raise NotImplementedError

    def ended_in(self, view: RunView) -> bool:
        """Return True if this run has ended.

        Args:
            view: The whole run.

        """
        return run_over(view)

    def logged_step(self) -> str | None:
        """Return the key of the step whose log is this run's; None: it has none."""
        return None

    @override
    def get_status(self) -> str:
        """Return v1's status."""
        return self.status_in(self.view)

    @cached_property
    @override
    def reports(self) -> RunReports:
        """The report lines of the run."""
        return self.annotations

    @cached_property
    def uploaded(self) -> StoredFiles:
        """The files that were uploaded from outside."""
        return StoredFiles(self.session.store, f"{self.folder}files/")

    @cached_property
    @override
    def file_store(self) -> FileStore:
        """The files of the run."""
        return self.uploaded

    @override
    def complete(self, _set_status: bool = True) -> None:
        """Refuse, as v1 does: the status follows the steps.

        Raises:
            NotImplementedError: Always.

        """
        raise NotImplementedError(f"run {self.id}: the status follows its steps")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Refuse, as v1 does: the status follows the steps.

        Args:
            error_details, error_code: As in v1; not used.

        Raises:
            NotImplementedError: Always; use ``cancel()``.

        """
        raise NotImplementedError(f"run {self.id}: the status follows its steps; use cancel()")

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Refuse, as v1 does.

        Args:
            name, run_id, outputs: As in v1; not used.

        Returns:
            Nothing.

        Raises:
            NotImplementedError: Always.

        """
        raise NotImplementedError(f"run {self.id} cannot have child runs beside its steps")

    @override
    def cancel(self) -> None:
        """Cancel the whole run; from inside one of its steps as well.

        Outside a step this returns when the run has ended, or after ten seconds without news of it.
        """
        self.session.cancel(self.pipeline_run_id)
        if STEP_VARIABLE in os.environ:
            return
        view = self.view
        with suppress(ControllerGone):
            while not run_over(view):
                seen = view.state.number
                view = self.session.wait(self.pipeline_run_id, after=seen, seconds=_CANCEL_SECONDS)
                if view.state.number == seen:
                    return

    def awaited(self, *, show_output: bool, seconds: float = sys.maxsize, raise_on_error: bool = True) -> RunView:
        """Wait until the run has ended, and return it.

        Args:
            show_output: True: print status changes and the log.
            seconds: The longest wait. Default: no limit.
            raise_on_error: True: a failed run is an error. Default: True.

        Raises:
            ActivityFailedException: The run has failed; the message has the last lines of the failed steps' output.
            ExperimentExecutionException: Ctrl-C was pressed. The run goes on.

        """
        from . import progress_threads as live

        if show_output:
            live.stop(self.id)
            live.stop(self.pipeline_run_id)  # a step's waiter shows the whole run
        try:
            with waiting.shown(self.session, self.pipeline_run_id, wanted=show_output) as display:
                view = self._wait(seconds, display)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(
                f"waiting was interrupted; run {self.pipeline_run_id} goes on", error
            ) from error
        if self.status_in(view) == _FAILED and raise_on_error:
            raise ActivityFailedException(failure_text(view, self.logged_step()))
        return view

    def _wait(self, timeout_seconds: float, display: waiting.Shown) -> RunView:
        limit = monotonic() + timeout_seconds

        def late() -> bool:
            return monotonic() > limit

        printed: dict[str, str] = {}
        log = _Log(self if display.log else None)
        view = until_answered(lambda: self.view, waiting.report, give_up=late)
        pause = _LOG_SECONDS if display.log and self.logged_step() else _POLL_SECONDS
        while True:
            display.update(view)
            for line in changes(view, printed) if display.statuses else ():
                print(escape(line))
            left = limit - monotonic()
            over = self.ended_in(view)
            until_answered(lambda: log.show(view, final=over), waiting.report, give_up=late)  # noqa: B023 - called at once
            if over or left <= 0:
                return view
            view = until_answered(
                lambda: self.session.wait(self.pipeline_run_id, after=view.state.number, seconds=min(left, pause)),  # noqa: B023
                waiting.report,
                give_up=late,
            )


class _Log:
    """The part of a script's output that was not yet shown."""

    def __init__(self, run: RemoteRun | None) -> None:
        self._run = run
        self._key = run.logged_step() if run else None
        self._follower: LogFollower | None = None

    def show(self, view: RunView, *, final: bool) -> None:
        """Print the new lines of the newest attempt; at the end an unfinished one too."""
        attempt = view.state.steps[self._key].attempt if self._key else 0
        if self._run is None or self._key is None or not attempt:
            return
        task = TaskId(view.state.run, self._key, attempt)
        if self._follower is None or self._follower.task != task:
            self._follower = LogFollower(store=self._run.session.store, task=task)
        terminal = sys.stdout.isatty()
        for line in self._follower.lines(final=final):
            text = line.encode(errors="surrogateescape").decode(errors="replace")
            print(log_line(text) if terminal else text)


def failure_text(view: RunView, only: str | None = None) -> str:
    """Return a text that names the failed steps, each with the reason and the last lines of its output.

    Args:
        view: The whole run.
        only: Only the step of this key. None: all.

    """
    names = {step.key: step.name for step in view.plan.steps}
    failed = {key: step for key, step in view.state.steps.items() if step.status.value == "failed"}
    parts = [f"run {view.state.run} failed" + (f": {view.state.overdue}" if view.state.overdue else "")]
    alike: dict[str, list[str]] = {}
    for key in failed:
        if only in (None, key):
            alike.setdefault(_failure_of(view, key), []).append(f"'{escape(names.get(key, key))}'")
    parts.extend(f"step{'s' * (len(same) > 1)} {', '.join(same)} failed{text}" for text, same in alike.items())
    return "\n".join(parts)


def run_over(view: RunView) -> bool:
    """Return True if the whole run has ended.

    Args:
        view: The whole run.

    """
    return view.state.status in RUN_ENDS


def changes(view: RunView, shown: dict[str, str]) -> list[str]:
    """Return a line for each status that has changed.

    Args:
        view: The whole run.
        shown: The statuses shown so far; it is updated.

    """
    from .v1_status import PIPELINE_RUN, in_details

    submission = view.state.submission
    word = PIPELINE_RUN[view.state.status]
    if submission is not None and submission.kind:
        searches = {view.plan.by_key[key].name: progress_text(view, key) for key in search_keys(view)}
        statuses = {**searches, f"Run {view.state.run}": in_details(word)}
    else:
        statuses = {
            f"{step.name} [{step.key}]": _step_status(view, step.key) for step in view.plan.steps if not step.trial_of
        }
        statuses[f"PipelineRun {view.state.run}"] = word
    statuses = {**environment_progress(view, shown), **statuses}
    changed = {name: word for name, word in statuses.items() if shown.get(name) != word and word != "NotStarted"}
    shown.update(changed)
    return [f"{name}: {word}" for name, word in changed.items()]


def _step_status(view: RunView, key: str) -> str:
    """Return v1's status; for a step with another attempt to come, the reason of that attempt."""
    from .v1_status import STEP_RUN

    step = view.state.steps[key]
    if is_searching(view, key):
        return f"Running: {progress_text(view, key)}"
    if step.status is StepStatus.WAITING and step.lost:
        return (
            f"Queued: attempt {step.attempt + 1} of {attempts_of(view, key)} follows; {step.lost.value}: {step.reason}"
        )
    return STEP_RUN[step.status]


def environment_progress(view: RunView, shown: Mapping[str, str]) -> dict[str, str]:
    """Return the progress of the environments that are being made: the last line of each, at the end the time it took.

    Args:
        view: The whole run.
        shown: The texts shown so far.

    """
    state, known = view.state, view.plan.environments
    pairs = (*state.making, *state.made)
    names = {key: f"environment '{known[key].name if key in known else key}'" for key, _ in pairs}
    making = {names[key]: f"being made{line and f': {line}'}" for (key, _), line in state.making.items()}
    ended = {names[key]: f"made in {seconds:.0f} s" for (key, _), seconds in state.made.items()}
    return {**{name: word for name, word in ended.items() if name in shown}, **making}


def _failure_of(view: RunView, key: str) -> str:
    """Return the failure of a step without its name: the text is equal for steps that share a broken environment."""
    step = view.state.steps[key]
    code = f" (exit code {step.exit_code})" if step.exit_code is not None else ""
    lines = [*continued(f"{code}: ", step.reason)]
    lines += remedy_lines(step.remedy)
    lines.append(f"  class: {class_of(view, key)}")
    lines += (f"  | {line}" for line in step.tail.splitlines())
    return "\n".join(map(escape, lines))
