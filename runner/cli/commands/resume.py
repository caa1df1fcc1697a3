"""``runner resume [RUN]``: wait for a run, and drive it on if nobody does."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...wiring import open_session
from ..documents import print_json
from ..reports import find_run
from ..watching import Viewer, await_runs


def run(options: Namespace) -> int:
    """Start a controller unless one is alive; then wait like ``run``."""
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    stream = sys.stderr if options.json else sys.stdout
    why = session.why_stopped(session.view(run_id).state)
    if why:
        print(f"run {run_id}: {why}; another controller takes it", file=stream)
        session.start_controller(run_id)
    code, reports = await_runs(Viewer(session, stream, options.logs, options.json), [run_id])
    if options.json:
        print_json({"runs": reports})
    return code
