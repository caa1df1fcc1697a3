"""``runner why RUN STEP``: the reason why a step ran or was reused."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

from ...errors import BadInput
from ...operations.why import Explanation, explain
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show_all
from ..paint import Paint, paint_for
from ..reports import find_run_and_step
from ..table import Cell, table


def run(options: Namespace) -> int:
    """Print the differences of a step from the nearest earlier ones.

    Args:
        options: The command line.

    Returns:
        The exit code.

    Raises:
        BadInput: No step is given and the run has several.

    """
    session = open_session(Path.cwd(), options.target)
    view, key = find_run_and_step(session, options.run, options.step)
    if not key and len(view.plan.steps) > 1:
        names = ", ".join(step.name for step in view.plan.steps[:10])
        raise BadInput(f"which step? The run has: {names}", remedy="runner why RUN STEP")
    explanation = explain(session.store, session.datastore, view, key or view.plan.steps[0].key)
    if options.json:
        print_json(explanation)
    else:
        show_all(_lines(explanation, view.plan.by_key[explanation.key].name, paint_for(sys.stdout)))
    return DONE


def _lines(explanation: Explanation, name: str, paint: Paint) -> Iterator[str]:
    yield f"{paint(name, 'bold')} {explanation.verdict}: {explanation.reason}" + (
        " in" if explanation.differences else ""
    )
    rows = [
        [Cell(each.field, "bold"), Cell(f"{each.before} → {each.after}" if each.after else each.before)]
        for each in explanation.differences
    ]
    yield from table(rows, paint)
