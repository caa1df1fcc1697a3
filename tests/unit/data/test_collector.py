"""Writers of objects named by a digest, while `runner gc` may be at work."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from runner.data import addressed, collector
from runner.errors import StoreDenied
from runner.model.data import Kind, Manifest
from runner.ports import ObjectInfo
from tests.support.timed_store import TimedStore

NOW = datetime(2026, 11, 29, tzinfo=timezone.utc)
VALUE = Manifest(Kind.FOLDER)


class Clock:
    """`time` in the time of a store; something may happen while one sleeps."""

    def __init__(self, store: TimedStore) -> None:
        self.store = store
        self.slept = 0.0
        self.events: dict[float, object] = {}

    def time(self) -> float:
        return self.store.clock

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.store.clock += seconds
        if self.slept == 1.0:
            self.store.delete("m/" + addressed_digest())
            self.store.delete(collector.DELETING)


def addressed_digest() -> str:
    return addressed.keep(TimedStore(NOW), lambda digest: digest, VALUE)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> TimedStore:
    made = TimedStore(NOW)
    monkeypatch.setattr(collector, "time", Clock(made))
    monkeypatch.setattr(collector, "_dead", set())
    return made


def keep(store: TimedStore) -> str:
    return f"m/{addressed.keep(store, lambda digest: f'm/{digest}', VALUE)}"


def test_a_young_object_is_left_alone_and_an_old_one_is_written_again(store: TimedStore) -> None:
    key = keep(store)
    store.clock += collector.RENEW_AFTER - 1
    keep(store)
    assert store.written[key] == NOW.timestamp()
    store.clock += 1
    keep(store)
    assert store.written[key] == store.clock


def test_a_writer_waits_for_the_end_of_deletions_and_looks_again(store: TimedStore) -> None:
    key = keep(store)
    store.clock += collector.RENEW_AFTER
    store.put(collector.DELETING, b"1")
    keep(store)
    assert key in store.objects
    assert store.written[key] == NOW.timestamp() + collector.RENEW_AFTER + 1.0


def test_an_announcement_that_is_not_renewed_is_waited_for_once(
    store: TimedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(store)
    clock.slept = 2.0
    monkeypatch.setattr(collector, "time", clock)
    store.put(collector.DELETING, b"1")
    for _ in range(3):
        keep(store)
        store.clock += collector.RENEW_AFTER
    assert clock.slept == 2.0 + collector.LEASE


def test_a_step_that_may_not_see_the_announcement_goes_on(store: TimedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    key = keep(store)
    store.clock += collector.RENEW_AFTER
    look = store.stat

    def stat(asked: str) -> ObjectInfo | None:
        if asked == collector.DELETING:
            raise StoreDenied(asked)
        return look(asked)

    monkeypatch.setattr(store, "stat", stat)
    keep(store)
    assert store.written[key] == store.clock
