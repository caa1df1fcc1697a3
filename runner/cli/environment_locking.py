"""``runner environment lock``: resolve environments, and store their locks."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator

from ..operations.environment_details import PlacedEnvironment, lock_detail
from ..operations.environment_locking import LockedEnvironment, lock_all
from ..ports import Notify
from ..wiring import OpenWorkspace
from .documents import print_json
from .environment_views import change_lines, lock_text
from .exits import DONE
from .output import show_all
from .paint import Paint, paint_for


def lock(
    session: OpenWorkspace, environments: tuple[PlacedEnvironment, ...], options: Namespace, notify: Notify
) -> int:
    """Store the lock of each environment, and print it. Return the exit code. Raises BadInput, EnvironmentFailed."""
    found = lock_all(session.store, environments, session.environments, notify, upgrade=options.upgrade)
    if options.json:
        print_json({"environments": [_document(each) for each in found]})
        return DONE
    paint = paint_for(sys.stdout)
    for each in found:
        show_all(_lines(each, paint, renewed=options.upgrade))
    return DONE


def _lines(each: LockedEnvironment, paint: Paint, *, renewed: bool) -> Iterator[str]:
    head = f"{paint(each.name, 'bold')} on {each.target}"
    detail = lock_detail(each.lock)
    if detail is None or not detail.packages:
        yield f"{head}: nothing to lock"
        return
    yield f"{head}: {'locked' if each.new else 'is locked'}"
    yield f"  {lock_text(detail)}"
    if detail.date:
        yield f"  no package is newer than {detail.date}"
    if renewed:
        yield from change_lines(each.changes, paint)


def _document(each: LockedEnvironment) -> dict[str, object]:
    return {
        "name": each.name,
        "target": each.target,
        "new": each.new,
        "lock": lock_detail(each.lock),
        "changes": list(each.changes),
    }
