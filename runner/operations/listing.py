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
from .liveness import SILENCE


@dataclass(frozen=True)
class ListedRun:
    """One run at a glance. Every field is always written."""

    run: str
    experiment: str
    status: str
    """As its controller last said; ``starting`` before it has, ``stopped`` when it has given up or fallen silent."""
    succeeded: int
    steps: int
    created: datetime
    ended: datetime | None
    user: str
    tags: dict[str, str]
    origin: str
    """The run of which it was made again; empty for others."""


def newest(store: ObjectStore, count: int) -> Iterator[ListedRun]:
    """The newest `count` runs, newest first."""
    return islice(_all(store), count)


def status(seen: head.Head, now: datetime, *, full: bool = False) -> str:
    """How a run stands by its head alone, at the store's time; on a `full` disk silence says nothing."""
    silent = now - seen.time > SILENCE and not full
    return "stopped" if seen.ended is None and (seen.error or silent) else seen.status.value


def is_begun(store: ObjectStore, run: str) -> bool:
    """Whether an entered run was journaled: its submission may have died between the two."""
    return store.stat(journal.entry_key(run, 1)) is not None


def _all(store: ObjectStore) -> Iterator[ListedRun]:
    now = store.now()
    full = isinstance(store, FolderStore) and bool(without_room(store.path("index")))
    for entry in index.newest(store, sys.maxsize):
        seen = head.read(store, entry.run)
        if seen is None and not is_begun(store, entry.run):
            continue
        yield ListedRun(
            entry.run,
            entry.experiment,
            status(seen, now, full=full) if seen else "starting",
            seen.succeeded if seen else 0,
            entry.steps,
            entry.created,
            seen.ended if seen else None,
            entry.user,
            entry.tags,
            entry.origin,
        )
