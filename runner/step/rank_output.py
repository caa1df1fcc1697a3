"""The output of one rank: each line goes to the step's log, marked by its rank, and to a file of the rank's own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from ..dataclass import dataclass, field

FOLDER = Path("logs")
"""The folder of the ranks' files in the working directory; the run keeps all files in it."""
LAST_LINES = 15
"""Lines of a failed rank that are shown again at the end: the attempt record keeps 20 lines of the log."""
_LAST_BYTES = 2500
"""The most bytes of them, for the same reason."""
_PIECE = 64 << 10
"""The most bytes that wait for the end of their line."""
_CLOSING = 2.0
"""Seconds for which the output may stay open after its process ended, because another process still holds it."""
_printing = threading.Lock()


class LastLines:
    """The newest lines of an output."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=LAST_LINES)

    def add(self, line: bytes) -> None:
        """Add one line; empty ones are left out."""
        if line.strip():
            self._lines.append(line.rstrip(b"\r\n")[-_LAST_BYTES:])

    @property
    def text(self) -> tuple[str, ...]:
        """The lines, as many of the last ones as the attempt record has room for."""
        kept: list[str] = []
        room = _LAST_BYTES
        for line in reversed(self._lines):
            room -= len(line) + 1
            if room < 0 and kept:
                break
            kept.append(line.decode(errors="replace"))
        return tuple(reversed(kept))


@dataclass(kw_only=True)
class RankOutput:
    """The output of one process on its way to the log and to its file."""

    mark: bytes
    """The text before each line in the log."""
    file: Path | None = None
    """The file for the output without marks. None: none."""
    show: Callable[[bytes], None]
    """Writes to the step's log."""
    last: LastLines = field(default_factory=LastLines)
    _reader: threading.Thread | None = None

    def follow(self, stream: IO[bytes]) -> None:
        """Start to read in a thread."""
        self._reader = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Wait for the end of the output, for a moment."""
        if self._reader is not None:
            self._reader.join(_CLOSING)

    def _read(self, stream: IO[bytes]) -> None:
        if self.file is None:
            self._copy(stream, lambda _data: None)
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("ab", buffering=0) as file:
            self._copy(stream, file.write)

    def _copy(self, stream: IO[bytes], keep: Callable[[bytes], object]) -> None:
        waiting = b""
        while data := os.read(stream.fileno(), 1 << 16):
            keep(data)
            waiting = self._lines(waiting + data)
        if waiting:
            self._line(waiting + b"\n")

    def _lines(self, data: bytes) -> bytes:
        """Show the whole lines, and those of progress bars, which end with a carriage return. Return the rest."""
        lines = data.splitlines(keepends=True)
        rest = b"" if data.endswith((b"\n", b"\r")) else lines.pop()
        for line in lines:
            self._line(line)
        if len(rest) < _PIECE:
            return rest
        self._line(rest)
        return b""

    def _line(self, line: bytes) -> None:
        self.last.add(line)
        self.show(self.mark + line)


def print_bytes(data: bytes) -> None:
    """Write to this process's standard output at once; lines of several threads do not mix."""
    with _printing:
        while data:
            data = data[os.write(1, data) :]
