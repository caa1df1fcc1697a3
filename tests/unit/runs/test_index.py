from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from runner.errors import BadInput
from runner.model import events as e
from runner.model.names import new_run_id
from runner.model.status import RunStatus
from runner.override import override
from runner.ports import ObjectInfo
from runner.runs import head, index, plans
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


def add(store: MemoryStore, at: datetime, letter: str) -> str:
    run = new_run_id(at, letter.encode() * 10)
    index.add(store, index.IndexEntry(run=run, experiment=f"experiment {letter}", created=at, tags={"k": letter}))
    return run


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_runs_are_listed_newest_first(store: MemoryStore) -> None:
    runs = [add(store, b.T0 + timedelta(days=day), letter) for day, letter in enumerate("abc")]
    assert list(index.run_ids(store)) == runs[::-1]
    assert [entry.run for entry in index.newest(store, 2)] == runs[:0:-1]
    assert next(index.newest(store, 1)).tags == {"k": "c"}


def test_a_run_is_found_by_what_is_enough_of_its_id(store: MemoryStore) -> None:
    first = add(store, b.T0, "a")
    last = add(store, b.T0 + timedelta(days=1), "b")
    for text in ("latest", "last", last, "20260103", last[-4:]):
        assert index.find(store, text) == last
    assert index.find(store, first[:10]) == first
    with pytest.raises(BadInput, match="fits 2 runs"):
        index.find(store, "2026")
    with pytest.raises(BadInput, match="there is no run 'x' here"):
        index.find(store, "x")


def test_where_nothing_ran_there_is_no_latest(store: MemoryStore) -> None:
    with pytest.raises(BadInput, match="no runs here yet"):
        index.find(store, "latest")


def test_a_plan_is_kept_under_its_digest(store: MemoryStore) -> None:
    plan = b.plan(b.step("a"))
    assert plans.save(store, plan) == plans.save(store, plan) == plan.digest
    assert plans.load(store, plan.digest) == plan


def test_the_head_is_a_run_at_a_glance(store: MemoryStore) -> None:
    assert head.read(store, b.RUN) is None
    plan = b.plan(b.step("a"), b.step("b"))
    state = b.state(plan, e.ControllerStarted("c", "host", 7), b.started("a"), b.succeeded("a"))
    head.write(store, state, b.at(9), "trouble")
    assert head.read(store, b.RUN) == head.Head(
        number=state.number,
        status=RunStatus.RUNNING,
        time=b.at(9),
        host="host",
        pid=7,
        succeeded=1,
        ended=None,
        error="trouble",
    )


def test_a_head_or_an_entry_that_cannot_be_read_is_none(store: MemoryStore) -> None:
    store.put(head.head_key(b.RUN), b"")
    assert head.read(store, b.RUN) is None
    index.add(store, index.IndexEntry(run=b.RUN, experiment="e", created=b.T0))
    store.put("index/0-lost", b"")
    assert [entry.run for entry in index.newest(store, 9)] == [b.RUN]


@pytest.mark.parametrize("stale", [b"", None, "running"])
def test_a_stale_head_of_an_ended_run_is_corrected(store: MemoryStore, stale: bytes | str | None) -> None:
    plan = b.plan(b.step("a"))
    if stale == "running":
        head.write(store, b.state(plan), b.at(1))
    elif isinstance(stale, bytes):
        store.put(head.head_key(b.RUN), stale)
    over = b.state(plan, b.started("a"), b.succeeded("a"), e.RunEnded(RunStatus.SUCCEEDED))
    head.correct(store, over, b.at(9))
    head.correct(store, over, b.at(99))
    shown = head.read(store, b.RUN)
    assert shown is not None
    assert (shown.status, shown.time) == (RunStatus.SUCCEEDED, b.at(9))


def test_an_empty_name_is_no_run() -> None:
    store = MemoryStore()
    with pytest.raises(BadInput, match="the name of a run is empty"):
        index.find(store, "")


class Clocked(MemoryStore):
    """A store whose clock and times of writing are set."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.time = now
        self.written: dict[str, float] = {}

    @override
    def now(self) -> datetime:
        return self.time

    @override
    def put(self, key: str, data: bytes) -> None:
        self.written[key] = self.time.timestamp()
        super().put(key, data)

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        return (replace(info, modified=self.written[info.key]) for info in super().list(prefix, after=after))


def entered(store: MemoryStore, at: datetime, letter: str) -> str:
    run = new_run_id(at, letter.encode() * 10)
    index.add(store, index.IndexEntry(run=run, experiment="e", created=at))
    return run


def test_a_run_made_while_a_clock_was_ahead_takes_the_place_of_its_writing() -> None:
    today = datetime.now(timezone.utc)
    store = Clocked(today - timedelta(hours=2))
    before = entered(store, store.time, "a")
    store.time += timedelta(hours=1)
    ahead = entered(store, today + timedelta(days=900), "b")
    assert list(index.run_ids(store)) == [ahead, before]
    store.time = today
    later = entered(store, today, "c")
    assert list(index.run_ids(store)) == [later, ahead, before]
    assert index.find(store, "latest") == later
    assert [entry.run for entry in index.newest(store, 2)] == [later, ahead]


def test_a_run_whose_writing_is_ahead_as_well_comes_last() -> None:
    today = datetime.now(timezone.utc)
    store = Clocked(today + timedelta(days=900))
    ahead = entered(store, store.time, "b")
    store.time = today
    assert list(index.run_ids(store)) == [ahead]
    earlier, later = entered(store, today - timedelta(days=1), "a"), entered(store, today, "c")
    assert list(index.run_ids(store)) == [later, earlier, ahead]
