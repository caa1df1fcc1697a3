"""``runner cancel [RUN]``: cancel a run and wait for its end."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...model.names import short
from ...wiring import open_session
from ..exits import DONE, FAILED
from ..output import show, warn
from ..reports import find_run, hint, refuse_damaged
from ..watching import CANCEL_SECONDS, Viewer, follow, request_cancel, tell


def run(options: Namespace) -> int:
    """Cancel a run and wait for its end.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    state = session.view(run_id).state
    if state.over:
        show(f"run {run_id} has already ended: {state.status.value}")
        return DONE
    refuse_damaged(session, state)
    request_cancel(session, run_id)
    viewer = Viewer(session=session, stream=sys.stdout)
    view = follow(viewer, run_id, CANCEL_SECONDS)
    if not view.state.over:
        warn(f"run {run_id} has not ended yet; see: runner status {short(run_id)}{hint(session)}")
        return FAILED
    tell(viewer, view)
    return DONE
