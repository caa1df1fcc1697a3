"""The progress of batches in the views of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from runner.cli.board import Screen, board
from runner.cli.paint import Paint
from runner.model import events as e
from runner.model.batches import BatchProgress
from runner.model.document import to_document
from runner.model.workers import WorkerKind, Workers
from runner.operations.batch_progress import progress_of, with_progress
from runner.operations.report import step_report
from runner.operations.step_status import why
from runner.operations.values import RunView
from runner.override import override
from runner.runs.batch_board import BatchBoard
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

POOL = Workers(kind=WorkerKind.POOL, nodes=2)
PLAN = b.plan(b.step("score", workers=POOL), b.step("other"), b.step("ranks", workers=Workers(kind=WorkerKind.GANG)))
SHOWN = BatchProgress(total=1000, done=300, failed=2, items=3000, rate=35.0, seconds_left=20.0)
WORDS = "batches 300/1,000 done, 2 failed, 35 items/s, 20 s left"
NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


class CountingStore(MemoryStore):
    """Counts the objects that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    @override
    def get(self, key: str) -> bytes:
        self.read.append(key)
        return super().get(key)


@pytest.fixture
def store() -> CountingStore:
    made = CountingStore()
    BatchBoard(made, b.task_id("score").batches, 0, lambda: 0.0).show(SHOWN)
    return made


def view(*events: e.Event) -> RunView:
    return RunView(b.state(PLAN, *events), PLAN)


def running(*keys: str) -> RunView:
    return view(*(event for key in keys for event in (b.started(key), e.AttemptRunning(key, b.at(0)))))


def test_a_running_step_shows_its_batches(store: CountingStore) -> None:
    seen = with_progress(store, running("score", "other", "ranks"))
    assert seen.batches == {"score": SHOWN}
    assert why(seen, "score", b.at(1)) == WORDS
    assert store.read == [f"{b.task_id('score').batches}progress.json"], "steps without batches cost no request"
    lines = board(seen, b.at(1), Screen(120, 20), Paint(on=False))
    assert any(WORDS in line for line in lines)


def test_the_report_has_the_progress_during_and_after(store: CountingStore) -> None:
    during = step_report(store, running("score"), "score", locate=lambda _: "", now=NOW)
    assert (during.reason, during.batches) == (WORDS, SHOWN)
    assert to_document(during)["batches"]["seconds_left"] == 20.0
    after = step_report(store, view(b.started("score"), b.succeeded("score")), "score", locate=lambda _: "", now=NOW)
    assert (after.reason, after.batches) == (WORDS, SHOWN), "the view shows failures after the end too"
    whole = replace(SHOWN, done=1000, failed=0)
    BatchBoard(store, b.task_id("score").batches, 0, lambda: 0.0).show(whole)
    after = step_report(store, view(b.started("score"), b.succeeded("score")), "score", locate=lambda _: "", now=NOW)
    assert (after.reason, after.batches) == ("2 workers", whole)
    part = replace(whole, failed=2, items=10_000, failed_items=21)
    BatchBoard(store, b.task_id("score").batches, 0, lambda: 0.0).show(part)
    after = step_report(store, view(b.started("score"), b.succeeded("score")), "score", locate=lambda _: "", now=NOW)
    assert after.reason == "batches 1,000/1,000 done, 2 failed, 21 of 10,000 items failed"
    other = step_report(store, running("other"), "other", locate=lambda _: "", now=NOW)
    assert other.batches is None


def test_a_step_that_has_shown_nothing_has_no_progress(store: CountingStore) -> None:
    assert progress_of(store, view(b.started("score", 2)), "score") is None
    assert with_progress(store, view()).batches == {}
    store.put(f"{b.task_id('score').batches}progress.json", b"{")
    assert progress_of(store, running("score"), "score") is None
