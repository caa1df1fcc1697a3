"""``runner environment list | gc``: the environments that exist on a target."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from datetime import timedelta
from pathlib import PurePosixPath

from ..errors import BadInput
from ..model.names import short
from ..operations.environment_objects import ENVIRONMENTS, unneeded_objects
from ..operations.environment_uses import Verdict, judge, kept
from ..ports import ObjectInfo, StoredEnvironment
from ..wiring import OpenWorkspace
from ..wiring.environment_runs import EnvironmentRuns
from .documents import print_json
from .exits import DONE
from .formatting import day, many, size
from .main import print_problems
from .output import show, show_all, warn
from .paint import Paint, paint_for
from .table import Cell, Row, table

_MOST_NAMES = 2
"""The most names of one environment in a line."""


def list_environments(session: OpenWorkspace, options: Namespace) -> int:
    """Print the environments of the target in force, and the runs that use them."""
    stored = session.inventory(session.target_in_force).stored()
    runs = EnvironmentRuns(session)
    found = judge(stored, runs.now(), session.store.now())
    if options.json:
        print_json({"target": session.target_in_force, "environments": [document(each) for each in found]})
        return DONE
    if found:
        show_all(listing(found, paint_for(sys.stdout)))
    else:
        warn(f"no environments on target '{session.target_in_force}' yet; make them: runner environment build FILE")
    print_problems(runs.problems)
    return DONE


def collect(session: OpenWorkspace, options: Namespace) -> int:
    """Print the environments that no run needs; with ``--yes``, delete them. Raises BadInput."""
    inventory = session.inventory(session.target_in_force)
    age = None if options.keep_days is None else timedelta(days=options.keep_days)
    runs = EnvironmentRuns(session)
    unneeded = _unneeded(session, inventory.stored(), runs, age)
    objects = unneeded_objects(session.store.list(ENVIRONMENTS), runs.own, session.store.now())
    deleted = [
        each
        for each in (unneeded if options.yes else ())
        if _unneeded(session, [each.stored], runs, age) and inventory.remove(each.stored)
    ]
    for each in objects if options.yes else ():
        session.store.delete(each.key)
    if options.json:
        done = {each.stored.reference for each in deleted}
        print_json(
            {
                "target": session.target_in_force,
                "environments": [{**document(each), "deleted": each.stored.reference in done} for each in unneeded],
                "objects": [{"key": each.key, "bytes": each.size, "deleted": options.yes} for each in objects],
            }
        )
        return DONE
    _report(unneeded, deleted, objects, deletes=options.yes)
    return DONE


def _unneeded(
    session: OpenWorkspace, stored: Sequence[StoredEnvironment], runs: EnvironmentRuns, age: timedelta | None
) -> tuple[Verdict, ...]:
    """Return the environments that no kept run needs now. Raises BadInput if the runs of a workspace are unknown.

    They were listed before the runs are read, so that a run that begins in between counts.
    """
    now = session.store.now()
    found = judge(stored, kept(runs.now(), now, age), now)
    if runs.problems:
        raise BadInput(runs.problems)
    return tuple(each for each in found if not each.needed)


def _report(
    unneeded: Sequence[Verdict], deleted: Sequence[Verdict], objects: Sequence[ObjectInfo], *, deletes: bool
) -> None:
    paint = paint_for(sys.stdout)
    if not unneeded and not objects:
        show("nothing to delete: every environment here is needed")
        return
    chosen = deleted if deletes else unneeded
    sizes = [*(each.stored.size for each in chosen), *(each.size for each in objects)]
    stored = f" and {many(len(objects), 'stored document')}" if objects else ""
    total = f"{many(len(chosen), 'environment')}{stored}, {size(sum(sizes))}"
    show_all(listing(unneeded, paint) if unneeded else ())
    if not deletes:
        show("", f"{total}; delete them: {paint('runner environment gc --yes', 'cyan')}")
        return
    show("", f"deleted {total}")
    if len(deleted) < len(unneeded):
        warn(f"{many(len(unneeded) - len(deleted), 'environment')} came into use meanwhile and stayed")


def listing(found: Sequence[Verdict], paint: Paint) -> list[str]:
    """Return the heading and a line per environment, and the places in which they are.

    Args:
        found: The environments.
        paint: The colours.

    """
    head = [Cell(text, "dim") for text in ("environment", "name", "lock", "size", "made", "used by")]
    places = dict.fromkeys(_place(each.stored) for each in found)
    lines = table([head, *(_row(each) for each in found)], paint, indent=0)
    return [*lines, *(paint(f"in {place}", "dim") for place in places)]


def _row(each: Verdict) -> Row:
    stored = each.stored
    names = ", ".join(each.names[:_MOST_NAMES]) + ("…" if len(each.names) > _MOST_NAMES else "")
    if not stored.complete:
        names = "(unfinished)"
    used = f"{many(len(each.runs), 'run')}: {short(each.runs[0])}" if each.runs else each.reason or "no run"
    return [
        Cell(title(stored)),
        Cell(names),
        Cell(stored.lock[:8], "dim"),
        Cell(size(stored.size) if stored.size else "", right=True),
        Cell(day(stored.made) if stored.made else ""),
        Cell(used, "" if each.needed else "yellow"),
    ]


def title(stored: StoredEnvironment) -> str:
    """Return the short name of an environment: the folder of a virtual environment, or the tag of a local image."""
    path = PurePosixPath(stored.reference)
    if path.is_absolute():
        return path.parents[1].name
    return stored.reference if "/" in stored.reference else stored.reference.rpartition(":")[2]


def _place(stored: StoredEnvironment) -> str:
    path = PurePosixPath(stored.reference)
    return str(path.parents[2]) if path.is_absolute() else stored.place


def document(each: Verdict) -> dict[str, object]:
    """Return the JSON document of an environment.

    Args:
        each: The environment with the runs that use it.

    """
    stored = each.stored
    return {
        "reference": stored.reference,
        "place": stored.place,
        "complete": stored.complete,
        "names": list(each.names),
        "environment": stored.environment,
        "lock": stored.lock,
        "base": stored.base,
        "bytes": stored.size,
        "made": stored.made,
        "used": stored.used,
        "runs": list(each.runs),
        "kept": each.reason,
    }
