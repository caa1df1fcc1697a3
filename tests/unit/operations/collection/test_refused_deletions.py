"""`runner gc` with outputs that cannot be deleted: the run at fault is named, and no other one is held."""

from __future__ import annotations

import pytest

from runner.data import retention
from runner.errors import StoreDenied
from runner.model.names import short
from runner.override import override
from tests.support.collecting import LONG_AGO, collected, collector, keys_of, later, written
from tests.support.stored_runs import DAY, StoredRun, old_run, run_id
from tests.support.timed_store import TimedStore


class LockedStore(TimedStore):
    """A store whose key may not delete."""

    locked = True

    @override
    def delete(self, key: str) -> None:
        if self.locked:
            raise StoreDenied(f"the object {key!r} may not be deleted")
        super().delete(key)


def two_runs(store: TimedStore, lake: TimedStore) -> tuple[str, str]:
    """Write a run with its output in the lake, and one with its output in the workspace store."""
    made = StoredRun(store, run_id(LONG_AGO), datastore="lake", datastores={"lake": lake}).whole()
    other = old_run(store, LONG_AGO, 1, steps=("b",))
    later(store)
    return made, other


def test_a_run_with_outputs_on_a_read_only_datastore_stays_whole() -> None:
    store, lake = written(), written()
    run, other = two_runs(store, lake)
    before, files = {key: store.objects[key] for key in keys_of(store, run)}, dict(lake.objects)
    found = collected(store, datastores={"lake": lake}, read_only=frozenset({"lake"}))
    assert found.survey.reasons == {run: "its outputs lie on datastore 'lake', which is read-only"}
    assert {key: store.objects[key] for key in keys_of(store, run)} == before
    assert lake.objects == files
    assert not keys_of(store, other)
    assert not found.problems


def test_a_run_whose_outputs_may_not_be_deleted_holds_no_other_one_until_they_may() -> None:
    store, lake = written(), LockedStore(LONG_AGO)
    run, other = two_runs(store, lake)
    newest = old_run(store, LONG_AGO + DAY, 2, steps=("c",))
    later(store)
    first = collected(store, last=1, datastores={"lake": lake})
    assert list(first.runs) == [other]
    (problem,) = first.problems
    assert problem.startswith(f"run {short(run)} cannot be deleted: the object ")
    assert not keys_of(store, other)
    assert f"runs/{run}/journal/00000001.json" in store.objects

    second = collected(store, datastores={"lake": lake})
    assert list(second.runs) == [newest]
    assert len(second.problems) == 1

    lake.locked = False
    assert list(collected(store, datastores={"lake": lake}).runs) == [run]
    assert store.objects == lake.objects == {}


@pytest.mark.parametrize("final", [True, False])
def test_a_run_whose_deletion_had_begun_is_tried_on_a_read_only_datastore(final: bool) -> None:
    """Its other outputs may be gone already: it cannot be reprieved."""
    store, lake = written(), LockedStore(LONG_AGO)
    run, other = two_runs(store, lake)
    retention.condemn(store, run, final=final)
    found = collected(store, datastores={"lake": lake}, read_only=frozenset({"lake"}))
    assert len(found.problems) == final
    assert (run in found.survey.reasons) is not final
    assert not keys_of(store, other)


def test_nothing_is_lost_of_runs_whose_records_may_not_be_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    store = written()
    runs = [old_run(store, LONG_AGO, n) for n in range(2)]
    later(store)
    delete = store.delete

    def refused(key: str) -> None:
        if key.startswith("index/"):
            raise StoreDenied(f"the object {key!r} may not be deleted")
        delete(key)

    with monkeypatch.context() as patch:
        patch.setattr(store, "delete", refused)
        found = collected(store)
    assert len(found.problems) == len(runs)
    assert not found.runs
    assert set(collector(store).collect().runs) == set(runs)
    assert store.objects == {}
