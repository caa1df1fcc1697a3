"""Lines in a step's log about transfers that take long: one JSON object per line.

Transfers that end within `FIRST` seconds write nothing.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..dataclass import dataclass, field
from ..errors import RunnerError

FIRST = 5.0
"""Seconds before the first line."""
PERIOD = 10.0
"""Seconds between two lines."""
TICK = 1.0
"""Seconds between two looks at the clock."""
_PATIENCE = 5.0
"""Seconds to wait for a line that is on its way to the store."""


@dataclass(kw_only=True)
class TransferCount:
    """The `Progress` of all transfers of one phase. `begin` adds to the totals."""

    phase: str
    """``inputs`` or ``outputs``."""
    clock: Callable[[], float] = time.monotonic
    _files: int = 0
    _files_total: int = 0
    _bytes: int = 0
    _bytes_total: int = 0
    _begun: float = field(init=False)
    _written: float | None = None
    """The time of the last line."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._begun = self.clock()

    def begin(self, files: int, size: int) -> None:
        """Add files that are to be moved, and their bytes."""
        with self._lock:
            self._files_total += files
            self._bytes_total += size

    def moved(self, size: int) -> None:
        """Add bytes that were moved."""
        with self._lock:
            self._bytes += size

    def completed(self) -> None:
        """Add a file that is complete."""
        with self._lock:
            self._files += 1

    def due(self) -> str:
        """Return the line that is due now; empty: none is."""
        now = self.clock()
        next_line = self._begun + FIRST if self._written is None else self._written + PERIOD
        if now < next_line or not self._files_total:
            return ""
        self._written = now
        return self._line(now)

    def last(self) -> str:
        """Return the line for the end of the phase; empty: no line came before."""
        return "" if self._written is None else self._line(self.clock())

    def _line(self, now: float) -> str:
        with self._lock:
            shown = {
                "runner": "staging",
                "phase": self.phase,
                "files": self._files,
                "files_total": max(self._files, self._files_total),  # a place that changes is read more than once
                "bytes": self._bytes,
                "bytes_total": max(self._bytes, self._bytes_total),
                "seconds": round(now - self._begun, 1),
            }
        return json.dumps(shown)


@contextmanager
def reported(phase: str, add: Callable[[str], None]) -> Iterator[TransferCount]:
    """Write lines about the transfers of the block, in a thread, so that a slow store for logs never delays them.

    Args:
        phase: ``inputs`` or ``outputs``.
        add: Adds a line to the log. What it raises of the store's failures is shown in the container's log alone.

    Yields:
        What the transfers have to tell.

    """
    count, over = TransferCount(phase=phase), threading.Event()

    def tell() -> None:
        while not over.wait(TICK):
            _write(count.due(), add)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield count
    finally:
        over.set()
    thread.join(_PATIENCE)
    if not thread.is_alive():  # else the store for logs is away
        _write(count.last(), add)


def _write(line: str, add: Callable[[str], None]) -> None:
    if not line:
        return
    try:
        add(line)
    except (RunnerError, OSError) as error:
        print(f"runner: a line about transfers waits for the store: {error}", file=sys.stderr)
