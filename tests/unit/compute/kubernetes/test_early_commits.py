"""How often the store is asked, on a clock that the test moves."""

from __future__ import annotations

import pytest

from runner.compute.kubernetes import early_commits as polled_attempt
from runner.compute.kubernetes.early_commits import EarlyCommitPoller
from runner.errors import StoreUnreachable
from runner.model.task import TaskId
from runner.override import override
from runner.runs import records
from tests.support.fake_api import a_record, a_task
from tests.support.memory_store import MemoryStore

TASK = TaskId("run", "step-1")


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.broken = False

    @override
    def get(self, key: str) -> bytes:
        self.asked += 1
        if self.broken:
            raise StoreUnreachable("gone")
        return super().get(key)


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(polled_attempt, "monotonic", clock)
    return clock


def pass_by(attempts: EarlyCommitPoller, clock: Time, seconds: float) -> None:
    end = clock.now + seconds
    while (pause := attempts.pause()) is not None and clock.now + pause < end:
        clock.now += pause
        attempts.poll()
    clock.now = end


def test_no_one_to_ask_about() -> None:
    attempts = EarlyCommitPoller(MemoryStore())
    assert attempts.pause() is None
    assert not attempts.poll()


def test_the_older_the_less_often(clock: Time) -> None:
    store = CountingStore()
    attempts = EarlyCommitPoller(store)
    attempts.follow({TASK: False})
    asked = []
    for _ in range(4):
        before = store.asked
        pass_by(attempts, clock, 10)
        asked.append(store.asked - before)
    assert 40 < asked[0] < 70
    assert 10 < asked[1] < 20
    assert asked[2:] == [0, 0]


def test_its_youth_begins_anew_when_it_runs(clock: Time) -> None:
    attempts = EarlyCommitPoller(MemoryStore())
    attempts.follow({TASK: False})
    pass_by(attempts, clock, 100)
    assert attempts.pause() is None
    attempts.follow({TASK: True})
    assert attempts.pause() == pytest.approx(polled_attempt.FIRST_PAUSE)
    attempts.follow({TASK: True})
    pass_by(attempts, clock, 100)
    assert attempts.pause() is None


def test_a_commit_is_found_once(clock: Time) -> None:
    store = CountingStore()
    task = a_task()
    attempts = EarlyCommitPoller(store)
    attempts.follow({task.id: True})
    records.finish(store, task, a_record())
    clock.now += 1
    assert attempts.poll()
    stored = attempts.found(task.id)
    assert stored is not None
    assert stored.record == a_record()
    clock.now += 1
    assert not attempts.poll()
    attempts.forget(task.id)
    assert attempts.found(task.id) is None


def test_those_that_have_ended_are_not_asked_about(clock: Time) -> None:
    attempts = EarlyCommitPoller(MemoryStore())
    attempts.follow({TASK: True})
    attempts.follow({})
    clock.now += 1
    assert attempts.pause() is None


def test_trouble_of_the_store_is_not_told_here(clock: Time) -> None:
    store = CountingStore()
    store.broken = True
    attempts = EarlyCommitPoller(store)
    attempts.follow({TASK: True})
    clock.now += 1
    assert not attempts.poll()


def test_a_thousand_beginnings_are_asked_about_a_few_at_a_time_and_each_gets_its_turn(clock: Time) -> None:
    store = CountingStore()
    attempts = EarlyCommitPoller(store)
    attempts.follow({TaskId("run", f"step-{number}"): True for number in range(1000)})
    clock.now += polled_attempt.FIRST_PAUSE
    attempts.poll()
    assert store.asked == 8
    pass_by(attempts, clock, 5)
    assert 1000 <= store.asked <= 5 * 400 + 16
    assert all(known.due > known.since + polled_attempt.FIRST_PAUSE for known in attempts._polled.values())
