"""``runner show [RUN] [STEP]``: everything about one step, or about all steps of a run."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ...operations.detail import detail
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..paint import paint_for
from ..reports import find_run_and_step, report_of_step
from ..stepview import step_view


def run(options: Namespace) -> int:
    """Print it."""
    session = open_session(Path.cwd(), options.target)
    view, chosen = find_run_and_step(session, options.run, options.step)
    keys = [chosen] if chosen else list(view.state.steps)
    found = [detail(session.store, view, report_of_step(session, view, key)) for key in keys]
    if options.json:
        print_json(found[0] if chosen else {"run": view.state.run, "steps": found})
        return DONE
    paint = paint_for(sys.stdout)
    print("\n\n".join("\n".join(step_view(each, paint, str(Path.cwd()))) for each in found))
    return DONE
