"""``runner show [RUN] [STEP]``: everything about one step, or about all steps of a run."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...errors import BadInput
from ...operations.detail import detail, failed_attempts
from ...operations.report import environment_reports, parameters_of, submitted_by
from ...operations.run_words import origin_facts
from ...operations.values import RunView
from ...wiring import OpenWorkspace, open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show, show_all
from ..paint import paint_for
from ..reports import find_run_and_step, report_of_step
from ..stepview import run_view, step_view


def run(options: Namespace) -> int:
    """Print the details of a step, or of all steps of a run; those of a trial only if it is named.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    view, chosen = find_run_and_step(session, options.run, options.step)
    if options.receipt:
        return _receipt(session, view, options)
    keys = [chosen] if chosen else list(view.state.steps)
    losses = failed_attempts(session.store, view, keys)
    found = [detail(session.store, view, report_of_step(session, view, key), losses) for key in keys]
    origin = view.state.submission.origin if view.state.submission else ""
    if options.json:
        whole = {
            "run": view.state.run,
            "origin": origin,
            "submitted": submitted_by(session.store, view),
            "parameters": parameters_of(view),
            "environments": environment_reports(view),
            "steps": found,
        }
        print_json(found[0] if chosen else whole)
        return DONE
    paint = paint_for(sys.stdout)
    found = [each for each in found if chosen or not each.step.trial_of]
    if not chosen:
        facts = [("retry of", origin)] * bool(origin) + list(origin_facts(submitted_by(session.store, view)))
        show_all(run_view(view.state.run, facts, parameters_of(view), paint))
    for at, each in enumerate(found):
        show(*[""] * bool(at), *step_view(each, paint, str(Path.cwd())))
    return DONE


def _receipt(session: OpenWorkspace, view: RunView, options: Namespace) -> int:
    from ...operations.receipt import receipt
    from ..receiptview import receipt_view

    if options.step:
        raise BadInput("a receipt is of a whole run", "--receipt", "leave the step out")
    found = receipt(session.store, view)
    if options.json:
        print_json(found)
    else:
        show_all(receipt_view(found, paint_for(sys.stdout)))
    return DONE
