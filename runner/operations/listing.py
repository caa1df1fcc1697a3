"""A run in a list: its index entry, its tags now, and its head."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..data.free_space import without_room
from ..dataclass import dataclass
from ..model.status import RUN_ENDS, RunStatus
from ..ports import FolderStore, ObjectStore
from ..runs import head, index, journal
from .controller_health import SILENCE

STATES = (*(status.value for status in RunStatus), "starting", "stopped")
"""The states of runs in a list."""


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
    tags: Mapping[str, str]
    description: str
    origin: str
    """The run that this run retries; empty: none."""


def latest(store: ObjectStore) -> str:
    """Return the id of the newest run; empty: there is none."""
    return next((run for run in index.run_ids(store) if is_begun(store, run)), "")


def status(seen: head.Head, now: datetime, *, full: bool = False) -> str:
    """Return the status of a run by its head, at the store's time. Ignore a silent controller on a `full` disk."""
    silent = now - seen.time > SILENCE and not full
    return "stopped" if seen.ended is None and (seen.error or silent) else seen.status.value


def is_final(seen: head.Head) -> bool:
    """Return True if the head is that of a run that has ended: it does not change any more."""
    return seen.ended is not None and seen.status in RUN_ENDS


def is_begun(store: ObjectStore, run: str) -> bool:
    """Return True if the run has a journal: its submission may have died after the index entry."""
    return store.stat(journal.entry_key(run, 1)) is not None


def listed(entry: index.IndexEntry, seen: head.Head | None, tags: Mapping[str, str], status: str) -> ListedRun:
    """Return the run of an index entry.

    Args:
        entry: The entry.
        seen: The head; None: there is none yet.
        tags: The tags now.
        status: Its status.
    """
    return ListedRun(
        run=entry.run,
        experiment=entry.experiment,
        status=status,
        succeeded=seen.succeeded if seen else 0,
        steps=entry.steps,
        created=entry.created,
        ended=seen.ended if seen else None,
        user=entry.user,
        tags=tags,
        description=entry.description,
        origin=entry.origin,
    )


def disk_is_full(store: ObjectStore) -> bool:
    """Return True if the store is a folder of a full disk: controllers give no sign of life then."""
    return isinstance(store, FolderStore) and bool(without_room(store.path("index")))
