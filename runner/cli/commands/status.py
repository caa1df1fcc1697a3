"""``runner status [RUN] [--watch]``: the status of a run and its steps."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE, INTERRUPTED
from ..output import show_all
from ..paint import paint_for
from ..reports import find_run, hint, report_of, warn_stopped

if TYPE_CHECKING:
    from ...operations.values import RunView
    from ...wiring import OpenWorkspace


def run(options: Namespace) -> int:
    """Print the status of a run.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: The options do not go together, or there is no such run.

    """
    if options.interval is not None and not options.watch:
        raise BadInput("-n needs --watch", remedy=f"runner status --watch -n {options.interval:g}")
    session = open_session(Path.cwd(), options.target)
    name = find_run(session, options.run)
    try:
        view = _watched(session, name, options.interval) if options.watch else session.view(name)
    except KeyboardInterrupt:
        return INTERRUPTED
    told = report_of(session, view)
    if options.json:
        print_json(told)
        return DONE
    from ..summary import summary

    show_all(summary(told, paint_for(sys.stdout), hint(session), str(Path.cwd())))
    warn_stopped(session, view)
    return DONE


def _watched(session: OpenWorkspace, name: str, interval: float | None) -> RunView:
    """Show a run until it has ended, or nobody drives it any more."""
    from ...operations.controller_health import ControllerGone
    from ..watching import Viewer, follow

    try:
        return follow(Viewer(session=session, stream=sys.stdout), name, pause=interval)
    except ControllerGone:  # told below the summary
        return session.view(name)
