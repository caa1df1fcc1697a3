"""What submitted runs have alike when seen from outside: they are read from the journal."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from time import monotonic

from ..model.context import STEP_VARIABLE
from ..model.printable import continued, escape, log_line
from ..model.status import RUN_ENDS, StepStatus
from ..operations.liveness import Stranded
from ..operations.patience import persist
from ..operations.standing import attempts_of, class_of
from ..operations.values import RunView
from ..override import override
from .exceptions import ActivityFailedException, ExperimentExecutionException
from .report_log import ReportLog
from .reports import Line
from .run import Run

_POLL_SECONDS = 5.0
_LOG_SECONDS = 1.0
"""How long to wait for the journal while a log is followed."""
_CANCEL_SECONDS = 10.0
"""How long ``cancel`` waits for news of the run."""
_FAILED = "Failed"
LOG = "user_logs/std_log.txt"
"""v1's name of a run's log."""


class RemoteRun(Run):
    """A handle on a submitted run. What is said of it from outside lies beside what its steps reported."""

    @property
    def pipeline_run_id(self) -> str:
        """The id of the whole run."""
        return self.id.partition(".")[0]

    @property
    def view(self) -> RunView:
        """The whole run now."""
        return self.session.view(self.pipeline_run_id)

    @property
    def folder(self) -> str:
        """Prefix of the run's own objects in the workspace store."""
        return f"runs/{self.id.replace('.', '/', 1)}/"

    @cached_property
    def said(self) -> ReportLog:
        """What was said of it from outside."""
        return ReportLog(self.session.store, f"{self.folder}said/")

    def status_in(self, view: RunView) -> str:
        """The run's status word in a view of the whole run."""
        raise NotImplementedError

    def ended_in(self, view: RunView) -> bool:
        """Whether this run is over in a view of the whole run."""
        return run_over(view)

    def logged_step(self) -> str | None:
        """The key of the step whose log is this run's; None: it has none."""
        return None

    @override
    def get_status(self) -> str:
        """v1's status word."""
        return self.status_in(self.view)

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Write beside the run's own reports."""
        self.said.append(file, line)

    @override
    def flush(self, timeout_seconds: int = 300) -> None:
        """Write what was logged in the last moments."""
        self.said.flush()

    @override
    def report_lines(self, file: str) -> Sequence[Line]:
        """What was said of it from outside."""
        return self.said.lines(file)

    @override
    def complete(self, _set_status: bool = True) -> None:
        """Refuse, as v1 does: the status follows the steps."""
        raise NotImplementedError(f"run {self.id}: the status follows its steps")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Refuse, as v1 does: the status follows the steps."""
        raise NotImplementedError(f"run {self.id}: the status follows its steps; use cancel()")

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Refuse, as v1 does."""
        raise NotImplementedError(f"run {self.id} cannot have child runs beside its steps")

    @override
    def cancel(self) -> None:
        """Ask for the end of the whole run; from inside one of its steps as well.

        Outside of a step this returns when the run has ended, at the latest after ten seconds without news of it.
        """
        self.session.cancel(self.pipeline_run_id)
        if STEP_VARIABLE in os.environ:
            return
        view = self.view
        with suppress(Stranded):
            while not run_over(view):
                seen = view.state.number
                view = self.session.wait(self.pipeline_run_id, after=seen, seconds=_CANCEL_SECONDS)
                if view.state.number == seen:
                    return

    @override
    def get_file_names(self) -> list[str]:
        """The files uploaded to it from outside."""
        return self.names_below(f"{self.folder}files/")

    @override
    def keep_file(self, name: str, source: Path) -> None:
        """Upload it now."""
        self.session.store.upload(f"{self.folder}files/{name}", source)

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """Download one that was uploaded from outside."""
        self.download_object(f"{self.folder}files/{name}", target)

    def awaited(self, *, show_output: bool, seconds: float = sys.maxsize, raise_on_error: bool = True) -> RunView:
        """The run when it has ended, or after so many seconds.

        Raises ActivityFailedException with the last lines of the failed steps' output unless
        `raise_on_error` is False; ExperimentExecutionException on Ctrl-C, while the run goes on.
        """
        from . import live

        if show_output:
            live.stop(self.id)
            live.stop(self.pipeline_run_id)  # a step's waiter shows the whole run
        try:
            view = self._wait(seconds, show=show_output)
        except KeyboardInterrupt as error:
            raise ExperimentExecutionException(
                f"waiting was interrupted; run {self.pipeline_run_id} goes on", error
            ) from error
        if self.status_in(view) == _FAILED and raise_on_error:
            raise ActivityFailedException(failure_text(view, self.logged_step()))
        return view

    def _wait(self, timeout_seconds: float, *, show: bool) -> RunView:
        limit = monotonic() + timeout_seconds

        def late() -> bool:
            return monotonic() > limit

        shown, log = dict[str, str](), _Log(self if show else None)
        view = persist(lambda: self.view, _report, give_up=late)
        pause = _LOG_SECONDS if show and self.logged_step() else _POLL_SECONDS
        while True:
            for line in changes(view, shown) if show else ():
                print(escape(line))
            left = limit - monotonic()
            over = self.ended_in(view)
            persist(lambda: log.show(final=over), _report, give_up=late)  # noqa: B023 - called at once
            if over or left <= 0:
                return view
            view = persist(
                lambda: self.session.wait(self.pipeline_run_id, after=view.state.number, seconds=min(left, pause)),  # noqa: B023
                _report,
                give_up=late,
            )

    def names_below(self, prefix: str) -> list[str]:
        """The names of the objects below a prefix of the workspace store."""
        return [info.key[len(prefix) :] for info in self.session.store.list(prefix)]

    def download_object(self, key: str, target: Path) -> None:
        """Make an object of the workspace store a local file. Raises ObjectMissing."""
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        self.session.store.download(key, target)


