from __future__ import annotations

from dataclasses import replace

import pytest

from runner.errors import BadInput, StoreUnreachable
from runner.model.data import DatastorePath
from runner.model.names import computed_run_id, is_run_id, run_time
from runner.model.step import InputSpec
from runner.operations.run_pages import RunFilter, page
from runner.operations.submit import Submitter, submit
from runner.operations.values import Request, WorkspaceFacts
from runner.override import override
from runner.runs import index, journal
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore

WHO = Submitter("ada", sample.BEGIN, bytes(10), WorkspaceFacts(name="w"))


class Failing(MemoryStore):
    """Goes away before the journal's first entry."""

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        if "/journal/" in key:
            raise StoreUnreachable("gone")
        return super().put_if_absent(key, data)


def test_a_run_is_entered_and_journaled() -> None:
    store = MemoryStore()
    run = submit(store, sample.PLAN, {}, Request(experiment="e"), WHO)
    assert store.stat(journal.entry_key(run, 1)) is not None
    assert [found.run for found in page(store, RunFilter(), limit=5).runs] == [run]


def test_a_run_is_entered_before_it_is_journaled() -> None:
    store = Failing()
    with pytest.raises(StoreUnreachable):
        submit(store, sample.PLAN, {}, Request(experiment="e"), WHO)
    assert len(list(index.run_ids(store))) == 1
    assert page(store, RunFilter(), limit=5).runs == ()


def test_a_given_run_is_submitted_once() -> None:
    store = MemoryStore()
    run = computed_run_id(sample.BEGIN, "schedule", "2026")
    assert submit(store, sample.PLAN, {}, Request(experiment="e"), WHO, run=run) == run
    before = dict(store.objects)
    assert submit(store, sample.PLAN, {}, Request(experiment="other"), WHO, run=run) == run
    assert store.objects == before
    assert [found.run for found in page(store, RunFilter(), limit=5).runs] == [run]


class Rival(MemoryStore):
    """Another process has submitted the same run just before this one writes to the journal, or to the index."""

    def __init__(self, part: str, run: str) -> None:
        super().__init__()
        self.part = part
        self.run = run
        self.done = False

    def _overtake(self, key: str) -> None:
        if self.part in key and not self.done:
            self.done = True
            submit(self, sample.PLAN, {}, Request(experiment="first"), WHO, run=self.run)

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        self._overtake(key)
        return super().put_if_absent(key, data)

    @override
    def put(self, key: str, data: bytes) -> None:
        self._overtake(key)
        super().put(key, data)


@pytest.mark.parametrize("part", ["/journal/", "index/"])
def test_two_submissions_of_one_run_at_once_make_one(part: str) -> None:
    run = computed_run_id(sample.BEGIN, "x")
    store = Rival(part, run)
    assert submit(store, sample.PLAN, {}, Request(experiment="second"), WHO, run=run) == run
    assert store.done
    assert [key for key in store.objects if "/journal/" in key] == [journal.entry_key(run, 1)]
    assert list(index.run_ids(store)) == [run]


def test_a_refused_submission_does_not_hide_the_run_of_another_one() -> None:
    run = computed_run_id(sample.BEGIN, "x")
    store = Rival("index/", run)
    gone = DatastorePath("workspaceblobstore", f"azureml/{computed_run_id(sample.BEGIN, 'gone')}.s-1/o")
    step = replace(sample.PLAN.steps[0], inputs=(InputSpec(name="x", source=gone),), source="")
    with pytest.raises(BadInput, match="deleted by runner gc"):
        submit(store, replace(sample.PLAN, steps=(step,)), {}, Request(experiment="second"), WHO, run=run)
    assert list(index.run_ids(store)) == [run]


def test_computed_ids_are_run_ids_of_their_causes() -> None:
    ids = {computed_run_id(sample.BEGIN, *parts) for parts in (("a", "b"), ("ab",), ("a", "b", ""), ("b", "a"))}
    assert len(ids) == 4
    assert all(map(is_run_id, ids))
    assert run_time(computed_run_id(sample.BEGIN, "a")) == sample.BEGIN.replace(
        microsecond=sample.BEGIN.microsecond // 1000 * 1000
    )
