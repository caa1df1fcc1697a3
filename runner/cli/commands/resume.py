"""``runner resume [RUN]``: start another controller for a run, here or (``--detach``) in the cluster, and wait."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TextIO

from ...errors import BadInput
from ...model.names import short
from ...operations.after_run import unfinished
from ...operations.controller_health import ControllerGone, driver_of, is_detached
from ...operations.report import RunReport
from ...wiring import OpenWorkspace, open_session
from ...wiring.detached import Detached
from ..documents import print_json
from ..exits import DONE
from ..output import show
from ..paint import paint_for
from ..reports import find_run, hint, refuse_damaged
from ..summary import after_lines
from ..watching import Viewer, after_run_of, await_runs, download_outputs, leave_runs

_STARTING = 30.0
"""Seconds in which a controller starts."""


def run(options: Namespace) -> int:
    """Start a controller unless one is alive there; then wait as ``runner run`` does.

    Args:
        options: The command line.

    Returns:
        The exit code of the run.

    Raises:
        BadInput: The run has ended.

    """
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    state = session.view(run_id).state
    if state.over and unfinished(session.store, run_id, session.after_run.actions):
        return _finish(session, run_id)
    if state.over:
        remedy = f"make it again, as a new run: runner retry {short(run_id)}{hint(session)}"
        raise BadInput(
            f"run {run_id} has ended ({state.status.value}), and what has ended never goes on", remedy=remedy
        )
    refuse_damaged(session, state)
    viewer = Viewer(
        session=session, stream=sys.stderr if options.json else sys.stdout, logs=options.logs, quiet=options.json
    )
    _see_to_controller(session, run_id, viewer.stream, detach=options.detach)
    code, reports = _await(viewer, run_id, detach=options.detach)
    if options.json:
        print_json({"runs": reports})
    return code


def _finish(session: OpenWorkspace, run: str) -> int:
    """Do what is left to do at the end of a run that has ended, or wait for the controller that does it; always 0."""
    wanted = session.after_run
    seconds = sum(map(wanted.seconds, wanted.actions)) + _STARTING
    after_run_of(session, run, seconds, started=False)
    if unfinished(session.store, run, wanted.actions):
        session.start_controller(run)
    found = after_run_of(session, run, seconds, started=True)
    show("after the run", *after_lines(found, paint_for(sys.stdout)))
    return DONE


def _await(viewer: Viewer, run_id: str, *, detach: bool) -> tuple[int, list[RunReport]]:
    """Wait for the run as ``runner run`` does, or leave it to the cluster.

    A controller that seemed alive may have died moments ago on another machine: it is replaced once.
    """
    if detach:
        return leave_runs(viewer, [run_id])
    try:
        return await_runs(viewer, [run_id])
    except ControllerGone as error:
        viewer.report(str(error).partition("\n")[0])
        viewer.report("another controller takes it")
        download_outputs(viewer.session, run_id)
    return await_runs(viewer, [run_id])


def _see_to_controller(session: OpenWorkspace, run_id: str, stream: TextIO, *, detach: bool) -> None:
    """Start a controller at the requested place, unless one is alive there. Raises BadInput."""
    state = session.view(run_id).state
    why = session.why_stopped(state)
    taken = bool(driver_of(state))
    if taken and not why and is_detached(state) is detach:
        return
    if detach:
        session.controllers = Detached(session)
        session.controllers.check(set(state.submission.targets.values()) if state.submission else ())
    driver = driver_of(state)
    state_text = why or (f"driven by {driver} until now" if driver else "no controller has taken it yet")
    show(f"run {run_id}: {state_text}; another controller takes it", stream=stream)
    if why:
        download_outputs(session, run_id)
    else:
        session.start_controller(run_id)  # the other sees that the run is another's, and goes by itself