class _Log:
    """What a run's script has printed since the last look."""

    def __init__(self, run: RemoteRun | None) -> None:
        self._run = run
        self._key = run.logged_step() if run else None
        self._shown = 0

    def show(self, *, final: bool) -> None:
        """Print the lines that are new; at the end an unfinished one as well."""
        if self._run is None or self._key is None:
            return
        text = self._run.session.logs(self._run.pipeline_run_id, self._key)
        whole = len(text) if final else text.rfind("\n") + 1
        terminal = sys.stdout.isatty()
        for line in text[self._shown : whole].removesuffix("\n").split("\n") if whole > self._shown else ():
            print(log_line(line) if terminal else line)
        self._shown = max(self._shown, whole)


def _report(line: str) -> None:
    print(line, file=sys.stderr)


def failure_text(view: RunView, only: str | None = None) -> str:
    """Which steps failed and why, each with the last lines of its output; or `only` one of them."""
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
    """Whether the whole run is over."""
    return view.state.status in RUN_ENDS


def changes(view: RunView, shown: dict[str, str]) -> list[str]:
    """A line for each status that is another than in `shown`, which is brought up to date."""
    from .status_words import PIPELINE_RUN, in_details

    submission = view.state.submission
    word = PIPELINE_RUN[view.state.status]
    if submission is not None and submission.kind:
        words = {f"Run {view.state.run}": in_details(word)}
    else:
        words = {f"{step.name} [{step.key}]": _step_word(view, step.key) for step in view.plan.steps}
        words[f"PipelineRun {view.state.run}"] = word
    words = {**environment_words(view, shown), **words}
    changed = {name: word for name, word in words.items() if shown.get(name) != word and word != "NotStarted"}
    shown.update(changed)
    return [f"{name}: {word}" for name, word in changed.items()]


def _step_word(view: RunView, key: str) -> str:
    """v1's word; of a step that is tried again, why that is."""
    from .status_words import STEP_RUN

    step = view.state.steps[key]
    if step.status is StepStatus.WAITING and step.lost:
        return (
            f"Queued: attempt {step.attempt + 1} of {attempts_of(view, key)} follows; {step.lost.value}: {step.reason}"
        )
    return STEP_RUN[step.status]


def environment_words(view: RunView, shown: Mapping[str, str]) -> dict[str, str]:
    """How far those environments are that have to be made: what was said last, and at the end the time it took."""
    state, known = view.state, view.plan.environments
    pairs = (*state.making, *state.made)
    names = {key: f"environment '{known[key].name if key in known else key}'" for key, _ in pairs}
    words = {names[key]: f"being made{line and f': {line}'}" for (key, _), line in state.making.items()}
    ended = {names[key]: f"made in {seconds:.0f} s" for (key, _), seconds in state.made.items()}
    return {**{name: word for name, word in ended.items() if name in shown}, **words}


def _failure_of(view: RunView, key: str) -> str:
    """How a step failed, whatever its name: equal for steps that share a broken environment."""
    step = view.state.steps[key]
    code = f" (exit code {step.exit_code})" if step.exit_code is not None else ""
    lines = [*continued(f"{code}: ", step.reason)]
    lines += continued("  do:    ", step.remedy, " " * 9) if step.remedy else ()
    lines.append(f"  class: {class_of(view, key)}")
    lines += (f"  | {line}" for line in step.tail.splitlines())
    return "\n".join(map(escape, lines))
