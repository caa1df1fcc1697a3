"""The audit log: one line of JSON for each call, written by a thread of its own.

Calls must not wait for the program that reads the log. Only so many lines wait for it; what is left out is counted in
the next line.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections.abc import Callable, Mapping

log = logging.getLogger("runner.server")
_MOST = 10_000
"""The most lines that wait."""


class AuditLog:
    """Writes the audit records of calls in order."""

    def __init__(self, write: Callable[[str], None], most: int = _MOST) -> None:
        """Start the thread.

        Args:
            write: Writes a text to the log. It may wait as long as it likes, and may raise OSError.
            most: The most lines that wait. Default: 10,000.

        """
        self._write = write
        self._lines: queue.Queue[str | None] = queue.Queue(most)
        self._lost = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._work, name="audit", daemon=True)
        self._thread.start()

    def add(self, record: Mapping[str, object]) -> None:
        """Have a record written. It never waits: a log that is full or gone stops no call.

        Args:
            record: The record, for JSON.

        """
        try:
            self._lines.put_nowait(f"{json.dumps(record)}\n")
        except queue.Full:
            with self._lock:
                self._lost += 1

    def close(self, seconds: float) -> None:
        """Wait until all is written.

        Args:
            seconds: The most to wait, in seconds.

        """
        try:
            self._lines.put(None, timeout=seconds)
        except queue.Full:
            return
        self._thread.join(seconds)

    def _work(self) -> None:
        while (line := self._lines.get()) is not None:
            with self._lock:
                lost, self._lost = self._lost, 0
            self._put(line)
            if lost:
                self._put(f"{json.dumps({'lost': lost})}\n")

    def _put(self, line: str) -> None:
        try:
            self._write(line)
        except OSError as error:
            log.error("the audit record could not be written: %s", error)  # noqa: TRY400
