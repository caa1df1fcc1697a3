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
from ..watching import Viewer, follow, print_still_running, tell


def run(options: Namespace) -> int:
    """Show a run to its end, as ``runner run`` does. Ctrl-C leaves the run alone.

    Args:
        options: The command line.

    Returns:
        The exit code of the run.

    """
    session = open_session(Path.cwd(), options.target)
    run_id = find_run(session, options.run)
    viewer = Viewer(
        session=session, stream=sys.stderr if options.json else sys.stdout, logs=options.logs, quiet=options.json
    )
    try:
        view = follow(viewer, run_id)
    except KeyboardInterrupt:
        print_still_running(session, [run_id])
        return INTERRUPTED
    told = tell(viewer, view)
    if options.json:
        print_json({"runs": [told]})
    return DONE if view.state.status is RunStatus.SUCCEEDED else FAILED
