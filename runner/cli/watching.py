"""Waiting for runs, with an eye on whoever drives them, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from ..dataclass import dataclass, field
from ..errors import StoreError
from ..model.batches import BatchProgress
from ..model.events import JournalEntry
from ..model.names import short
from ..model.status import RunStatus
from ..operations import after_run
from ..operations.after_run import Outcome
from ..operations.batch_progress import with_progress
from ..operations.controller_health import SILENCE, driver_of
from ..operations.follow import Follower, follower_of
from ..operations.report import RunReport
from ..operations.store_retries import ANSWERS, until_answered
from ..operations.tail import LogTail
from ..operations.values import RunView
from ..wiring import OpenWorkspace
from .exits import DONE, FAILED, INTERRUPTED
from .formatting import many
from .output import show, show_all, warn
from .paint import is_terminal, paint_for
from .reports import hint, report_of, waits_for
from .showing import LogLines, Show, show_on
from .summary import after_lines, summary

_LOOK = 1.0
"""Seconds between two looks after the controller."""
_STARTING = 30.0
"""Seconds in which a controller starts."""
_AFTER_PAUSE = 0.1
"""Seconds between two looks at what is done at the end of a run."""
AFTER_SECONDS = 5.0
"""The longest time that a command waits for what is done at the end of a run: its result is known by then."""
CANCEL_SECONDS = 90.0
"""The time limit for the end of a canceled run: Kubernetes alone gives a pod 30 s by default."""


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The output of a run, and its options."""

    session: OpenWorkspace
    stream: TextIO
    logs: bool = False
    quiet: bool = False
    """No summary: a JSON document follows."""
    tails: Mapping[str, LogTail] = field(default_factory=dict)
    """The position in each run's output up to which it was shown."""

    def report(self, line: str) -> None:
        """Print a line about the watching itself."""
        show(line, stream=self.stream)

    def tail_of(self, run: str) -> LogTail | None:
        """Return the reader of the run's output, where it is wanted."""
        return self.tails.get(run) or LogTail(store=self.session.store) if self.logs else None


def await_runs(viewer: Viewer, runs: Sequence[str]) -> tuple[int, list[RunReport]]:
    """Wait for each run and show how it ended; the exit code and the reports. Raises ControllerGone."""
    code = DONE
    reports: list[RunReport] = []
    for at, run in enumerate(runs):
        try:
            view = follow(viewer, run)
        except KeyboardInterrupt:
            return interrupted(viewer, runs[at:]), reports
        reports.append(tell(viewer, view))
        if view.state.status is not RunStatus.SUCCEEDED:
            code = FAILED
    return code, reports


def leave_runs(viewer: Viewer, runs: Sequence[str]) -> tuple[int, list[RunReport]]:
    """Say how each run goes on without this terminal, or how it has ended already; the exit code and the reports."""
    code = DONE
    reports: list[RunReport] = []
    for run in runs:
        view = viewer.session.view(run)
        if view.state.over:
            reports.append(tell(viewer, view))
            code = code if view.state.status is RunStatus.SUCCEEDED else FAILED
        else:
            reports.append(report_of(viewer.session, view))
            print_still_running(viewer.session, [run], viewer.stream)
    return code, reports


def follow(viewer: Viewer, run: str, seconds: float = float("inf"), *, pause: float | None = None) -> RunView:
    """Show the run until it has ended.

    While the store does not answer, the run goes on and this waits.

    Args:
        viewer: Where the run is shown.
        run: The run's id.
        seconds: How long at most; default: without a limit.
        pause: Seconds between two looks; not less than the store allows. None: as often as it allows.

    Returns:
        The run as it was seen last.

    Raises:
        ControllerGone: The run's controller is gone.
        StoreUnreachable: The store did not answer at the end of `seconds`.
    """
    begun = time.monotonic()

    def late() -> bool:
        return time.monotonic() - begun > seconds

    follower = until_answered(lambda: follower_of(viewer.session.store, run), viewer.report, give_up=late)
    entries = until_answered(follower.advance, viewer.report, give_up=late)
    view = follower.view
    if view.state.over:
        _show_rest(viewer, run, view, late)
        return view  # its end is all else that there is to show
    shown = show_on(viewer.stream, viewer.session.store, viewer.tail_of(run))
    looks = _Polls(session=viewer.session, follower=follower, shown=shown, unseen=entries)
    try:
        while True:
            until_answered(looks.look, looks.report, give_up=late)
            if follower.view.state.over or late():
                return follower.view
            time.sleep(max(pause or 0.0, viewer.session.pause))
    finally:
        shown.close()


def _show_rest(viewer: Viewer, run: str, view: RunView, late: Callable[[], bool]) -> None:
    """Print the output of an ended run that was not shown yet, where output is wanted."""
    tail = viewer.tail_of(run)
    if tail is None:
        return
    lines = LogLines(tail, paint_for(viewer.stream))
    rest = until_answered(lambda: lines.lines(view, ()), viewer.report, give_up=late)
    if rest:
        show_all(("", *rest), viewer.stream)  # the pipeline file may have ended within a line


