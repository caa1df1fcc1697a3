from __future__ import annotations

import json

import pytest

from runner.model.task import TaskId
from runner.operations import metrics
from runner.operations.metric_log import metric_log
from runner.operations.metrics import every_line, gather, lines_backwards, metric_lines, metrics_of
from tests.support.memory_store import MemoryStore

TASK = TaskId("run", "a", 1)


def store_of(count: int, end: bytes = b"") -> MemoryStore:
    """Return a store with a file of metrics: one value of `first`, and so many of `loss`."""
    store = MemoryStore()
    lines = [{"name": "first", "value": 7}, *({"name": "loss", "value": at} for at in range(count))]
    store.put(f"{TASK.reports}metrics.jsonl", b"".join(json.dumps(one).encode() + b"\n" for one in lines) + end)
    return store


def test_a_small_file_is_read_whole() -> None:
    store = store_of(10, b'{"name": "half')
    found = metric_lines(store, TASK)
    assert (len(found.lines), found.skipped) == (12, 0)
    assert [(one.name, one.value, one.count) for one in metrics_of(store, TASK)] == [("first", 7, 1), ("loss", 9, 10)]


def test_of_a_large_file_the_first_and_the_last_lines_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "BYTES", 400)
    monkeypatch.setattr(metrics, "_HEAD", 100)
    store = store_of(1000)
    found = metric_lines(store, TASK)
    assert sum(len(line) + 1 for line in found.lines) - 2 + found.skipped == found.bytes
    assert all(json.loads(line) for line in found.lines if line)
    first, loss = gather(found.lines)
    assert (first.value, loss.value) == (7, 999)
    assert 0 < loss.count < 20
    assert [one.count for one in metrics_of(store, TASK)] == [1, 1000]
    assert metric_log(store, TASK).skipped == found.skipped


def test_every_line_of_a_large_file_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_HEAD", 7)
    lines = [line for line in every_line(store_of(500), TASK) if line]
    assert [json.loads(line)["value"] for line in lines] == [7, *range(500)]
    assert [line for line in lines_backwards(store_of(500), TASK) if line] == lines[::-1]


def test_an_absent_file_has_no_lines() -> None:
    assert metric_lines(MemoryStore(), TASK).lines == list(every_line(MemoryStore(), TASK)) == []
    assert list(lines_backwards(MemoryStore(), TASK)) == []
