"""``runner list``: the newest runs."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ...model.names import short
from ...operations.listing import ListedRun, newest
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..formatting import day, duration
from ..output import show_all, warn
from ..paint import Paint, paint_for
from ..reports import elsewhere
from ..status_style import style
from ..table import Cell, table


def run(options: Namespace) -> int:
    """Print the newest runs.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    session = open_session(Path.cwd(), options.target)
    found = tuple(newest(session.store, options.count))
    if options.json:
        print_json({"runs": found})
    elif found:
        show_all(listing(found, paint_for(sys.stdout)))
    else:
        ways = elsewhere(session) or ("start one: runner run FILE",)
        warn(f"no runs here yet; {'; or '.join(ways)}")
    return DONE


def listing(runs: Sequence[ListedRun], paint: Paint) -> list[str]:
    """Return the heading and a line per run.

    Args:
        runs: The runs.
        paint: The colours.

    """
    head = [Cell(text, "dim") for text in ("run", "experiment", "state", "steps", "started", "took", "by")]
    if any(run.origin for run in runs):
        head.append(Cell("again of", "dim"))
    return table([head, *(_row(run) for run in runs)], paint, indent=0)


def _row(run: ListedRun) -> list[Cell]:
    took = (run.ended - run.created).total_seconds() if run.ended else None
    return [
        Cell(run.run),
        Cell(run.experiment),
        Cell(run.status, style(run.status)),
        Cell(f"{run.succeeded}/{run.steps}", right=True),
        Cell(day(run.created)),
        Cell(duration(took), right=True),
        Cell(run.user, "dim"),
        Cell(short(run.origin), "dim"),
    ]
