"""The lines of a log as they are written, all of them or a part."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..dataclass import dataclass, field
from ..model.task import TaskId
from ..ports import ObjectStore
from .log_bytes import LogReader, StoredLog, stored_log

COLOURS = re.compile("\x1b\\[[0-9;]*m")
"""Select Graphic Rendition (ECMA-48, 8.3.117)."""
_LONGEST = 1 << 20
"""Bytes of a line that a search for its beginning goes back at most."""


@dataclass(frozen=True)
class LogPart:
    """The part of each log that is wanted; the default is all of it."""

    last: int | None = None
    """The number of last lines of what is there at the first look; None: all. Later lines are all wanted."""
    since: float = 0.0
    """Seconds since the epoch. The log begins with the first chunk that the store has received then or later."""
    pattern: re.Pattern[str] | None = None
    """A line is wanted if this is found in it, colours aside; None: every line. `last` counts such lines alone."""

    def wants(self, line: str) -> bool:
        """Return True if a line is wanted.

        Args:
            line: The line.

        """
        return self.pattern is None or self.pattern.search(COLOURS.sub("", line)) is not None

    def start(self, store: ObjectStore, log: StoredLog) -> int:
        """Return the place in a log at which the part begins. Only the end of the log is read for the last lines.

        Args:
            store: The workspace store.
            log: The log.

        Raises:
            StoreError: The log cannot be read.

        """
        least = _since(store, log, self.since) if self.since else 0
        if self.last is None:
            return least
        if not self.last:
            return log.size
        if self.pattern is None:
            return log.start_of_last(store, self.last, log.size - least)
        return self._start_of_matches(store, log, least)

    def _start_of_matches(self, store: ObjectStore, log: StoredLog, least: int) -> int:
        """Return the place of the line with which the last matching lines begin, looking from the end."""
        left, place = self.last or 0, log.size
        for at, line in log.lines_backwards(store, least):
            if self.wants(decoded(line)):
                left, place = left - 1, at
                if not left:
                    break
        return place


ALL = LogPart()


def decoded(line: bytes) -> str:
    """Return a line as text. Bytes that are not UTF-8 become lone surrogates (PEP 383), so that none is lost.

    Args:
        line: The line.

    """
    return line.decode(errors="surrogateescape")


def _since(store: ObjectStore, log: StoredLog, since: float) -> int:
    """Return the place of the first line that reaches into a chunk of that time or later."""
    old: list[int] = []
    for at, chunk in enumerate(log.chunks):
        if chunk.modified >= since:
            break
        old.append(at)
    before = StoredLog(log.chunks[: len(old)])
    if not before.size or len(old) == len(log.chunks):
        return before.size
    end = b"".join(before.read(store, before.size - 1, before.size))
    return before.size if end == b"\n" else before.start_of_last(store, 1, _LONGEST)


@dataclass(kw_only=True)
class LogFollower:
    """A reader of an attempt's log chunks as they appear; the last one may still grow (local runs)."""

    store: ObjectStore
    task: TaskId
    worker: int = 0
    """The worker of the attempt whose log it is."""
    part: LogPart = ALL
    """The part that is read, as the log is at the first look."""
    _reader: LogReader | None = None
    _rest: bytes = field(default=b"")

    def lines(self, *, final: bool = False) -> Iterator[str]:
        """Yield the complete lines that are new and wanted, without their line feed.

        An error of the store loses nothing: a later call yields what was not yielded yet.

        Args:
            final: Yield an unfinished last line as well.

        Raises:
            StoreError: The store cannot be read.

        """
        for line in self._new_lines(final=final):
            text = decoded(line)
            if self.part.wants(text):
                yield text

    def _new_lines(self, *, final: bool) -> Iterator[bytes]:
        if self._reader is None:
            self._reader = self._opened()
        while data := self._reader.read(self.store):
            *whole, self._rest = (self._rest + data).split(b"\n")
            yield from whole
        if final and self._rest:
            line, self._rest = self._rest, b""
            yield line

    def _opened(self) -> LogReader:
        start = 0
        if self.part.last is not None or self.part.since:
            start = self.part.start(self.store, stored_log(self.store, self.task, self.worker))
        return LogReader(self.store, self.task, start, self.worker)
