"""Upload of a script's output to the store in numbered chunks while the script runs.

A chunk is uploaded every `PERIOD` seconds or `CHUNK` bytes, so a killed step loses at most the last seconds of its
log. While the store is unreachable the newest `KEPT` bytes are kept. Secrets are masked before a chunk leaves the
step.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import IO

from ..backports import without_prefix
from ..data.masking import Masking, complete, masked
from ..dataclass import dataclass, field
from ..errors import RunnerError
from ..ports import ObjectStore

PERIOD = 2.0
"""Seconds."""
CHUNK = 256 << 10
"""Bytes."""
KEPT = 64 << 20
"""Maximum bytes that wait for the store."""
_TAIL = 4000
"""Bytes kept for the attempt record."""
_DRAIN = 5.0
"""Seconds for which the output may stay open after the script has ended, because another process still holds it."""


@dataclass(kw_only=True)
class LogShipper:
    """A reader of one stream that uploads it to the store."""

    store: ObjectStore
    prefix: str
    """The key prefix `TaskId.logs`."""
    secrets: Sequence[bytes]
    """Values to mask. The list may grow."""
    also: Callable[[], None]
    """Called with every upload, to upload reports too."""
    _buffer: bytearray = field(default_factory=bytearray)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)
    _number: int = -1
    """The number of the last chunk. -1: not known yet, because an earlier pod of a suspended Job may have written
    some."""
    _tail: bytes = b""
    """The end of the masked output. It is masked before it is cut, because half a secret escapes the mask."""
    _shown: Masking = field(init=False)
    """The masked output for the container's own log."""
    _leaving: bytes = b""
    """The chunk whose upload is not confirmed yet."""
    _dropped: int = 0
    """Bytes lost since the last chunk."""
    _shipper: threading.Thread | None = None
    _followed: bool = False
    """True if there is a stream to read."""
    _in_line: bool = False
    """True if the output so far ends within a line."""

    def __post_init__(self) -> None:
        self._shown = Masking(self.secrets)

    def follow(self, stream: IO[bytes]) -> None:
        """Start to read and to upload, in two threads, so that a slow store never blocks the script."""
        self._followed = True
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()
        self._start()

    def note(self, line: str) -> None:
        """Add a line of runner's own."""
        self._take(f"runner: {line}\n".encode())

    def add(self, line: str) -> None:
        """Add a line that is no output of the script, from before its start or after its end, and upload it.

        It has no part in `tail`. Raises StoreError after the end if the store is away; the next call tries again.
        """
        with self._lock:
            data = (b"\n" if self._in_line else b"") + f"{line}\n".encode()
            self._in_line = False
            self._buffer += data
            _print(self._masked(data))
            ended = self._ended.is_set()
        if ended:
            self._ship_rest()
        else:
            self._start()

    @property
    def started(self) -> bool:
        """True if lines are being uploaded."""
        return self._shipper is not None

    def drain(self) -> None:
        """Wait for the end of the stream, which a process left by the script may delay. Then accept no more output."""
        if self._followed:
            self._ended.wait(_DRAIN)
        self._end()

    def close(self) -> None:
        """Upload the rest. Raises StoreError if that fails."""
        self.drain()
        if self._shipper is not None:
            self._shipper.join()
        self._ship_rest()

    @property
    def tail(self) -> str:
        """Return the last lines."""
        lines = self._masked(self._tail).decode(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def _start(self) -> None:
        if self._shipper is None:
            self._shipper = threading.Thread(target=self._ship_until_end, daemon=True)
            self._shipper.start()

    def _read(self, stream: IO[bytes]) -> None:
        while not self._ended.is_set() and (data := os.read(stream.fileno(), 1 << 16)):
            self._take(data)
        self._end()

    def _end(self) -> None:
        with self._lock:
            self._ended.set()
            self._show(self._shown.rest())
        self._wake.set()

    def _take(self, data: bytes) -> None:
        with self._lock:
            if self._ended.is_set():
                return
            self._buffer += data
            self._in_line = not data.endswith(b"\n")
            self._drop_oldest()
            full = len(self._buffer) >= CHUNK
            self._show(self._shown.add(data) + self._shown.idle())
        if full:
            self._wake.set()

    def _show(self, data: bytes) -> None:
        """Write to the container's own log, for users of kubectl, and keep the end for the record."""
        self._tail = (self._tail + data)[-_TAIL:]
        _print(data)

    def _drop_oldest(self) -> None:
        """Drop whole lines above the limit: half a secret would escape the mask."""
        excess = len(self._buffer) - KEPT
        if excess > 0:
            end = self._buffer.find(b"\n", excess) + 1 or len(self._buffer)
            del self._buffer[:end]
            self._dropped += end

    def _ship_until_end(self) -> None:
        while not self._ended.is_set():
            self._wake.wait(PERIOD)
            self._wake.clear()
            try:
                self._ship(whole=False)
                self.also()
            except (RunnerError, OSError) as error:
                # The lines stay in the buffer for the next chunk.
                print(f"runner: the log waits for the store: {error}", file=sys.stderr)
                time.sleep(PERIOD)

    def _ship_rest(self) -> None:
        while self._leaving or self._buffer:
            self._ship(whole=True)

    def _ship(self, *, whole: bool) -> None:
        if not self._leaving:
            with self._lock:
                self._leaving = self._cut(whole=whole)
        if self._leaving:
            if self._number < 0:
                self._number = self._last_number()
            self.store.put(f"{self.prefix}{self._number + 1:08d}.txt", self._masked(self._leaving))
            self._number += 1
            self._leaving = b""

    def _last_number(self) -> int:
        names = (without_prefix(info.key, self.prefix).partition(".")[0] for info in self.store.list(self.prefix))
        return max((int(name) for name in names if name.isdecimal()), default=0)

    def _cut(self, *, whole: bool) -> bytes:
        # Cut at the end of a line, so that no secret is split over two chunks and escapes the mask.
        end = len(self._buffer) if whole else self._buffer.rfind(b"\n") + 1
        end = end or (complete(self._buffer, self.secrets) if len(self._buffer) >= CHUNK else 0)
        data = bytes(self._buffer[:end])
        del self._buffer[:end]
        if self._dropped:
            data = f"runner: {self._dropped} bytes are missing here: the store was away for too long\n".encode() + data
            self._dropped = 0
        return data

    def _masked(self, data: bytes) -> bytes:
        return masked(data, self.secrets)


def _print(data: bytes) -> None:
    with suppress(OSError):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
