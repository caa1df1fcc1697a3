"""``runner timeline [RUN]``: when each step waited and worked, and the critical path."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from pathlib import Path

from ...operations.timeline import timeline
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show_all
from ..paint import paint_for
from ..reports import find_run
from ..timelineview import timeline_view


def run(options: Namespace) -> int:
    """Print the timeline of a run.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    view = session.view(find_run(session, options.run))
    found = timeline(session.store, view, session.store.now())
    if options.json:
        print_json(found)
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        show_all(timeline_view(found, paint_for(sys.stdout), width, every=options.every))
    return DONE
