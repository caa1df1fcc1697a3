"""Waits for worker 0, and items of batches that nobody has counted."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest

from runner.model.batches import SILENCE
from runner.runs.batch_board import BatchBoard
from runner.sdk.parallel_run import work
from runner.sdk.parallel_run.pool import Pool
from tests.support.memory_store import MemoryStore


def board(worker: int) -> BatchBoard:
    return BatchBoard(MemoryStore(), "runs/r/s/batches-1/", worker, lambda: 0.0)


def test_a_worker_waits_for_worker_0_and_acts_when_it_does_not_come(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    assert list(work._waits(board(0), "plans the batches")) == [0.0]
    waited = []
    for wait in work._waits(board(1), "plans the batches"):
        waited.append(wait)
        now[0] += wait
    assert SILENCE <= sum(waited) < SILENCE + 2
    assert capsys.readouterr().out == "runner: waits until worker 0 plans the batches\n"


@pytest.mark.parametrize(
    ("told", "opened", "planned", "items"),
    [(5, (3, 7), 2, 5), (-1, (3, 200), -1, 200), (-1, (2, 200), 8, 8), (-1, (-1, -1), -1, 31)],
)
def test_a_lost_batch_counts_all_its_items(told: int, opened: tuple[int, int], planned: int, items: int) -> None:
    """A batch of which nobody knows the number of items counts more than `error_threshold` allows."""
    child: Any = SimpleNamespace(opened=opened)
    pool: Any = SimpleNamespace(
        batches={3: SimpleNamespace(items=planned)}, settings=SimpleNamespace(error_threshold=30)
    )
    assert Pool._items(pool, child, told, 3) == items
