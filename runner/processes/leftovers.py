"""The end of processes that a script has left running."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Callable, Collection

from ..dataclass import dataclass
from . import table
from .table import Process

GRACE = 0.3
"""Seconds in which they may end by themselves. Helpers of a script often need a moment after it."""
LIMIT = 10.0
"""Seconds after which a process that SIGKILL does not end is given up. It may wait in the kernel or be another
user's."""
_LOOK = 0.01
_SHOWN = 5
"""Processes that a warning names."""

Find = Callable[[], Collection[int]]
Kill = Callable[[Collection[int]], None]


@dataclass(frozen=True)
class Leftovers:
    """The processes that a script left running, after an attempt to end them."""

    killed: tuple[Process, ...] = ()
    """Processes that were killed. What they had not written yet is missing."""
    left: tuple[Process, ...] = ()
    """Processes that cannot be ended and may write at any time. Normally none."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return messages about the killed processes."""
        if not self.killed:
            return ()
        several = f"{len(self.killed)} processes" if len(self.killed) > 1 else "a process"
        shown = named(self.killed[:_SHOWN]) + (" …" if len(self.killed) > _SHOWN else "")
        missing = "what was not written by then is missing from the outputs; let the script wait for what it starts"
        return (f"the script left {several} running, killed before the outputs were read: {shown}; {missing}",)


def kill_each(found: Collection[int]) -> None:
    """Send SIGKILL to each process."""
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end(find: Find, kill: Kill = kill_each, *, grace: float = GRACE, limit: float = LIMIT) -> Leftovers:
    """End all processes that `find` returns, repeatedly until it returns none.

    An adopted process shows its children only after it has ended, so one pass is not enough.

    Args:
        find: Returns the IDs of the processes to end. Ended children of this process may be among them.
        kill: Sends SIGKILL to them.
        grace: Seconds before the first SIGKILL.
        limit: Seconds after it in which all have to end.

    Returns:
        The killed processes, and those that still run after `limit`.
    """
    begun = time.monotonic()
    killed: dict[int, Process] = {}
    while found := find():
        _release(found)
        waited = time.monotonic() - begun
        if waited > grace + limit and (left := _running(found)):
            return Leftovers(tuple(killed.values()), left)
        if waited >= grace:
            killed.update((one.pid, one) for one in _running(found) if one.pid not in killed)
            kill(found)
        time.sleep(_LOOK)
    return Leftovers(tuple(killed.values()))


def named(processes: Iterable[Process]) -> str:
    """Return the processes for a message: ``12 (python), 13 (sh)``."""
    return ", ".join(f"{one.pid} ({one.name})" for one in processes)


def _release(found: Collection[int]) -> None:
    """Remove ended processes from the process table if they are children of this one."""
    for pid in found:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _running(found: Collection[int]) -> tuple[Process, ...]:
    seen = (table.of(pid) for pid in found)
    return tuple(one for one in seen if one is not None and not one.ended)
