"""The newest runs, each from two small objects: its index entry and its head."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..ports import ObjectStore
from ..runs import head, index


@dataclass(frozen=True)
class ListedRun:
    """One run at a glance. Every field is always written."""

    run: str
    experiment: str
    status: str
    """As its controller last said; ``starting`` before it has."""
    succeeded: int
    steps: int
    created: datetime
    ended: datetime | None
    user: str
    tags: dict[str, str]


def newest(store: ObjectStore, count: int) -> Iterator[ListedRun]:
    """The newest `count` runs, newest first."""
    for entry in index.newest(store, count):
        seen = head.read(store, entry.run)
        yield ListedRun(
            entry.run,
            entry.experiment,
            seen.status.value if seen else "starting",
            seen.succeeded if seen else 0,
            entry.steps,
            entry.created,
            seen.ended if seen else None,
            entry.user,
            entry.tags,
        )
