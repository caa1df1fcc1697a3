from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model import events as e
from runner.model.names import new_run_id
from runner.operations import run_pages
from runner.operations.run_pages import RunFilter, page
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import index, journal
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


def submitted(store: ObjectStore, number: int, **fields: object) -> str:
    """Store a run that was submitted `number` seconds after T0."""
    run = new_run_id(b.at(number), number.to_bytes(10, "big"))
    known: dict[str, object] = {"experiment": "x", "user": "ann", "tags": {}} | fields
    index.add(store, index.IndexEntry(run=run, created=b.at(number), **known))  # type: ignore[arg-type]
    journal.Writer(store, run, "c", 0).append([e.RunSubmitted(b.submission(b.plan(b.step("a"))))], b.at(number))
    return run


def pages(store: ObjectStore, wanted: RunFilter, limit: int) -> list[str]:
    runs: list[str] = []
    cursor = ""
    while True:
        found = page(store, wanted, cursor=cursor, limit=limit)
        assert len(found.runs) <= limit
        runs += [run.run for run in found.runs]
        cursor = found.cursor
        if not cursor:
            return runs


@settings(deadline=None)
@given(count=st.integers(0, 30), limit=st.integers(1, 12), added=st.lists(st.integers(0, 3), max_size=30))
def test_no_run_is_twice_or_missing_while_runs_are_added(count: int, limit: int, added: list[int]) -> None:
    store = MemoryStore()
    known = [submitted(store, number) for number in range(count)]
    seen: list[str] = []
    cursor, number, new = "", count, iter(added)
    while True:
        found = page(store, RunFilter(), cursor=cursor, limit=limit)
        seen += [run.run for run in found.runs]
        cursor = found.cursor
        if not cursor:
            break
        for _ in range(next(new, 0)):
            submitted(store, number)
            number += 1
    assert seen == known[::-1]


def test_a_page_reads_its_own_runs_and_not_those_before_it() -> None:
    store = MemoryStore()
    for number in range(300):
        submitted(store, number)
    cursor = ""
    for _ in range(25):
        cursor = page(store, RunFilter(), cursor=cursor, limit=10).cursor
    reads: list[str] = []
    counting = _Counting(store, reads)
    assert len(page(counting, RunFilter(), cursor=cursor, limit=10).runs) == 10
    assert len([key for key in reads if key.startswith("index/")]) == 10


class _Counting(MemoryStore):
    """Counts the objects that are read."""

    def __init__(self, store: MemoryStore, reads: list[str]) -> None:
        super().__init__()
        self.objects, self._reads = store.objects, reads

    @override
    def get(self, key: str) -> bytes:
        self._reads.append(key)
        return super().get(key)


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (RunFilter(), [3, 2, 1, 0]),
        (RunFilter(experiment="train"), [2, 1]),
        (RunFilter(user="bob"), [3]),
        (RunFilter(tag="stage"), [2, 1]),
        (RunFilter(tag="stage=prod"), [1]),
        (RunFilter(tag="stage=none"), []),
        (RunFilter(since=b.at(2)), [3, 2]),
        (RunFilter(until=b.at(2)), [1, 0]),
        (RunFilter(since=b.at(1), until=b.at(3)), [2, 1]),
        (RunFilter(since=b.at(2) + timedelta(milliseconds=1)), [3]),
        (RunFilter(text="PENGUIN"), [2]),
        (RunFilter(text="prod"), [1]),
        (RunFilter(status="starting"), [3, 2, 1, 0]),
        (RunFilter(status="failed"), []),
        (RunFilter(experiment="train", tag="stage=prod", user="ann"), [1]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_filters(wanted: RunFilter, numbers: list[int], limit: int) -> None:
    store = MemoryStore()
    runs = [
        submitted(store, 0),
        submitted(store, 1, experiment="train", tags={"stage": "prod"}),
        submitted(store, 2, experiment="train", tags={"stage": "test"}, description="of the penguins"),
        submitted(store, 3, user="bob"),
    ]
    assert pages(store, wanted, limit) == [runs[number] for number in numbers]


def test_a_filter_that_fits_few_looks_at_a_bounded_number_of_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_pages, "LOOKED_AT", 10)
    store = MemoryStore()
    first = submitted(store, 0, user="bob")
    for number in range(1, 40):
        submitted(store, number)
    found = page(store, RunFilter(user="bob"), limit=5)
    assert found.runs == ()
    assert found.cursor
    assert pages(store, RunFilter(user="bob"), 5) == [first]


def test_a_run_whose_submission_died_and_a_damaged_entry_are_left_out() -> None:
    store = MemoryStore()
    whole = submitted(store, 1)
    index.add(store, index.IndexEntry(run=new_run_id(b.at(2), bytes(10)), experiment="x", created=b.at(2)))
    damaged = submitted(store, 3)
    (key,) = [key for key in store.objects if key.startswith("index/") and damaged in key]
    store.put(key, b"")
    assert pages(store, RunFilter(), 1) == [whole]


def test_a_tag_without_a_name_is_refused_and_one_with_an_equals_sign_is_found() -> None:
    store = MemoryStore()
    odd = submitted(store, 1, tags={"a=b": "c", "plain": "x=y"})
    submitted(store, 2)
    for tag in ("a=b", "a=b=c", "plain=x=y", "plain"):
        assert pages(store, RunFilter(tag=tag), 5) == [odd]
    assert pages(store, RunFilter(tag="a"), 5) == []
    with pytest.raises(BadInput, match="the tag has no name"):
        page(store, RunFilter(tag="=c"))


@pytest.mark.parametrize(
    "cursor", ["x", "1-2", "../../etc", "0" * 15 + "-x", "é" * 15 + "-20260102t030405678z-aaaaaaaaaaaaaaaa"]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput, match="no cursor"):
        page(MemoryStore(), RunFilter(), cursor=cursor)
