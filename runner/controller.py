"""The controller's process: ``controller WORKSPACE TARGET``, told its run on standard input."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from .control.act import Effects
from .control.loop import Controller
from .control.progress import progress_of
from .errors import RunnerError, RunTaken, StoreUnreachable
from .model.state import RunState
from .operations.values import RunView
from .runs import head, journal
from .wiring import OpenWorkspace, SystemClock, open_session
from .wiring.controllers import log_folder

T = TypeVar("T")
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds between attempts to reach the store before the run is this controller's."""


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
    except RunTaken as error:
        print(error, file=sys.stderr)
    except RunnerError as error:
        raise SystemExit(f"the controller stops: {error}") from error


def _load(session: OpenWorkspace) -> None:
    """Make the adapters of the target in force, and so import them, before there is a run."""
    with suppress(RunnerError):  # said in full when the run needs it
        session.candidate(session.target_in_force)
        session.environments(session.target_in_force)


def _log_to(path: Path) -> None:
    with path.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def drive(session: OpenWorkspace, run: str) -> RunState:
    """Take the run over and drive it to its end, in this process. Raises RunTaken, RunnerError."""
    known = patiently(lambda: session.view(run))
    if known.state.over:
        patiently(lambda: head.correct(session.store, known.state, SystemClock().now()))
        return known.state
    controller = patiently(lambda: _controller(session, known))
    try:
        patiently(lambda: controller.take(socket.gethostname(), os.getpid()))
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
    print(line, file=sys.stderr, flush=True)


def _controller(session: OpenWorkspace, known: RunView) -> Controller:
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
