"""``runner logs [RUN] [STEP] [-f]``: the output of steps."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path

from ...model.names import short
from ...model.printable import escape, log_line
from ...model.status import STEP_ENDS, StepStatus
from ...operations.follow import Follower
from ...operations.report import display_names
from ...operations.tail import LogTail
from ...operations.values import RunView
from ...wiring import OpenWorkspace, open_session
from ..exits import DONE
from ..formatting import many
from ..output import show, warn, write_exactly
from ..paint import is_terminal, paint_for
from ..reports import find_run_and_step, warn_stopped

_PAUSE = 0.5
"""Seconds between two reads."""
_LOOK = 5.0
"""Seconds between two checks of the controller."""


def run(options: Namespace) -> int:
    """Print the output so far; with ``--follow`` go on until the run, or the one step, has ended.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    view, key = find_run_and_step(session, options.run, options.step)
    tail = LogTail(store=session.store, only=key)
    _print(view, tail, key)
    if options.follow:
        _follow(session, view, tail, key)
    elif not view.state.over:
        for name, line in tail.rest():
            _print_line(view, key, name, line)
    reused = [step for step in view.state.steps.values() if step.status is StepStatus.REUSED]
    if reused and not key:
        warn(f"{many(len(reused), 'step')} reused; for the output of one: runner logs {short(view.state.run)} STEP")
    return DONE


def _follow(session: OpenWorkspace, view: RunView, tail: LogTail, key: str) -> None:
    looked = time.monotonic()
    follower = Follower(session.store, view)
    while not _over(view, key):
        time.sleep(_PAUSE)
        tail.hear(follower.advance())
        view = follower.view
        _print(view, tail, key)
        if time.monotonic() - looked > _LOOK:
            looked = time.monotonic()
            if session.why_stopped(view.state):
                warn_stopped(session, view)
                return


def _over(view: RunView, key: str) -> bool:
    return view.state.over or (bool(key) and view.state.steps[key].status in STEP_ENDS)


def _print(view: RunView, tail: LogTail, key: str) -> None:
    for name, line in tail.lines(view):
        _print_line(view, key, name, line)


def _print_line(view: RunView, key: str, name: str, line: str) -> None:
    alone = bool(key) or len(view.state.steps) == 1
    prefix = "" if alone else f"{display_names(view.plan)[name]} │ "
    if is_terminal(sys.stdout):
        show(paint_for(sys.stdout)(escape(prefix), "dim") + log_line(line))
    else:
        write_exactly(f"{escape(prefix)}{line}\n")
