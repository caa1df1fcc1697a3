from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Iterator

from runner.processes import leftovers, table
from runner.processes.leftovers import Leftovers
from runner.processes.table import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_those_that_are_found_later_are_ended_as_well() -> None:
    """The children of one that was adopted are seen only when it has ended."""
    processes = [subprocess.Popen(SLEEP) for _ in range(3)]

    def find() -> Collection[int]:
        return next(([one.pid] for one in processes if table.of(one.pid)), [])

    ended = leftovers.end(find, grace=0.0)
    assert ([one.pid for one in ended.killed], ended.left) == ([one.pid for one in processes], ())
    assert [table.of(one.pid) for one in processes] == [None, None, None]
    for one in processes:
        one.wait()


def test_who_ends_by_himself_in_time_is_not_killed() -> None:
    killed: list[int] = []
    process = subprocess.Popen([sys.executable, "-c", ""])

    def find() -> Collection[int]:
        return [process.pid] if table.of(process.pid) else []

    assert leftovers.end(find, killed.extend, grace=60.0) == Leftovers()
    assert killed == []
    process.wait()


def test_who_cannot_be_ended_is_told() -> None:
    process = subprocess.Popen(SLEEP)
    left = leftovers.end(lambda: [process.pid], lambda _: None, grace=0.0, limit=0.05).left
    assert [one.pid for one in left] == [process.pid]
    assert str(process.pid) in leftovers.named(left)
    process.kill()
    process.wait()


def test_those_that_have_ended_and_are_not_ours_to_release_are_not_waited_for() -> None:
    """Found once in a list that was read a moment ago, and not again."""
    lists: Iterator[list[int]] = iter([[2**22 + 1], []])
    assert leftovers.end(lambda: next(lists), grace=0.0) == Leftovers()


def test_they_are_named_for_people() -> None:
    some = [
        Process(pid=12, name="python", state="S", parent=1, group=12, threads=1),
        Process(pid=13, name="sh", state="D", parent=1, group=12, threads=1),
    ]
    assert leftovers.named(some) == "12 (python), 13 (sh)"


def test_those_that_were_killed_are_named_in_a_warning() -> None:
    some = tuple(Process(pid=number, name="python", state="S", parent=1, group=12, threads=1) for number in range(1, 8))
    assert Leftovers().warnings == ()
    assert "left a process running" in Leftovers(some[:1]).warnings[0]
    assert "7 processes running, killed before the outputs were read: 1 (python)," in Leftovers(some).warnings[0]
    assert "5 (python) …; what was not written by then is missing" in Leftovers(some).warnings[0]
