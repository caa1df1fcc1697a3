"""The controller's process.

On a user's machine ``main``: called with a workspace and a target, and told its run on standard input.
In a pod ``python -m runner.controller FILE``: the file hands a run over.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TypeVar

from .control.act import Effects
from .control.launcher import RunLauncher
from .control.loop import Controller
from .control.progress import progress_of
from .errors import RunnerError, RunTaken, StoreError, StoreUnreachable, TargetUnreachable
from .model.state import RunState
from .operations import journal_gap
from .operations.values import RunView
from .ports import ComputeTarget, EnvironmentStore, ObjectStore
from .processes import orphans
from .runs import head, journal
from .wiring import OpenWorkspace, SystemClock, after_run, open_session
from .wiring.controller_exit import exit_with_children
from .wiring.controllers import log_folder
from .wiring.launching import FOLDER_IN_POD, Launcher, written
from .wiring.sampling import sampler

if TYPE_CHECKING:
    from .wiring.controller_pod import PodRunContext

T = TypeVar("T")
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to reach the store before the run is this controller's."""
EXIT_DONE, EXIT_RETRY, EXIT_FINAL = 0, 1, 78
"""Exit codes in a pod: nothing is left to do; another pod may do better; none would (`controller_job.EXIT_FINAL`)."""


class RunContext(Protocol):
    """The stores and targets of a run, for its controller."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    def view(self, run: str) -> RunView:
        """Return the run now."""

    def datastore(self, name: str) -> ObjectStore:
        """Return the store of a datastore."""

    def target(self, name: str) -> ComputeTarget:
        """Return the adapter of a target."""

    def environments(self, name: str) -> EnvironmentStore:
        """The object that makes environments usable on a target."""


def main() -> None:
    """Drive the run named on standard input to its end; return at once without one."""
    workspace, target = sys.argv[1:3]
    session = open_session(Path(workspace), target)
    _load(session)
    run = sys.stdin.readline().strip()
    if not run:
        return
    _log_to(log_folder() / f"{run}.log")
    try:
        after_run.announce(session, run, SystemClock())
        drive(session, run, launcher=Launcher(lambda: open_session(Path(workspace), target)))
        after_run.do_all(session, run, SystemClock(), _say)
        exit_with_children()
    except RunTaken as error:
        print(error, file=sys.stderr)
    except RunnerError as error:
        raise SystemExit(f"the controller stops: {error}") from error


def _load(session: OpenWorkspace) -> None:
    """Make the adapters of the target in force, and so import them, before there is a run."""
    orphans.adopt()  # those of local steps; what it loads is slow
    with suppress(RunnerError):  # said in full when the run needs it
        session.candidate(session.target_in_force)
        session.environments(session.target_in_force)


def _log_to(path: Path) -> None:
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def in_pod(path: Path) -> int:
    """Drive the run of a controller's spec file to its end, delete its Jobs, and return the exit code."""
    from .wiring import controller_pod

    signal.signal(signal.SIGTERM, _leave_at_once)
    try:
        return _drive_in_pod(controller_pod.take(path))
    except (StoreUnreachable, TargetUnreachable) as error:
        _say(f"the controller stops: {error}")
        return EXIT_RETRY
    except RunnerError as error:
        _say(f"the controller stops: {error}")
        return EXIT_FINAL


def _drive_in_pod(context: PodRunContext) -> int:
    """Drive the run unless another controller has it; then delete the Job. Raise RunnerError."""
    taken = until_reachable(context.overtaken)
    try:
        if not taken:
            after_run.announce(context, context.spec.run, SystemClock())
            drive(context, context.spec.run, context.host, _launcher(context))
            after_run.do_all(context, context.spec.run, SystemClock(), _say)
    except RunTaken as error:
        _say(str(error))
        if until_reachable(lambda: context.is_mine(context.view(context.spec.run).state.host)):
            return EXIT_RETRY  # a pod that ends well would end the Job, and with it the pod that has the run now
        taken = True
    left = context.leave() if taken else context.clear()
    if left:
        _say(f"its Job stays there for a while: {left}")
    return EXIT_DONE


def _launcher(context: PodRunContext) -> Launcher | None:
    """Return what submits runs for steps, in the workspace of the spec."""
    files = context.spec.workspace
    return Launcher(lambda: open_session(written(files, Path(FOLDER_IN_POD)))) if files else None


def _leave_at_once(_signal: int, _frame: FrameType | None) -> None:
    """End at once on SIGTERM. The journal holds the whole state, and another pod continues."""
    os.write(2, b"stopped by SIGTERM; the run goes on with another controller\n")
    os._exit(128 + signal.SIGTERM)


def drive(session: RunContext, run: str, host: str = "", launcher: RunLauncher | None = None) -> RunState:
    """Take the run over and drive it to its end, in this process. Raise RunTaken, RunnerError.

    Args:
        session: The run's stores and targets.
        run: The run's id.
        host: The name of the controller's host in the journal. Default: empty, this machine's.
        launcher: Submits what steps ask for. Default: None, they are refused.

    """
    known = until_reachable(lambda: session.view(run))
    if known.state.over:
        until_reachable(lambda: head.correct(session.store, known.state, SystemClock().now()))
        return known.state
    if number := until_reachable(
        lambda: journal_gap.missing_entry_number(session.store, known.state, head.read(session.store, run))
    ):
        raise StoreError(f"run {run} cannot go on: {journal_gap.reason(number)}; {journal_gap.remedy(run)}")
    controller = until_reachable(lambda: _controller(session, known, launcher))
    try:
        until_reachable(lambda: controller.take(host or socket.gethostname(), os.getpid()))
        controller.drive()
    finally:
        for target in controller.effects.targets.values():
            target.close()
    return controller.state


def until_reachable(ask: Callable[[], T], pauses: Sequence[float] = _PAUSES) -> T:
    """Call `ask`, again after each of `pauses` (seconds), and return its result. Raises StoreUnreachable."""
    for pause in pauses:
        try:
            return ask()
        except StoreUnreachable as error:
            _say(f"waiting: {error}")
            time.sleep(pause)
    return ask()


def _say(line: str) -> None:
    with suppress(OSError):  # its log may lie on the disk that is full
        print(line, file=sys.stderr, flush=True)


def _controller(session: RunContext, known: RunView, launcher: RunLauncher | None) -> Controller:
    submission = known.state.submission
    names = sorted(set(submission.targets.values())) if submission else []
    effects = Effects(
        store=session.store,
        datastores=session.datastore,
        targets={name: session.target(name) for name in names},
        environments={name: session.environments(name) for name in names},
        clock=SystemClock(),
        notify=_say,
        launcher=launcher,
        sampler=sampler,
    )
    writer = journal.Writer(session.store, known.state.run, os.urandom(8).hex(), known.state.number)
    return Controller(progress=progress_of(known.plan, known.state), effects=effects, writer=writer)


if __name__ == "__main__":
    raise SystemExit(in_pod(Path(sys.argv[1])))
