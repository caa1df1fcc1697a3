"""Processes by ID and start time, so that those of an earlier plugin are known and no other is killed."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass

_STATE, _START = 0, 19
"""Fields of ``/proc/PID/stat`` after the name in brackets (proc(5))."""
_POLL = 0.02


@dataclass(frozen=True)
class Process:
    """A process of this node."""

    pid: int
    started: str
    """Its start in clock ticks since boot. Empty: it had ended already."""

    @classmethod
    def of(cls, pid: int) -> Process:
        """Return the process that has this ID now."""
        found = _stat(pid)
        return cls(pid, found[_START] if found else "")

    def lives(self) -> bool:
        """Return True until it has ended. A child that has ended is reaped."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        found = _stat(self.pid)
        return bool(self.started and found and found[_START] == self.started and found[_STATE] not in "ZX")

    def kill(self, seconds: float) -> bool:
        """Kill it, and return True if it has ended within so many seconds."""
        end = time.monotonic() + seconds
        while self.lives():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            if time.monotonic() > end:
                return False
            time.sleep(_POLL)
        return True


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
