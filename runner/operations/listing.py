"""The newest runs, each from two small objects: its index entry and its head."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from ..data.free_space import without_room
from ..dataclass import dataclass
from ..ports import FolderStore, ObjectStore
from ..runs import head, index, journal
from .controller_health import SILENCE


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run in a list. Every field is always written."""

    run: str
    experiment: str
    status: str
    """The status in the head; ``starting`` without a head, ``stopped`` if the controller has given up or is silent."""
    succeeded: int
    steps: int
    created: datetime
    ended: datetime | None
    user: str
    tags: dict[str, str]
    origin: str
    """The run that this run retries; empty: none."""


def newest(store: ObjectStore, count: int) -> Iterator[ListedRun]:
    """Return the newest `count` runs, newest first."""
    return islice(_all(store), count)


def status(seen: head.Head, now: datetime, *, full: bool = False) -> str:
    """Return the status of a run by its head, at the store's time. Ignore a silent controller on a `full` disk."""
    silent = now - seen.time > SILENCE and not full
    return "stopped" if seen.ended is None and (seen.error or silent) else seen.status.value


def is_begun(store: ObjectStore, run: str) -> bool:
    """Return True if the run has a journal: its submission may have died after the index entry."""
    return store.stat(journal.entry_key(run, 1)) is not None


def listed(store: ObjectStore, entry: index.IndexEntry, now: datetime, *, full: bool) -> ListedRun | None:
    """Return the run of an index entry; None if it was never submitted as a whole.

    Args:
        store: The workspace store.
        entry: The entry.
        now: The store's time.
        full: True if the disk of the store is full.
    """
    seen = head.read(store, entry.run)
    if seen is None and not is_begun(store, entry.run):
        return None
    return ListedRun(
        run=entry.run,
        experiment=entry.experiment,
        status=status(seen, now, full=full) if seen else "starting",
        succeeded=seen.succeeded if seen else 0,
        steps=entry.steps,
        created=entry.created,
        ended=seen.ended if seen else None,
        user=entry.user,
        tags=entry.tags,
        origin=entry.origin,
    )


def _all(store: ObjectStore) -> Iterator[ListedRun]:
    now = store.now()
    full = disk_is_full(store)
    found = (listed(store, entry, now, full=full) for entry in index.newest(store, sys.maxsize))
    return (run for run in found if run is not None)


def disk_is_full(store: ObjectStore) -> bool:
    """Return True if the store is a folder of a full disk: controllers give no sign of life then."""
    return isinstance(store, FolderStore) and bool(without_room(store.path("index")))
