"""The history of a schedule: ``registry/published/schedule-runs/<schedule>/<inverted due time>.json``.

A listing yields the newest first. A firing is written before its run is submitted (claimed), and again afterwards. No
step can write the folder: a forged firing would silence its schedule, or start runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.firing import Firing, FiringState
from ...model.names import SCHEDULE_RUNS, inverted
from ...model.stored_documents import read_document
from ...runs import journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from ...ports import ObjectStore


def newest_first(store: ObjectStore, schedule: str, *, before: str = "") -> Iterator[Firing]:
    """Yield the firings of a schedule, newest due time first.

    Args:
        store: The workspace store.
        schedule: The schedule's id.
        before: The `place_of` a firing; only those before it are yielded. Default: empty, all.

    """
    folder = f"{SCHEDULE_RUNS}{schedule}/"
    for info in store.list(folder, after=f"{folder}{before}.json" if before else ""):
        yield read_document(Firing, store.get(info.key), info.key)


def place_of(firing: Firing) -> str:
    """Return the place of a firing in the history, as text.

    Args:
        firing: The firing.

    """
    return inverted(firing.due)


def runs(store: ObjectStore, schedule: str) -> Iterator[str]:
    """Yield the ids of the runs that a schedule has started, newest first, without those that `runner gc` has deleted.

    Args:
        store: The workspace store.
        schedule: The schedule's id.

    """
    for firing in newest_first(store, schedule):
        if firing.state is FiringState.SUBMITTED and journal.has_more(store, firing.run, 0):
            yield firing.run


def is_known(store: ObjectStore, schedule: str, due: datetime) -> bool:
    """Return True if a due time is in the history.

    Args:
        store: The workspace store.
        schedule: The schedule's id.
        due: The due time.

    """
    return store.stat(_key(schedule, due)) is not None


def claim(store: ObjectStore, schedule: str, firing: Firing) -> bool:
    """Write a firing unless its due time is in the history; return True if it was written.

    Args:
        store: The workspace store.
        schedule: The schedule's id.
        firing: The firing.

    """
    return store.put_if_absent(_key(schedule, firing.due), _encode(firing))


def settle(store: ObjectStore, schedule: str, firing: Firing) -> None:
    """Write how a claimed firing ended.

    Args:
        store: The workspace store.
        schedule: The schedule's id.
        firing: The firing.

    """
    store.put(_key(schedule, firing.due), _encode(firing))


def _key(schedule: str, due: datetime) -> str:
    return f"{SCHEDULE_RUNS}{schedule}/{inverted(due)}.json"


def _encode(firing: Firing) -> bytes:
    return canonical_json(to_document(firing))
