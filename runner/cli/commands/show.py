"""``runner show [RUN] [STEP]``: everything about one step, or about all steps of a run."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...operations.detail import detail, failed_attempts
from ...operations.report import environment_reports
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show
from ..paint import paint_for
from ..reports import find_run_and_step, report_of_step
from ..stepview import step_view


def run(options: Namespace) -> int:
    """Print the details of a step, or of all steps of a run.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    view, chosen = find_run_and_step(session, options.run, options.step)
    keys = [chosen] if chosen else list(view.state.steps)
    losses = failed_attempts(session.store, view, keys)
    found = [detail(session.store, view, report_of_step(session, view, key), losses) for key in keys]
    origin = view.state.submission.origin if view.state.submission else ""
    if options.json:
        whole = {"run": view.state.run, "origin": origin, "environments": environment_reports(view), "steps": found}
        print_json(found[0] if chosen else whole)
        return DONE
    paint = paint_for(sys.stdout)
    if origin and not chosen:
        show(paint(f"{view.state.run}, retry of {origin}", "dim"), "")
    for at, each in enumerate(found):
        show(*[""] * bool(at), *step_view(each, paint, str(Path.cwd())))
    return DONE
