"""End the processes that a script has left running."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress

from . import table
from .table import Process

GRACE = 0.3
"""Seconds in which they may end by themselves: helpers of a script that has just ended tidy up after it."""
LIMIT = 10.0
"""Seconds after which a process that SIGKILL does not end is given up: it waits in the kernel, or is another user's."""
_LOOK = 0.01

Find = Callable[[], Collection[int]]
Kill = Callable[[Collection[int]], None]


def kill_each(found: Collection[int]) -> None:
    """Send SIGKILL to each."""
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def end(find: Find, kill: Kill = kill_each, *, grace: float = GRACE, limit: float = LIMIT) -> tuple[Process, ...]:
    """End all processes that `find` finds, again and again until it finds none.

    A process that was adopted shows its own children only when it has ended: hence the repetition.

    Args:
        find: The ids of the processes to end; children of this process that have ended may be among them.
        kill: Sends SIGKILL to them.
        grace: Seconds before the first SIGKILL.
        limit: Seconds after it in which all have to end.

    Returns:
        Those that still run after `limit`; normally none.

    """
    begun = time.monotonic()
    while found := find():
        _release(found)
        waited = time.monotonic() - begun
        if waited > grace + limit and (left := _running(found)):
            return left
        if waited >= grace:
            kill(found)
        time.sleep(_LOOK)
    return ()


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
