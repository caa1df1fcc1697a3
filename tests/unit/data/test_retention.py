"""Marks of runs that stay or go, and who is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runner.data import retention
from runner.errors import BadInput, StoreDenied
from runner.model.data import DatastorePath
from runner.override import override
from runner.ports import ObjectInfo
from tests.support.builders import RUN
from tests.support.memory_store import MemoryStore

PLACE = f"azureml/{RUN}.a/out"


class Closed(MemoryStore):
    """A store that a step may not look into."""

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        raise StoreDenied(key)

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        raise StoreDenied(prefix + after)


def begun() -> MemoryStore:
    store = MemoryStore()
    store.put(f"runs/{RUN}/journal/00000001.json", b"{}")
    return store


def test_a_run_is_kept_and_released() -> None:
    store = begun()
    retention.keep(store, RUN)
    assert retention.kept_key(RUN) in store.objects
    retention.release(store, RUN)
    assert retention.kept_key(RUN) not in store.objects


@pytest.mark.parametrize("final", [True, False])
def test_a_run_that_goes_is_not_kept(final: bool) -> None:
    store = begun()
    retention.condemn(store, RUN, final=final)
    assert retention.is_final(store.get(retention.condemned_key(RUN))) is final
    with pytest.raises(BadInput, match="is being deleted by runner gc"):
        retention.keep(store, RUN)
    assert retention.kept_key(RUN) not in store.objects
    retention.reprieve(store, RUN)
    retention.keep(store, RUN)


def test_a_run_that_has_gone_is_not_kept() -> None:
    store = MemoryStore()
    with pytest.raises(BadInput, match="has been deleted"):
        retention.keep(store, RUN)
    assert store.objects == {}


def test_paths_of_outputs_are_refused_with_their_run() -> None:
    own, other = DatastorePath("workspaceblobstore", PLACE), DatastorePath("theirs", PLACE)
    retention.refuse_gone_outputs(begun(), [own, DatastorePath("workspaceblobstore", "data/x")])
    store = MemoryStore()
    with pytest.raises(BadInput, match="has been deleted"):
        retention.refuse_gone_outputs(store, [own])
    retention.refuse_gone_outputs(store, [other])  # it may be a run of another workspace
    retention.condemn(store, RUN)
    with pytest.raises(BadInput, match="is being deleted"):
        retention.refuse_gone_outputs(store, [other])


def test_a_step_that_may_not_look_goes_on() -> None:
    retention.refuse_gone_outputs(Closed(), [DatastorePath("workspaceblobstore", PLACE)])


def test_a_damaged_mark_is_no_final_one() -> None:
    assert not retention.is_final(b"")
    assert not retention.is_final(b"[]")
