"""``runner status [RUN]``: the status of a run and its steps."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show_all
from ..paint import paint_for
from ..reports import find_run, hint, report_of, warn_stopped


def run(options: Namespace) -> int:
    """Print the status of a run.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    import sys

    session = open_session(Path.cwd(), options.target)
    view = session.view(find_run(session, options.run))
    told = report_of(session, view)
    if options.json:
        print_json(told)
        return DONE
    from ..summary import summary

    show_all(summary(told, paint_for(sys.stdout), hint(session), str(Path.cwd())))
    warn_stopped(session, view)
    return DONE
