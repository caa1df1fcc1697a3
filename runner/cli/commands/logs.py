"""``runner logs [RUN] [STEP] [-f] [--tail N] [--since 10m] [--grep PATTERN]``: the output of steps."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path

from ...errors import BadInput
from ...model.names import short
from ...model.printable import escape, log_line
from ...model.status import STEP_ENDS, StepStatus
from ...operations.follow import Follower
from ...operations.log_following import LogPart
from ...operations.report import display_names
from ...operations.tail import LogTail
from ...operations.values import RunView
from ...operations.workers import check_worker, count_in, logged_workers
from ...runs.records import shown_attempt
from ...wiring import OpenWorkspace, open_session
from ..exits import DONE
from ..formatting import many
from ..log_arguments import began
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
    if options.worker is not None:
        key = _checked(view, key, options.worker)
    part = LogPart(last=options.tail, since=began(options.since, session.store.now), pattern=options.grep)
    tail = LogTail(store=session.store, only=key, worker=options.worker or 0, part=part)
    _print(view, tail, key)
    if options.follow:
        _follow(session, view, tail, key)
    elif not view.state.over:
        for name, line in tail.rest():
            _print_line(view, key, name, line)
    _name_others(session, view, key or _lone(view), options.worker)
    reused = [step for step in view.state.steps.values() if step.status is StepStatus.REUSED]
    if reused and not key:
        warn(f"{many(len(reused), 'step')} reused; for the output of one: runner logs {short(view.state.run)} STEP")
    return DONE


def _checked(view: RunView, key: str, worker: int) -> str:
    """Return the key of the step whose worker is asked for. Raise BadInput if it has no such worker."""
    key = key or _lone(view)
    if not key:
        raise BadInput("--worker needs a step", remedy=f"runner logs {short(view.state.run)} STEP --worker {worker}")
    check_worker(view, key, worker)
    return key


def _lone(view: RunView) -> str:
    """Return the key of a run's only step; empty if it has several."""
    return next(iter(view.state.steps)) if len(view.state.steps) == 1 else ""


def _name_others(session: OpenWorkspace, view: RunView, key: str, worker: int | None) -> None:
    """Say which other workers of a step have written something."""
    task = shown_attempt(session.store, view.state, key) if key and count_in(view, key) > 1 else None
    if task is None:
        return
    logged = (0, *logged_workers(session.store, task))
    others = [each for each in logged if each != (worker or 0)]
    if worker is not None and worker not in logged:
        warn(f"worker {worker} has written nothing; the output of all workers of one machine is that of worker 0")
    elif worker is None and others:
        named = f"worker {others[0]}" if len(others) == 1 else f"{len(others)} more workers"
        ask = f"runner logs {short(view.state.run)} {key} --worker {others[0]}"
        warn(f"this is the output of worker 0; {named} wrote too: {ask}")


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