@dataclasses.dataclass(kw_only=True)
class _Polls:
    """Repeated looks at a run; one that the store interrupts is made again."""

    session: OpenWorkspace
    follower: Follower
    shown: Show
    unseen: tuple[JournalEntry, ...]
    """Entries that were read and are not shown yet."""
    next_check: float = dataclasses.field(default_factory=lambda: time.monotonic() + _LOOK)
    """The time of the next check of the controller, in seconds of the monotonic clock."""
    waits: str = ""
    batches: Mapping[str, BatchProgress] = field(default_factory=dict)

    def look(self) -> None:
        """Show what is new, and now and then look after the controller. Raises ControllerGone, StoreUnreachable."""
        self.unseen += self.follower.advance()
        self.shown.update(replace(self.follower.view, batches=self.batches), self.unseen)
        self.unseen = ()
        if self.follower.view.state.over or time.monotonic() < self.next_check:
            return
        self.next_check = time.monotonic() + _LOOK
        self.batches = with_progress(self.session.store, self.follower.view).batches
        self.session.check_driven(self.follower.view)
        before, self.waits = self.waits, waits_for(self.session, self.follower.view.state)
        if self.waits not in {"", before}:
            self.shown.notify(f"waits: {self.waits}")

    def report(self, line: str) -> None:
        """Show a line about the store; after an outage the controller gets time to show that it lives."""
        self.shown.notify(line)
        if line == ANSWERS:
            self.next_check = time.monotonic() + SILENCE.total_seconds()


def tell(viewer: Viewer, view: RunView) -> RunReport:
    """Say how the run ended."""
    told = until_answered(lambda: report_of(viewer.session, view), viewer.report)
    paint = paint_for(viewer.stream)
    if not viewer.quiet:
        lines = summary(replace(told, after=()), paint, hint(viewer.session), str(Path.cwd()))
        show("", *lines, stream=viewer.stream)
    if not view.state.over:
        return told
    with suppress(StoreError):  # the run's result has been printed already
        session, run = viewer.session, view.state.run
        found = after_run_of(session, run, _after_seconds(viewer), started=run in session.submitted)
        told = replace(told, after=found)
    if told.after and not viewer.quiet:
        show("", paint("after the run", "bold"), *after_lines(told.after, paint), stream=viewer.stream)
        if any(each.state in after_run.GOING for each in told.after):
            wait = f"runner resume {short(view.state.run)}{hint(viewer.session)}"
            show(f"  {paint('wait for it:', 'dim')} {wait}", stream=viewer.stream)
    return told


def after_run_of(session: OpenWorkspace, run: str, seconds: float, *, started: bool) -> tuple[Outcome, ...]:
    """Return what became of the actions at the end of a run; wait for those that go on.

    Args:
        session: The workspace.
        run: The run, which has ended.
        seconds: How long to wait at most.
        started: This command has started a controller for the run: wait until it has announced its actions.

    """
    begun, state = time.monotonic(), session.view(run).state
    while True:
        found, spent = after_run.outcomes(session.store, state), time.monotonic() - begun
        missing = set(session.after_run.actions) - {each.name for each in found} if started else ()
        going = any(each.state in after_run.GOING for each in found)
        if not (going or (missing and spent < _STARTING)) or spent > seconds:
            return found
        time.sleep(max(session.pause, _AFTER_PAUSE))


def _after_seconds(viewer: Viewer) -> float:
    """Return how long to wait for what is done at the end of a run.

    Without a terminal it is done before the command ends: a container, or a job of CI, may end with it.
    """
    wanted = viewer.session.after_run
    if is_terminal(viewer.stream) or viewer.session.controllers_in_cluster:
        return AFTER_SECONDS
    return sum(map(wanted.seconds, wanted.actions)) + AFTER_SECONDS


def request_cancel(session: OpenWorkspace, run: str) -> None:
    """Cancel the run, and see to it that there is a controller to end it."""
    session.cancel(run)
    if session.why_stopped(session.view(run).state):
        download_outputs(session, run)


def download_outputs(session: OpenWorkspace, run: str) -> None:
    """Start a controller for a run that nobody drives, once what is left of detached ones is gone."""
    if session.in_bucket:
        from ..wiring.detached import delete_detached

        delete_detached(session, run)
    session.start_controller(run)


def interrupted(viewer: Viewer, runs: Sequence[str]) -> int:
    """After Ctrl-C: ask once whether the runs go on. Always 130."""
    session = viewer.session
    going = [run for run in runs if not session.view(run).state.over]
    if going and _wants_cancel(len(going)):
        for run in going:
            request_cancel(session, run)
        for run in going:
            tell(viewer, follow(viewer, run, CANCEL_SECONDS))
    else:
        print_still_running(session, going)
    return INTERRUPTED


def _wants_cancel(count: int) -> bool:
    if not (sys.stdin.isatty() and is_terminal(sys.stderr)):
        return False
    question = f"\n{many(count, 'run')} can go on without this terminal. [Enter] leave running, [c] cancel: "
    try:
        return input(question).strip().lower() in ("c", "cancel")
    except (EOFError, KeyboardInterrupt):
        warn("")
        return False


def print_still_running(session: OpenWorkspace, runs: Sequence[str], stream: TextIO | None = None) -> None:
    """Say how to come back to runs that do not need this terminal."""
    where, out = hint(session), stream or sys.stderr
    for run in runs:
        name, driver = short(run), driver_of(session.view(run).state)
        show(f"run {run} goes on, driven by {driver}" if driver else f"run {run} waits for a controller", stream=out)
        show(f"  watch it: runner attach {name}{where}", stream=out)
        if not driver:
            show(f"  if none comes: runner resume {name}{where}", stream=out)
        show(f"  end it:   runner cancel {name}{where}", stream=out)
