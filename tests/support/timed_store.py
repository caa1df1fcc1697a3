"""An object store in memory with a clock of its own, by which each object has the time of its last write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone

from runner.override import override
from runner.ports import ObjectInfo
from tests.support.memory_store import MemoryStore


class TimedStore(MemoryStore):
    """A `MemoryStore` in virtual time."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.clock = now.timestamp()
        self.written: dict[str, float] = {}

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        found = super().stat(key)
        return found and replace(found, modified=self.written[key])

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        found = [replace(info, modified=self.written[info.key]) for info in super().list(prefix, after=after)]
        return iter(found)

    @override
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock, timezone.utc)

    @override
    def _write(self, key: str, data: bytes) -> None:
        super()._write(key, data)
        self.written[key] = self.clock
