from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import RunTaken, StoreError, StoreUnreachable
from runner.model import events as e
from runner.override import override
from runner.runs.journal import Writer, entry_key, read
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

BEAT = e.Heartbeat()


def test_entries_are_read_in_order() -> None:
    store = MemoryStore()
    writer = Writer(store, "run", "c", 0)
    written = [writer.append([b.started("a")], b.at(1)), writer.append([BEAT, b.succeeded("a")], b.at(2))]
    assert [entry.number for entry in written] == [1, 2]
    assert list(read(store, "run")) == written
    assert list(read(store, "run", 1)) == written[1:]
    assert list(read(store, "run", 2)) == list(read(store, "other")) == []
    assert entry_key("run", 12) == "runs/run/journal/00000012.json"


def test_a_second_writer_loses() -> None:
    store = MemoryStore()
    first, second = Writer(store, "run", "one", 0), Writer(store, "run", "two", 0)
    first.append([e.ControllerStarted("one", "laptop", 1)], b.at(1))
    with pytest.raises(RunTaken, match="run run is now driven by laptop"):
        second.append([BEAT], b.at(1))
    assert second.number == 0
    third = Writer(store, "run", "three", 1)
    third.append([BEAT], b.at(2))
    with pytest.raises(RunTaken, match="by controller three"):
        first.append([BEAT], b.at(3))
    assert [entry.controller for entry in read(store, "run")] == ["one", "three"]


class Deaf(MemoryStore):
    """Does what it is asked once, and says that it did not."""

    deaf = True

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        done = super().put_if_absent(key, data)
        if self.deaf:
            self.deaf = False
            raise StoreUnreachable("timed out")
        return done


@pytest.mark.parametrize("retry", [BEAT, e.CancelRequested()])
def test_a_writers_own_entry_that_seemed_to_fail_is_no_loss(retry: e.Event) -> None:
    store = Deaf()
    writer = Writer(store, "run", "c", 0)
    with pytest.raises(StoreUnreachable):
        writer.append([BEAT], b.at(1))
    assert writer.append([retry], b.at(9)) == e.JournalEntry(1, b.at(1), "c", (BEAT,))
    assert writer.append([BEAT], b.at(10)).number == 2


@pytest.mark.parametrize("data", [b"{", b"{}", b"[]", b'{"number": 1, "time": 0, "controller": "", "events": []}'])
def test_a_damaged_entry_is_named(data: bytes) -> None:
    store = MemoryStore()
    store.put(entry_key("run", 1), data)
    with pytest.raises(StoreError, match=r"runs/run/journal/00000001\.json.*cannot be read"):
        list(read(store, "run"))


def test_an_entry_whose_content_a_power_failure_took_was_never_written(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path, durable=False)
    first = Writer(store, "run", "c", 0).append([BEAT], b.at(1))
    lost = store.path(entry_key("run", 2))
    lost.touch()
    os.utime(lost, (0, 0))
    assert list(read(store, "run")) == [first]
    second = Writer(store, "run", "d", 1).append([BEAT], b.at(2))
    assert list(read(store, "run")) == [first, second]


class Counting(MemoryStore):
    """Notes what is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @override
    def get(self, key: str) -> bytes:
        self.asked.append(key)
        return super().get(key)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 40, 100])
def test_a_long_journal_is_asked_for_several_at_a_time_and_not_much_beyond_its_end(count: int) -> None:
    store = Counting()
    writer = Writer(store, "run", "c", 0)
    written = [writer.append([BEAT], b.at(number)) for number in range(count)]
    store.asked.clear()
    assert list(read(store, "run")) == written
    assert len(store.asked) <= 2 * count + 1
    assert len(store.asked) <= count + 17


def test_a_reader_who_wants_the_first_entry_asks_for_no_more() -> None:
    store = Counting()
    writer = Writer(store, "run", "c", 0)
    for number in range(9):
        writer.append([BEAT], b.at(number))
    store.asked.clear()
    assert next(read(store, "run")).number == 1
    assert store.asked == [entry_key("run", 1)]


@pytest.mark.parametrize("gap", [1, 2, 3, 7, 20])
def test_the_first_number_that_is_absent_ends_the_journal(gap: int) -> None:
    store = MemoryStore()
    writer = Writer(store, "run", "c", 0)
    for number in range(30):
        writer.append([BEAT], b.at(number))
    store.delete(entry_key("run", gap))
    assert [entry.number for entry in read(store, "run")] == list(range(1, gap))
