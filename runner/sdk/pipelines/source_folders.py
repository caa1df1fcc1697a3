"""Checks of the folders of a draft's scripts, before anything is submitted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ...data import snapshot
from ...errors import BadInput, Problem
from ...model.plan import Plan
from ...plan.lock import sources
from ..base.exceptions import SnapshotException


def size_notes(plan: Plan) -> tuple[str, ...]:
    """Return a line for each large snapshot.

    Args:
        plan: The draft plan.

    Raises:
        SnapshotException: Folders are over v1's limits, have links that leave them, or leave out a step's script.

    """
    problems: list[Problem] = []
    notes: list[str] = []
    for source in sources(plan):
        try:
            found = snapshot.sizes(Path(source))
        except BadInput as error:
            problems.extend(error.problems)
            continue
        problems.extend(_ignored_scripts(plan, source, found))
        notes.append(snapshot.size_note(Path(source), found))
    if problems:
        raised = SnapshotException("\n".join(problem.what for problem in problems))
        raised.problems = tuple(problems)
        raise raised
    return tuple(filter(None, notes))


def _ignored_scripts(plan: Plan, source: str, found: Mapping[str, int]) -> Iterator[Problem]:
    for script in dict.fromkeys(step.script for step in plan.steps if step.source == source and step.script):
        if Path(script).as_posix() not in found:
            yield Problem(
                f"the script {script} is not part of the snapshot: .amlignore or .gitignore leaves it out, "
                "or it lies outside source_directory",
                source,
                "change the ignore file (an .amlignore is read instead of .gitignore), or source_directory",
            )
