"""``runner tag RUN NAME=VALUE …``: set, remove and show the tags of a run."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...errors import BadInput, Problem
from ...operations.run_tags import set_tags, tags_of
from ...wiring import open_session
from ..documents import print_json
from ..exits import DONE
from ..output import show_all
from ..paint import paint_for
from ..reports import find_run
from ..table import Cell, table


def run(options: Namespace) -> int:
    """Change the tags of a run, and print all that it has.

    Args:
        options: The command line.

    Returns:
        The exit code.

    """
    changes = changes_of(options.changes)
    session = open_session(Path.cwd(), options.target)
    view = session.view(find_run(session, options.run))
    known = set_tags(session.store, view, changes) if changes else tags_of(session.store, view)
    if options.json:
        print_json({"run": view.state.run, "tags": known})
    else:
        rows = [[Cell(name), Cell(value, "bold")] for name, value in known.items()]
        show_all(table(rows, paint_for(sys.stdout), indent=0))
    return DONE


def changes_of(words: Sequence[str]) -> Mapping[str, str | None]:
    """Return the changes that ``NAME=VALUE`` and ``NAME=`` ask for.

    Args:
        words: The words of the command line.

    Raises:
        BadInput: A word has no name or no equals sign, or a name is there twice.

    """
    problems: list[Problem] = []
    changes: dict[str, str | None] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            remedy = "write NAME=VALUE to set a tag, or NAME= to remove it"
            problems.append(Problem(f"'{word}' is no change of a tag", remedy=remedy))
        elif name in changes:
            problems.append(Problem(f"the tag '{name}' is given twice", remedy="give each tag once"))
        changes[name] = value or None
    if problems:
        raise BadInput(problems)
    return changes
