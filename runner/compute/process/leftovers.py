"""End what a local script has left running, before its outputs are read.

The controller adopts orphans, so whatever a script leaves becomes a child of the controller, and a mark that all its
descendants inherit says whose it is. What an earlier controller had started is looked for among all processes.
Where a system has neither (macOS), only the script's process group is ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from contextlib import suppress

from ...processes import leftovers, table
from ...processes.leftovers import GRACE, Leftovers
from .files import AttemptFiles


def end(files: AttemptFiles, *, adopted: bool, grace: float = GRACE) -> Leftovers:
    """End all processes of an attempt whose wrapper has ended.

    Args:
        files: The attempt.
        adopted: Whether this process has adopted its orphans all the time; else all processes are looked at.
        grace: Seconds in which they may end by themselves.

    Returns:
        What became of them.

    """
    leader = files.pid

    def among_children() -> Collection[int]:
        return [pid for pid in table.children() if files.has_made(pid) or _group(pid) == leader]

    def among_all() -> Collection[int]:
        own = os.getpid()
        running = (one.pid for one in table.every() if not one.ended and one.pid != own)
        return [pid for pid in running if files.has_made(pid)]

    def kill(found: Collection[int]) -> None:
        files.kill()  # at once, where they have stayed together
        leftovers.kill_each(found)

    find = among_children if adopted else among_all
    if not adopted:
        files.kill()
    return leftovers.end(find, kill, grace=grace if adopted else 0.0)


def end_all(files: AttemptFiles) -> None:
    """Kill the process of an attempt, and all that has come of it; none of the attempt starts afterwards."""
    if not files.give_up():
        files.kill()
    while files.alive():
        time.sleep(0.01)
    end(files, adopted=False)


def release(attempts: Collection[AttemptFiles]) -> None:
    """Take adopted processes that have ended by themselves out of the process table: a step may make thousands."""
    while (ended := _ended_child()) and any(files.has_made(ended) for files in attempts):
        with suppress(ChildProcessError):
            os.waitpid(ended, 0)


def _group(pid: int) -> int:
    found = table.of(pid)
    return found.group if found else 0


def _ended_child() -> int:
    """The id of a child that has ended; 0: there is none."""
    try:
        seen = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (ChildProcessError, AttributeError):  # no child at all; a system without waitid (macOS before Python 3.13)
        return 0
    return seen.si_pid if seen else 0
