from __future__ import annotations

import pytest

from runner.errors import StoreUnreachable
from runner.operations.listing import newest
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
    assert [found.run for found in newest(store, 5)] == [run]


def test_a_run_is_entered_before_it_is_journaled() -> None:
    store = Failing()
    with pytest.raises(StoreUnreachable):
        submit(store, sample.PLAN, {}, Request(experiment="e"), WHO)
    assert len(list(index.run_ids(store))) == 1
    assert list(newest(store, 5)) == []
