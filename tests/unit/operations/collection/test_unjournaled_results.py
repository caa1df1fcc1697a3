"""`runner gc` and results that no journal names: their run was canceled, or their attempt killed, at the commit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.control import reuse_lookup
from runner.model.step import OutputSpec
from runner.model.task import TaskId
from tests.support import promises
from tests.support.builders import step
from tests.support.collecting import LONG_AGO, collected, collector, later, written
from tests.support.stored_runs import StoredRun, run_id
from tests.support.timed_store import TimedStore


def canceled(store: TimedStore) -> str:
    """Write a run whose step commits, which its journal does not say."""
    run = StoredRun(store, run_id(LONG_AGO))
    run.submit()
    run.commit("a")
    run.cancel()
    return run.run


def is_reusable(store: TimedStore) -> bool:
    equal = step("a", outputs=(OutputSpec(name="out"),))
    return reuse_lookup.equal_of(store, lambda _name: store, "fingerprint-a", equal) is not None


@pytest.mark.parametrize("lost", ["", "commit", "reuse"])
def test_the_manifest_of_a_kept_run_stays(lost: str) -> None:
    """An attempt in a bucket writes the entry for reuse, then the commit, and may be killed in between."""
    store = written()
    run = canceled(store)
    if lost:
        store.delete(TaskId(run, "a").commit if lost == "commit" else "reuse/fingerprint-a.json")
    later(store, timedelta(days=3))
    before = dict(store.objects)
    found = collected(store)
    assert list(found.survey.reasons) == [run]
    assert not found.content
    assert store.objects == before
    assert is_reusable(store) is (not lost)
    promises.check(store)


def test_all_of_it_goes_with_the_run() -> None:
    store = written()
    run = canceled(store)
    later(store)
    planned = collector(store).plan()
    done = collected(store)
    assert list(done.runs) == [run]
    assert planned.content == done.content
    assert store.objects == {}
