"""``runner compare RUN1 RUN2 …``: runs side by side."""

from __future__ import annotations

import shutil
import sys
from argparse import Namespace
from pathlib import Path

from ...operations.comparison import compare
from ...wiring import open_session
from ..comparisonview import comparison_view
from ..documents import print_json
from ..exits import DONE
from ..output import show_all
from ..paint import paint_for
from ..reports import find_run


def run(options: Namespace) -> int:
    """Print what differs between runs.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    views = [session.view(find_run(session, name)) for name in options.runs]
    found = compare(session.store, views)
    if options.json:
        print_json(found)
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        show_all(comparison_view(found, paint_for(sys.stdout), width, diff=options.diff, every=options.every))
    return DONE
