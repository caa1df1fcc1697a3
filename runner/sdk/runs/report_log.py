"""Report lines in the workspace store, for runs that no step's process writes: as chunks, since objects do not grow.

The key of a chunk is ``<prefix><file>/<time of its first write>-<random letters>.jsonl``. A writer overwrites its own
newest chunk until that is full. All waiting lines go into it at once, so that the number of writes follows the time,
not the number of lines. Lines are visible at once; metrics, of which there may be a million, within `PAUSE` seconds.
Each line has the time of its writing (``at``, nanoseconds since 1970), by which lines of several writers are sorted.
"""

from __future__ import annotations

import atexit
import itertools
import json
import os
import threading
import time
import weakref
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import ObjectMissing, StoreError
from ...runs.tags import written
from .reports import METRICS, Line, parse, plain

if TYPE_CHECKING:
    from ...ports import ObjectStore

CHUNK = 16 << 10
"""Bytes after which a writer begins another chunk: at most so many are written again."""
BURST = 1 << 20
"""Bytes that are written at once at most; lines that were logged meanwhile go into further chunks."""
PAUSE = 0.2
"""Seconds between two writes of metrics."""


class ReportLog:
    """The reports below a prefix of the workspace store.

    Args:
        store: The workspace store.
        prefix: The prefix.

    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._open: dict[str, tuple[str, bytes]] = {}
        self._waiting: dict[str, list[bytes]] = {}
        self._lock = threading.RLock()
        self._written = 0.0
        self._timer: threading.Timer | None = None
        with _registering:
            _logs.add(self)

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Write one line: a metric soon, others at once.

        Args:
            file: The report file.
            line: The line.

        Raises:
            StoreError: The store fails; the line waits for the next write.

        """
        data = json.dumps({**line, "at": time.time_ns()}, default=plain).encode() + b"\n"
        with self._lock:
            self._waiting.setdefault(file, []).append(data)
            if file != METRICS or time.monotonic() - self._written >= PAUSE:
                self.flush()
            elif self._timer is None:
                self._timer = threading.Timer(PAUSE, self._flush_later)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write the waiting lines.

        Raises:
            StoreError: The store fails; the lines still wait.

        """
        with self._lock:
            self._timer = None
            for file, lines in self._waiting.items():
                while lines:
                    self._write(file, lines)
            self._written = time.monotonic()

    def lines(self, file: str) -> list[Line]:
        """Return all lines of all writers so far, in the order of writing.

        Args:
            file: The report file.

        Raises:
            StoreError: The store fails.

        """
        flush_all()
        found: list[Line] = []
        for info in self._store.list(f"{self._prefix}{file}/"):
            try:
                found.extend(parse(self._store.get(info.key)))
            except ObjectMissing:  # removed meanwhile
                continue
        return sorted(found, key=written)

    def _write(self, file: str, lines: list[bytes]) -> None:
        """Write as many lines as one write takes, to the open chunk or to a new one."""
        key, data = self._open.get(file, ("", b""))
        if not key or len(data) >= CHUNK:
            key, data = f"{self._prefix}{file}/{time.time_ns():019d}-{os.urandom(4).hex()}.jsonl", b""
        sizes = itertools.accumulate(map(len, lines))
        taken = next((count for count, size in enumerate(sizes, 1) if size >= BURST), len(lines))
        data += b"".join(lines[:taken])
        self._store.put(key, data)
        self._open[file] = (key, data)
        del lines[:taken]

    def _flush_later(self) -> None:
        try:
            self.flush()
        except StoreError:
            return  # the lines wait; whoever writes or reads next hears of it

    def begin_anew(self) -> None:
        """Start with new chunks, in a forked process.

        Waiting lines, and a lock that a thread had, stay with its parent.
        """
        self._open, self._waiting, self._timer, self._lock = {}, {}, None, threading.RLock()


_logs: weakref.WeakSet[ReportLog] = weakref.WeakSet()
_registering = threading.Lock()


@atexit.register
def flush_all() -> None:
    """Write the waiting lines of every log of this process.

    Raises:
        StoreError: The store fails.

    """
    with _registering:
        known = tuple(_logs)
    for log in known:
        log.flush()


def _forked() -> None:
    global _registering
    _registering = threading.Lock()
    for log in tuple(_logs):
        log.begin_anew()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forked)
