"""End the processes that a script has left running."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

from ..dataclass import dataclass
from . import table
from .table import Process

GRACE = 0.3
"""Seconds in which they may end by themselves: helpers of a script that has just ended tidy up after it."""
LIMIT = 10.0
"""Seconds after which a process that SIGKILL does not end is given up: it waits in the kernel, or is another user's."""
_LOOK = 0.01
_SHOWN = 5
"""Processes that a warning names."""

Find = Callable[[], Collection[int]]
Kill = Callable[[Collection[int]], None]


@dataclass(frozen=True)
class Leftovers:
    """What became of the processes that a script had left running."""

    killed: tuple[Process, ...] = ()
    """They did not end by themselves: what they still had to write is missing."""
    left: tuple[Process, ...] = ()
    """They cannot be ended, and may write at any time; normally none."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Lines for people about those that were killed."""
        if not self.killed:
            return ()
        several = f"{len(self.killed)} processes" if len(self.killed) > 1 else "a process"
        shown = named(self.killed[:_SHOWN]) + (" …" if len(self.killed) > _SHOWN else "")
        missing = "what was not written by then is missing from the outputs; let the script wait for what it starts"
        return (f"the script left {several} running, killed before the outputs were read: {shown}; {missing}",)


def kill_each(found: Collection[int]) -> None:
    """Send SIGKILL to each."""
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end(find: Find, kill: Kill = kill_each, *, grace: float = GRACE, limit: float = LIMIT) -> Leftovers:
    """End all processes that `find` finds, again and again until it finds none.

    A process that was adopted shows its own children only when it has ended: hence the repetition.

    Args:
        find: The ids of the processes to end; children of this process that have ended may be among them.
        kill: Sends SIGKILL to them.
        grace: Seconds before the first SIGKILL.
        limit: Seconds after it in which all have to end.

    Returns:
        Those that were killed, and those that still run after `limit`.

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
    """Them for people: ``12 (python), 13 (sh)``."""
    return ", ".join(f"{one.pid} ({one.name})" for one in processes)


def _release(found: Collection[int]) -> None:
    """Take those that have ended out of the process table, if they are our children."""
    for pid in found:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _running(found: Collection[int]) -> tuple[Process, ...]:
    seen = (table.of(pid) for pid in found)
    return tuple(one for one in seen if one is not None and not one.ended)
