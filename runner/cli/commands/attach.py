"""``runner attach [RUN]``: watch a run to its end, from any machine that reaches its store."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...model.status import RunStatus
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE, FAILED, INTERRUPTED
from ..reports import find_run
from ..watching import Viewer, follow, say_goes_on, tell


def run(options: Namespace) -> int:
    """Show what ``runner run`` shows; the exit code is the run's. Ctrl-C leaves the run alone."""
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    viewer = Viewer(session, sys.stderr if options.json else sys.stdout, options.logs, options.json)
    try:
        view = follow(viewer, run_id)
    except KeyboardInterrupt:
        say_goes_on(session, [run_id])
        return INTERRUPTED
    told = tell(viewer, view)
    if options.json:
        print_json({"runs": [told]})
    return DONE if view.state.status is RunStatus.SUCCEEDED else FAILED
