from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.published import EndpointRecord, PublishedRecord, Status
from runner.operations.published import pages, pipelines
from runner.operations.published.documents import Documents
from runner.operations.published.pages import Page, Wanted
from runner.override import override
from tests.support.builders import T0
from tests.support.memory_store import MemoryStore

STATES = st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.DISABLED, Status.ARCHIVED])
NAMES = st.sampled_from(["train", "a/b@1%", "ü"])


class CountingStore(MemoryStore):
    """Remembers the keys that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    @override
    def get(self, key: str) -> bytes:
        self.reads.append(key)
        return super().get(key)


def guid(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def record(number: int, name: str = "train", status: Status = Status.ACTIVE, seconds: int = 0) -> PublishedRecord:
    created = T0 + timedelta(seconds=seconds)
    return PublishedRecord(id=guid(number), name=name, plan="d" * 64, created=created, status=status)


def collected(page: Callable[[str], Page[PublishedRecord]]) -> tuple[list[PublishedRecord], list[int]]:
    found: list[PublishedRecord] = []
    sizes: list[int] = []
    cursor = ""
    while True:
        one = page(cursor)
        found += one.items
        sizes.append(len(one.items))
        cursor = one.cursor
        if not cursor:
            return found, sizes


@given(
    facts=st.lists(st.tuples(NAMES, STATES, st.integers(0, 3)), max_size=12),
    name=st.sampled_from(["", "train", "a/b@1%"]),
    every=st.booleans(),
    limit=st.integers(1, 5),
)
def test_the_pages_together_are_the_whole_list(
    facts: list[tuple[str, Status, int]], name: str, every: bool, limit: int
) -> None:
    store = MemoryStore()
    records = [record(number, *fact) for number, fact in enumerate(facts)]
    for each in records:
        pipelines.create(store, each)
    shown = [one for one in records if name in ("", one.name) and (every or one.status is Status.ACTIVE)]

    def of_pipelines(cursor: str) -> Page[PublishedRecord]:
        return pages.of_pipelines(store, Wanted(name=name, every=every, cursor=cursor, limit=limit))

    def of_records(cursor: str) -> Page[PublishedRecord]:
        return pages.of_records(records, Wanted(name=name, every=every, cursor=cursor, limit=limit))

    for page in (of_pipelines, of_records):
        found, sizes = collected(page)
        assert sorted(found, key=lambda one: one.id) == shown
        assert [one.created for one in found] == sorted((one.created for one in shown), reverse=True)
        assert max(sizes) <= limit


def test_what_is_published_meanwhile_moves_no_page() -> None:
    store = MemoryStore()
    for number in range(4):
        pipelines.create(store, record(number, seconds=number))
    first = pages.of_pipelines(store, Wanted(limit=2))
    pipelines.create(store, record(9, seconds=9))
    second = pages.of_pipelines(store, Wanted(limit=2, cursor=first.cursor))
    assert [one.id for one in (*first.items, *second.items)] == [guid(3), guid(2), guid(1), guid(0)]
    assert second.cursor == ""


def test_a_page_costs_its_own_records() -> None:
    store = CountingStore()
    for number in range(300):
        pipelines.create(store, record(number, name="train" if number % 2 else "score", seconds=number))
    page = pages.of_pipelines(store, Wanted(limit=3, name="train"))
    assert [one.id for one in page.items] == [guid(299), guid(297), guid(295)]
    assert len(store.reads) == 3


def test_a_page_ends_where_nearly_all_pipelines_are_archived() -> None:
    store = CountingStore()
    for number in range(pages.LOOKED_AT + 20):
        pipelines.create(store, record(number, status=Status.ARCHIVED if number else Status.ACTIVE, seconds=number))
    first = pages.of_pipelines(store, Wanted(limit=16))
    assert (first.items, len(store.reads)) == ((), pages.LOOKED_AT)
    second = pages.of_pipelines(store, Wanted(cursor=first.cursor, limit=16))
    assert ([one.id for one in second.items], second.cursor) == ([guid(0)], "")


@pytest.mark.parametrize("cursor", ["x", "Li4vLi4", "é", "\0", "MTIz", "MDAwMDAwMDAwMDAwMDAwQC8uLi8"])
def test_what_is_no_cursor_is_told(cursor: str) -> None:
    with pytest.raises(BadInput, match="no cursor"):
        pages.of_pipelines(MemoryStore(), Wanted(cursor=cursor))
    with pytest.raises(BadInput, match="no cursor"):
        pages.of_records([record(1)], Wanted(cursor=cursor))


def test_documents_that_are_known_are_not_read_again() -> None:
    store = CountingStore()
    known: dict[str, EndpointRecord] = {}

    def documents() -> Documents[EndpointRecord]:
        return Documents(store, "endpoints", EndpointRecord)

    for number in range(3):
        documents().create(guid(number), EndpointRecord(id=guid(number), name=f"n{number}", created=T0))
    assert [one.name for one in documents().all(known)] == ["n0", "n1", "n2"]
    store.reads.clear()
    assert len(list(documents().all(known))) == 3
    assert store.reads == []
    documents().change(guid(1), lambda one: replace(one, name="other"))
    documents().withdraw(guid(2))
    store.reads.clear()
    assert [one.name for one in documents().all(known)] == ["n0", "other"]
    assert len(store.reads) == 1
    assert len(known) == 2  # no revision of the past is kept
