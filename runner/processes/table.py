"""Processes as `/proc` shows them (proc(5)). Without `/proc` (macOS) there are none."""

# ruff: noqa: PTH123
# Paths are text here: making a Path costs more than the system call it is for.
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass

_ENDED = frozenset("ZX")
_THREADS = 17
"""The position of ``num_threads`` after the name."""
_LOCKS = b"Max file locks"


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process, as ``/proc/<pid>/stat`` describes it."""

    pid: int
    name: str
    state: str
    parent: int
    group: int
    threads: int

    @property
    def ended(self) -> bool:
        """Return True for a zombie: its parent has not read its exit code.

        With more threads only the first one has ended.
        """
        return self.state in _ENDED and self.threads <= 1


def every() -> Iterator[Process]:
    """Yield all visible processes."""
    with suppress(OSError), os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdecimal() and (found := of(int(entry.name))):
                yield found


def of(pid: int) -> Process | None:
    """Return the process with that ID, or None."""
    # The name is in parentheses and may contain some itself.
    head, _, tail = _read(f"/proc/{pid}/stat").decode(errors="replace").rpartition(")")
    fields = tail.split()
    if len(fields) <= _THREADS:
        return None
    return Process(
        pid=pid,
        name=head.partition("(")[2],
        state=fields[0],
        parent=int(fields[1]),
        group=int(fields[2]),
        threads=int(fields[_THREADS]),
    )


def children() -> frozenset[int]:
    """Return the IDs of this process's children, started and adopted ones, zombies included.

    The kernel lists them by thread. A child that ends during the read may hide another one, but an empty list is
    reliable:
    the first child is always shown.
    """
    threads = tuple(Path("/proc/self/task").glob("*/children"))
    if not threads:  # a kernel without CONFIG_PROC_CHILDREN
        own = os.getpid()
        return frozenset(one.pid for one in every() if one.parent == own)
    return frozenset(int(word) for thread in threads for word in _read(str(thread)).split())


def environment(pid: int) -> tuple[bytes, ...]:
    """Return the variables that its program started with, each as ``name=value``; empty if nobody may read them."""
    return tuple(_read(f"/proc/{pid}/environ").split(b"\0"))


def locks_limit(pid: int) -> str:
    """Return its soft RLIMIT_LOCKS as decimal digits, else ``unlimited`` or an empty string."""
    lines = _read(f"/proc/{pid}/limits").splitlines()
    return next((line.split()[3].decode() for line in lines if line.startswith(_LOCKS)), "")


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""
