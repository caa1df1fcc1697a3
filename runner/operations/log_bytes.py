"""The bytes of an attempt's log by their place, a block at a time: a log of any size is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Iterator

from ..dataclass import dataclass
from ..errors import ObjectMissing, StoreError
from ..model.task import TaskId
from ..ports import ObjectInfo, ObjectStore

BLOCK = 1 << 20
"""The most bytes that are read at once."""
_BACK = 1 << 16
"""Bytes that a search for the last lines reads at once."""


@dataclass(frozen=True)
class StoredLog:
    """The chunks of a log as they were when they were listed."""

    chunks: tuple[ObjectInfo, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(chunk.size for chunk in self.chunks)

    def read(self, store: ObjectStore, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`, at most `BLOCK` at once.

        Args:
            store: The workspace store.
            start: The first place.
            end: The place after the last one; not behind `size`.

        Raises:
            StoreError: A chunk cannot be read, or has become shorter.

        """
        at = 0
        for chunk in self.chunks:
            first, last = max(start - at, 0), min(end - at, chunk.size)
            at += chunk.size
            while first < last:
                data = store.read_range(chunk.key, first, min(BLOCK, last - first))
                if not data:
                    raise StoreError(f"the log {chunk.key!r} has become shorter")
                yield data
                first += len(data)

    def start_of_last(self, store: ObjectStore, lines: int, most: int) -> int:
        """Return the place at which the last lines begin.

        Args:
            store: The workspace store.
            lines: The number of lines, at least 1.
            most: Bytes: the place is no further before the end.

        Raises:
            StoreError: A chunk cannot be read.

        """
        end, wanted, behind = self.size, lines, True
        least = max(0, end - most)
        while end > least:
            start = max(least, end - _BACK)
            data = b"".join(self.read(store, start, end))
            if behind and data.endswith(b"\n"):
                wanted += 1  # the end of the last line begins no further one
            behind = False
            found = data.count(b"\n")
            if found >= wanted:
                at = len(data)
                for _ in range(wanted):
                    at = data.rindex(b"\n", 0, at)
                return start + at + 1
            wanted, end = wanted - found, start
        return least

    def lines_backwards(self, store: ObjectStore, least: int) -> Iterator[tuple[int, bytes]]:
        """Yield each line without its line feed and the place at which it begins, the last one first.

        Args:
            store: The workspace store.
            least: The place at which to stop; a line begins there.

        Raises:
            StoreError: A chunk cannot be read.

        """
        end, tail = self.size, b""  # `tail`: the end of a line whose beginning was not read yet
        if end > least and b"".join(self.read(store, end - 1, end)) == b"\n":
            end -= 1
        elif end <= least:
            return
        while end > least:
            start = max(least, end - _BACK)
            first, *whole = b"".join(self.read(store, start, end)).split(b"\n")
            if whole:
                whole[-1] += tail
                at = start + len(first) + 1 + sum(len(line) + 1 for line in whole)
                for line in reversed(whole):
                    at -= len(line) + 1
                    yield at, line
                tail = first
            else:
                tail = first + tail
            end = start
        yield least, tail


def stored_log(store: ObjectStore, task: TaskId, worker: int = 0) -> StoredLog:
    """Return the log of one worker of an attempt so far; empty if it has written nothing."""
    return StoredLog(tuple(store.list(task.worker_logs(worker))))


class LogReader:
    """Reads a log onwards while it is written."""

    def __init__(self, store: ObjectStore, task: TaskId, start: int = 0, worker: int = 0) -> None:
        """Begin at a place.

        Args:
            store: The workspace store, for the first search alone.
            task: The attempt.
            start: The place of the first byte to return.
            worker: The worker of the attempt whose log it is.

        """
        self._prefix = task.worker_logs(worker)
        self._chunk, self._offset = 1, start
        for chunk in store.list(self._prefix) if start else ():
            if self._offset <= chunk.size:  # at its end: it may grow
                break
            self._offset -= chunk.size
            self._chunk += 1

    def read(self, store: ObjectStore) -> bytes:
        """Return the next bytes, at most `BLOCK`; nothing if there are none yet.

        Args:
            store: The workspace store.

        """
        while True:
            data = self._next(store)
            # A chunk is complete once the next one exists: only then an empty rest means its end.
            if data or store.stat(self._key(self._chunk + 1)) is None:
                return data
            data = self._next(store)
            if data:
                return data
            self._chunk, self._offset = self._chunk + 1, 0

    def _next(self, store: ObjectStore) -> bytes:
        try:
            data = store.read_range(self._key(self._chunk), self._offset, BLOCK)
        except ObjectMissing:
            return b""
        self._offset += len(data)
        return data

    def _key(self, number: int) -> str:
        return f"{self._prefix}{number:08d}.txt"
