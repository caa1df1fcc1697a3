"""``runner list``: runs, newest first."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from ...errors import BadInput, Problem
from ...model.names import short
from ...operations.listing import STATES, ListedRun
from ...operations.moments import moment
from ...operations.run_pages import RunFilter, RunPage, page
from ...ports import ObjectStore
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..formatting import clip, day, duration
from ..output import show_all, warn
from ..paint import Paint, is_terminal, paint_for
from ..reports import elsewhere
from ..status_style import style
from ..table import Cell, table

_PAGE = 200
_TAGS = 40
"""The most characters of the tags of a run."""


def run(options: Namespace) -> int:
    """Print the newest runs that fit.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    wanted = _filter(options, datetime.now(timezone.utc))
    session = open_session(Path.cwd(), options.target)
    found = _page(session.store, wanted, options)
    if options.json:
        print_json({"runs": found.runs, "cursor": found.cursor or None})
    elif found.runs:
        show_all(listing(found.runs, paint_for(sys.stdout)))
        if found.cursor and is_terminal(sys.stdout):
            warn(f"there are older ones: add --all, or --cursor {found.cursor}")
    elif wanted != RunFilter() or options.cursor:
        warn("no run fits; without options, `runner list` shows the newest ones")
    else:
        ways = elsewhere(session) or ("start one: runner run FILE",)
        warn(f"no runs here yet; {'; or '.join(ways)}")
    return DONE


def _filter(options: Namespace, now: datetime) -> RunFilter:
    """Return what the command line asks for. Raise BadInput with all problems."""
    problems: list[Problem] = []
    times: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        try:
            times[name] = moment(getattr(options, name), f"--{name}", now=now, local=True)
        except BadInput as error:
            problems += error.problems
    if options.state and options.state not in STATES:
        from difflib import get_close_matches

        near = get_close_matches(options.state.lower(), STATES, 1, 0.5)
        meant = f"did you mean '{near[0]}'? " if near else ""
        problems += BadInput(
            f"there is no state '{options.state}'", "--state", f"{meant}states are {', '.join(STATES)}"
        ).problems
    if problems:
        raise BadInput(problems)
    return RunFilter(
        experiment=options.experiment,
        status=options.state,
        tag=options.tag,
        user=options.user,
        text=options.text,
        since=times["since"],
        until=times["until"],
    )


def _page(store: ObjectStore, wanted: RunFilter, options: Namespace) -> RunPage:
    """Return as many runs as are asked for, by as many pages as it takes."""
    runs: list[ListedRun] = []
    cursor = options.cursor
    while True:
        limit = _PAGE if options.every else min(_PAGE, options.count - len(runs))
        found = page(store, wanted, cursor=cursor, limit=limit)
        runs += found.runs
        cursor = found.cursor
        if not cursor or (len(runs) >= options.count and not options.every):
            return RunPage(tuple(runs), cursor)


def listing(runs: Sequence[ListedRun], paint: Paint) -> list[str]:
    """Return the heading and a line per run.

    Args:
        runs: The runs.
        paint: The colours.

    """
    head = [Cell(text, "dim") for text in ("run", "experiment", "state", "steps", "started", "took", "by")]
    head.append(Cell("again of" if any(run.origin for run in runs) else "", "dim"))
    head.append(Cell("tags" if any(run.tags for run in runs) else "", "dim"))
    return table([head, *(_row(run) for run in runs)], paint, indent=0)


def _row(run: ListedRun) -> list[Cell]:
    took = (run.ended - run.created).total_seconds() if run.ended else None
    tags = ", ".join(f"{name}={value}" if value else name for name, value in run.tags.items())
    return [
        Cell(run.run),
        Cell(run.experiment),
        Cell(run.status, style(run.status)),
        Cell(f"{run.succeeded}/{run.steps}", right=True),
        Cell(day(run.created)),
        Cell(duration(took), right=True),
        Cell(run.user, "dim"),
        Cell(short(run.origin), "dim"),
        Cell(clip(tags, _TAGS), "dim"),
    ]
