"""The progress of all transfers of one phase: a count, what it says at one time, and that as a line of a log."""

from __future__ import annotations

import json
import threading
import time
from typing import Callable

from ...dataclass import dataclass, field

FIRST = 2.0
"""Seconds before the first news."""
PERIOD = 10.0
"""Seconds between two news at most."""
_SHARE = 4
"""News come more often at the beginning: after another part of the time that has passed, as this divides it."""
_MARK = '{"runner": "staging"'
_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


@dataclass(frozen=True, kw_only=True)
class TransferState:
    """The progress at one time."""

    phase: str
    """``inputs``, ``outputs``, or words for an upload."""
    files: int
    files_total: int
    bytes: int
    bytes_total: int
    seconds: float
    """The time since the first transfer began."""

    @property
    def over(self) -> bool:
        """True if everything known has been moved."""
        return self.files >= self.files_total

    @property
    def rate(self) -> float:
        """Bytes per second so far; 0 at the beginning."""
        return self.bytes / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes at this rate; None: nobody knows."""
        return (self.bytes_total - self.bytes) / self.rate if self.rate else None

    @property
    def line(self) -> str:
        """The line of a log."""
        shown = {
            "runner": "staging",
            "phase": self.phase,
            "files": self.files,
            "files_total": self.files_total,
            "bytes": self.bytes,
            "bytes_total": self.bytes_total,
            "seconds": self.seconds,
        }
        return json.dumps(shown)

    @property
    def words(self) -> str:
        """``inputs: 1.2 of 3.4 GiB, 80.0 MiB/s, 28 s left``."""
        name, unit = next((unit for unit in _UNITS if self.bytes_total >= unit[1]), ("bytes", 1))
        digits = 1 if unit > 1 else 0
        text = f"{self.phase}: {self.bytes / unit:.{digits}f} of {self.bytes_total / unit:.{digits}f} {name}"
        if self.over or self.left is None:
            return f"{text}, {self.files} of {self.files_total} file{'s' * (self.files_total != 1)}"
        return f"{text}, {_rate(self.rate)}, {_span(self.left)} left"


def state_of(line: str) -> TransferState | None:
    """Return what a line of a log says about transfers. None: it is another line.

    A script may write such a line itself; then the shown progress is wrong, and nothing else.

    Args:
        line: The line.

    """
    if not line.startswith(_MARK):
        return None
    try:
        said = json.loads(line)
        found = TransferState(
            phase="outputs" if said["phase"] == "outputs" else "inputs",
            files=int(said["files"]),
            files_total=int(said["files_total"]),
            bytes=int(said["bytes"]),
            bytes_total=int(said["bytes_total"]),
            seconds=float(said["seconds"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    usual = 0 <= found.bytes < 1 << 80 and 0 <= found.bytes_total < 1 << 80 and 0 <= found.seconds < 1e12
    return found if usual else None


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
    _on_wire: int = 0
    """Bytes that connections have carried: those of files that are not complete yet, too."""
    _begun: float = field(init=False)
    _told: float | None = None
    """The time of the last news."""
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

    def carried(self, size: int) -> None:
        """Add bytes that a connection has carried."""
        with self._lock:
            self._on_wire += size

    def due(self) -> TransferState | None:
        """Return the news that are due now. None: none are."""
        now = self.clock()
        next_news = self._begun + FIRST if self._told is None else self._told + pause(self._told - self._begun)
        if now < next_news or not self._files_total:
            return None
        self._told = now
        return self.now()

    def last(self) -> TransferState | None:
        """Return the news for the end of the phase. None: none came before."""
        return None if self._told is None else self.now()

    def now(self) -> TransferState:
        """Return the progress now."""
        with self._lock:
            total = max(self._bytes, self._bytes_total)
            return TransferState(
                phase=self.phase,
                files=self._files,
                files_total=max(self._files, self._files_total),  # a place that changes is read more than once
                bytes=max(self._bytes, min(self._on_wire, total)),
                bytes_total=total,
                seconds=round(self.clock() - self._begun, 1),
            )


def pause(passed: float) -> float:
    """Return the seconds until the next news.

    Args:
        passed: The seconds from the beginning to the last news.

    """
    return min(PERIOD, max(FIRST, passed / _SHARE))


def _rate(rate: float) -> str:
    name, unit = next((unit for unit in _UNITS if rate >= unit[1]), ("bytes", 1))
    return f"{rate / unit:.{1 if unit > 1 else 0}f} {name}/s"


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} m {whole % 60:02d} s" if whole < 3600 else f"{whole // 3600} h {whole % 3600 // 60:02d} m"
