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
from .control.loop import Controller
from .control.progress import progress_of
from .errors import RunnerError, RunTaken, StoreError, StoreUnreachable, TargetUnreachable
from .model.state import RunState
from .operations import damage
from .operations.values import RunView
from .ports import ComputeTarget, EnvironmentStore, ObjectStore
from .processes import orphans
from .runs import head, journal
from .wiring import OpenWorkspace, SystemClock, open_session
from .wiring.controllers import log_folder
from .wiring.leaving import end_with_the_run

if TYPE_CHECKING:
    from .wiring.seat import Seat

T = TypeVar("T")
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to reach the store before the run is this controller's."""
ENDED, AGAIN, STOPS = 0, 1, 78
"""Exit codes in a pod: nothing is left to do; another pod may do better; none would (`controller_job.STOPS`)."""


class Desk(Protocol):
    """The places of a run, as whoever drives it reaches them."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    def view(self, run: str) -> RunView:
        """The run now."""

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name."""

    def target(self, name: str) -> ComputeTarget:
        """The adapter of a target."""

    def environments(self, name: str) -> EnvironmentStore:
        """What makes environments usable on a target."""


def main() -> None:
    """Drive the run named on standard input to its end; without one, end."""
    workspace, target = sys.argv[1:3]
    session = open_session(Path(workspace), target)
    _load(session)
    run = sys.stdin.readline().strip()
    if not run:
        return
    _log_to(log_folder() / f"{run}.log")
    try:
        drive(session, run)
        end_with_the_run()
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
    """Drive the run that a file hands over to its end, and remove what was made for that; the exit code."""
    from .wiring import seat

    signal.signal(signal.SIGTERM, _leave_at_once)
    try:
        return _seated(seat.take(path))
    except (StoreUnreachable, TargetUnreachable) as error:
        _say(f"the controller stops: {error}")
        return AGAIN
    except RunnerError as error:
        _say(f"the controller stops: {error}")
        return STOPS


def _seated(seat: Seat) -> int:
    """Drive its run unless it is another's; then remove what is of no more use. Raises RunnerError."""
    taken = patiently(seat.overtaken)
    try:
        if not taken:
            drive(seat, seat.told.run, seat.host)
    except RunTaken as error:
        _say(str(error))
        if patiently(lambda: seat.is_mine(seat.view(seat.told.run).state.host)):
            return AGAIN  # a pod that ends well would end the Job, and with it the pod that has the run now
        taken = True
    left = seat.leave() if taken else seat.clear()
    if left:
        _say(f"its Job stays there for a while: {left}")
    return ENDED


def _leave_at_once(_signal: int, _frame: FrameType | None) -> None:
    """The node is being drained, say: all there is to know is in the journal, and another pod reads it."""
    os.write(2, b"stopped by SIGTERM; the run goes on with another controller\n")
    os._exit(128 + signal.SIGTERM)


def drive(session: Desk, run: str, host: str = "") -> RunState:
    """Take the run over and drive it to its end, in this process on `host`. Raises RunTaken, RunnerError."""
    known = patiently(lambda: session.view(run))
    if known.state.over:
        patiently(lambda: head.correct(session.store, known.state, SystemClock().now()))
        return known.state
    if number := patiently(lambda: damage.missing_entry(session.store, known.state, head.read(session.store, run))):
        raise StoreError(f"run {run} cannot go on: {damage.words(number)}; {damage.remedy(run)}")
    controller = patiently(lambda: _controller(session, known))
    try:
        patiently(lambda: controller.take(host or socket.gethostname(), os.getpid()))
        controller.drive()
    finally:
        for target in controller.effects.targets.values():
            target.close()
    return controller.state


def patiently(ask: Callable[[], T], pauses: Sequence[float] = _PAUSES) -> T:
    """What `ask` returns; asked again after each of `pauses`, seconds. Raises StoreUnreachable when none helped."""
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


def _controller(session: Desk, known: RunView) -> Controller:
    submission = known.state.submission
    names = sorted(set(submission.targets.values())) if submission else []
    effects = Effects(
        session.store,
        session.datastore,
        {name: session.target(name) for name in names},
        {name: session.environments(name) for name in names},
        SystemClock(),
        _say,
    )
    writer = journal.Writer(session.store, known.state.run, os.urandom(8).hex(), known.state.number)
    return Controller(progress_of(known.plan, known.state), effects, writer)


if __name__ == "__main__":
    raise SystemExit(in_pod(Path(sys.argv[1])))
