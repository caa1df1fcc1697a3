"""Delete plans, snapshots and manifests that nothing names. Their names are digests, so a writer may need one again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

from ...data import collector
from ...ports import ObjectInfo, ObjectStore

FOLDERS = ("plans/", "snapshots/", "manifests/")
AGE = 2 * collector.RENEW_AFTER
"""Seconds: younger objects stay, since the run that needs one may not be known yet."""
_BATCH = 64
_RENEWAL = collector.LEASE / 4
"""Seconds after which the announcement is renewed."""


def unneeded(store: ObjectStore, digests: Collection[str], now: datetime) -> Iterator[ObjectInfo]:
    """Yield the old objects whose digest is not among `digests`. Raises StoreError."""
    for folder in FOLDERS:
        for info in store.list(folder):
            if info.key[len(folder) :].partition(".")[0] not in digests and is_old(info, now):
                yield info


def is_old(info: ObjectInfo, now: datetime) -> bool:
    """Return True if an object was written `AGE` ago or earlier. One of unknown age is not old."""
    return bool(info.modified) and now.timestamp() - info.modified >= AGE


@dataclass(kw_only=True)
class ContentSweep:
    """Deletes objects while an announcement of it stands in the store."""

    store: ObjectStore
    renew_lock: Callable[[], None]
    """Renews the lock of the whole collection. Raises RunnerError if another process holds it."""
    monotonic: Callable[[], float]
    pool: ThreadPoolExecutor | None = None
    """Threads for a bucket. None: one object after the other."""
    _announced: float = field(default=0.0)

    def delete(self, found: Collection[ObjectInfo], now: datetime) -> list[ObjectInfo]:
        """Delete those objects that are still as they were found, and return them. Raises StoreError."""
        if not found:
            return []
        self._announce()
        try:
            return [info for batch in _batches(list(found)) for info in self._deleted(batch, now)]
        finally:
            self.store.delete(collector.DELETING)

    def _deleted(self, batch: list[ObjectInfo], now: datetime) -> list[ObjectInfo]:
        self.renew_lock()
        if self.monotonic() - self._announced > _RENEWAL:
            self._announce()
        gone = (
            self.pool.map(lambda one: self._delete(one, now), batch)
            if self.pool
            else (self._delete(one, now) for one in batch)
        )
        return [info for info, done in zip(batch, gone, strict=True) if done]

    def _delete(self, info: ObjectInfo, now: datetime) -> bool:
        """Delete an object unless a writer has renewed it. Writers that come later see the announcement."""
        again = self.store.stat(info.key)
        if again is None or again != info or not is_old(again, now) or again.modified != info.modified:
            return False
        if self.monotonic() - self._announced > collector.LEASE / 2:
            return False  # this process stood still: a writer may have taken it for a dead one
        self.store.delete(info.key)
        return True

    def _announce(self) -> None:
        begun = self.monotonic()
        self.store.put(collector.DELETING, repr(begun).encode())
        self._announced = begun


def _batches(found: list[ObjectInfo]) -> Iterator[list[ObjectInfo]]:
    yield from (found[at : at + _BATCH] for at in range(0, len(found), _BATCH))
