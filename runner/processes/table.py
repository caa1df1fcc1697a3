"""What `/proc` shows of processes (proc(5)). Where there is no `/proc` (macOS) it shows none."""

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
"""The place of ``num_threads`` behind the name."""
_LOCKS = b"Max file locks"


@dataclass(frozen=True)
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
        """It is a zombie: its parent has not read its exit code yet. With more threads only its first one has ended."""
        return self.state in _ENDED and self.threads <= 1


def every() -> Iterator[Process]:
    """All processes that are visible here."""
    with suppress(OSError), os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdecimal() and (found := of(int(entry.name))):
                yield found


def of(pid: int) -> Process | None:
    """The process of that id; None: there is none."""
    # The name is in parentheses and may hold some itself.
    head, _, tail = _read(f"/proc/{pid}/stat").decode(errors="replace").rpartition(")")
    fields = tail.split()
    if len(fields) <= _THREADS:
        return None
    return Process(pid, head.partition("(")[2], fields[0], int(fields[1]), int(fields[2]), int(fields[_THREADS]))


def children() -> frozenset[int]:
    """The ids of this process's children: those that it started and those that it adopted, zombies included.

    The kernel lists them by the thread that has them. A child that ends during the read may hide another one, but an
    empty list is true: the first child is always shown.
    """
    threads = tuple(Path("/proc/self/task").glob("*/children"))
    if not threads:  # a kernel without CONFIG_PROC_CHILDREN
        own = os.getpid()
        return frozenset(one.pid for one in every() if one.parent == own)
    return frozenset(int(word) for thread in threads for word in _read(str(thread)).split())


def environment(pid: int) -> tuple[bytes, ...]:
    """Its variables as they were when its program began, each as ``name=value``; empty: nobody may see them."""
    return tuple(_read(f"/proc/{pid}/environ").split(b"\0"))


def locks_limit(pid: int) -> str:
    """Its soft RLIMIT_LOCKS as decimal digits, else ``unlimited`` or empty."""
    lines = _read(f"/proc/{pid}/limits").splitlines()
    return next((line.split()[3].decode() for line in lines if line.startswith(_LOCKS)), "")


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.readall()
    except OSError:
        return b""
