from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.compute.process import exits as process_exits
from runner.compute.process.exits import Exits, Watched
from runner.model.task import TaskId
from tests.support import builders as b


@pytest.fixture
def exits() -> Iterator[Exits]:
    made = Exits()
    yield made
    made.close()


def child(seconds: float = 0.0) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", f"import time; time.sleep({seconds})"])


def watched(key: str, process: subprocess.Popen[bytes]) -> Watched:
    return Watched(b.task_id(key), process.pid, process, lambda: True)


def collected(exits: Exits, count: int) -> list[TaskId]:
    found: list[TaskId] = []
    deadline = time.monotonic() + 10
    while len(found) < count:
        assert time.monotonic() < deadline
        exits.wait(0.1)
        found.extend(exits.take())
    return found


@pytest.mark.parametrize("pidfds", [True, False])
def test_every_end_is_told_once(exits: Exits, monkeypatch: pytest.MonkeyPatch, *, pidfds: bool) -> None:
    if not pidfds:
        monkeypatch.setattr(process_exits, "_descriptor", lambda _pid: None)
    for number in range(8):
        exits.watch(watched(f"s{number}", child()))
    assert sorted(task.key for task in collected(exits, 8)) == [f"s{number}" for number in range(8)]
    assert exits.take() == ()


def test_no_end_is_lost_between_threads(exits: Exits) -> None:
    """Where there are no pidfds threads tell of ends while they are being taken."""
    process = child()
    process.wait()
    many, tellers = 2000, 4

    def tell() -> None:
        for _ in range(many):
            exits._report(watched("a", process))

    threads = [threading.Thread(target=tell) for _ in range(tellers)]
    for thread in threads:
        thread.start()
    assert len(collected(exits, many * tellers)) == many * tellers
    for thread in threads:
        thread.join()


def test_a_number_that_another_process_took_over_is_an_end_and_leaks_nothing(exits: Exits) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    exits.watch(Watched(b.task_id(), os.getpid(), None, lambda: False))
    assert exits.take() == (b.task_id(),)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
