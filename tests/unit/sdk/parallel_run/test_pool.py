"""The supervisor of worker processes counts the time of run() alone, and tells what has no limit."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path
from typing import Any

import pytest

from runner.model.batches import BatchProgress
from runner.override import override
from runner.sdk.parallel_run.children import Child
from runner.sdk.parallel_run.mini_batch import MiniBatch
from runner.sdk.parallel_run.pool import Pool
from runner.sdk.parallel_run.settings import Place, Settings


class Board:
    """What the supervisor asks of the board while it waits."""

    def __init__(self) -> None:
        self.wake, _ = os.pipe()
        self.live: Any = None
        self.progress = BatchProgress(total=2, done=0)


class Started(Child):
    """A process that a test imagines."""

    @property
    @override
    def pid(self) -> int:
        return 7


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    settings = Settings(entry_script="entry.py", inputs=(), run_invocation_timeout=5)
    paths: dict[str, Any] = {
        name: str(tmp_path / name) for name in ("log", "errors", "stderr", "working_dir", "output_dir", "prepared")
    }
    place = Place(node="0", process="process000", settings=settings, **paths)
    batches = [MiniBatch({}, 2, f"batch {number}", None) for number in range(2)]
    child = Started(0, place, -1, tmp_path)
    board: Any = Board()
    return Pool(settings=settings, batches=batches, children=[child], board=board, incarnation=1, worker=0)


def test_time_counts_from_the_opening_of_a_batch_to_its_end(pool: Pool) -> None:
    (child,) = pool.children
    assert pool._due(child) == math.inf
    pool._dealer.add(1, [0, 1])
    pool._dealer.deal(0)
    child.ready, child.began = True, time.monotonic() - 100.0
    assert pool._due(child) == math.inf, "the batch is being read"
    assert not pool._overdue(child)
    pool._take(child, ({"kind": "opened", "number": 0, "items": 2}, b""))
    assert pool._due(child) == child.began + 5
    pool._take(child, ({"kind": "error", "number": 0, "items": 2, "reason": "KeyError: 1", "detail": ""}, b""))
    assert pool._dealer.deal(0) == [0]
    assert pool._due(child) == math.inf, "it is read again"


def test_a_supervisor_waits_while_a_batch_is_read(pool: Pool) -> None:
    """The limit of run() that has passed meanwhile must not make it look again and again."""
    (child,) = pool.children
    pool._dealer.add(1, [0, 1])
    pool._dealer.deal(0)
    child.ready, child.began = True, time.monotonic() - 100.0
    begun = time.monotonic()
    pool._wait()
    assert time.monotonic() - begun > 0.05


def test_the_log_tells_an_init_that_does_not_end_and_a_batch_that_is_read_for_long(
    pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    (child,) = pool.children
    now = time.monotonic()
    child.began = pool._slow.told = pool._logged = now - 61.0
    pool._log_progress()
    pool._log_progress()
    assert capsys.readouterr().out.splitlines() == [
        "runner: batches 0/2 done",
        "runner: init() has not ended in 1 of 1 processes for 61 s; it has no time limit",
    ], "once a minute"
    pool._dealer.add(1, [0, 1])
    pool._dealer.deal(0)
    child.ready, child.began, pool._slow.told = True, now - 75.0, now - 61.0
    pool._log_progress()
    words = "1 of 1 processes read a batch for long: worker 0, process000 reads batch 0 for 75 s"
    assert words in capsys.readouterr().out
    child.opened, pool._slow.told = (0, 2), now - 61.0
    pool._log_progress()
    assert capsys.readouterr().out == "", "run() has a limit"
