"""Memory use of this container and the kernel's out-of-memory kills in it, from the files of its cgroup.

https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, and cgroup v1's where there is no v2.
"""

from __future__ import annotations

import threading
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
_KILLS = ("memory.events", "memory/memory.oom_control")
_PEAK = ("memory.peak", "memory/memory.max_usage_in_bytes")
_NOW = "memory.current"
_LOOK = 0.5
"""Seconds between two samples if the kernel keeps no peak (before 5.19)."""


def oom_kills(root: Path = ROOT) -> int:
    """Return the number of out-of-memory kills in this container."""
    for name in _KILLS:
        counts = dict(line.split(" ", 1) for line in _read(root / name).splitlines() if " " in line)
        if counts.get("oom_kill", "").strip().isdecimal():
            return int(counts["oom_kill"])
    return 0


class MemoryWatch:
    """The memory use of the container between `start` and `stop`."""

    def __init__(self, root: Path = ROOT) -> None:
        """Read nothing yet."""
        self._root = root
        self._before = 0
        self._sampled = 0
        self._over = threading.Event()

    def start(self) -> None:
        """Begin. A thread takes samples only where the kernel keeps no peak."""
        self._before = oom_kills(self._root)
        self._look()
        if not self._kept() and self._sampled:
            threading.Thread(target=self._sample, daemon=True).start()

    def stop(self) -> tuple[int, int]:
        """Return the peak in bytes (0: unknown) and the number of out-of-memory kills since `start`."""
        self._over.set()
        self._look()
        return self._kept() or self._sampled, oom_kills(self._root) - self._before

    def _kept(self) -> int:
        return next(filter(None, (_number(self._root / name) for name in _PEAK)), 0)

    def _sample(self) -> None:
        while not self._over.wait(_LOOK):
            self._look()

    def _look(self) -> None:
        self._sampled = max(self._sampled, _number(self._root / _NOW))


def _number(path: Path) -> int:
    text = _read(path).strip()
    return int(text) if text.isdecimal() else 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
