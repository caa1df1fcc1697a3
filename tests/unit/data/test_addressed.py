from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.data import addressed, integrity, manifest
from runner.errors import ObjectDamaged, StoreError
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.task import manifest_key
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import plans
from runner.storage.directory import DirectoryStore
from runner.storage.overlay import OverlayStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

MANIFEST = Manifest(Kind.FOLDER, (Entry("a", 1, "0" * 64),))
PLAN = b.plan(b.step("a"))


@pytest.fixture(params=["folder", "bucket", "overlay"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    stores: dict[str, ObjectStore] = {
        "folder": DirectoryStore(tmp_path),
        "bucket": MemoryStore(),
        "overlay": OverlayStore(MemoryStore()),
    }
    return stores[request.param]


def _half(data: bytes) -> bytes:
    return data[:-9]


def _empty(_data: bytes) -> bytes:
    return b""


def _other(data: bytes) -> bytes:
    return data.replace(b'"a"', b'"b"')


@dataclass(frozen=True)
class Sort:
    """A kind of document that is stored under its digest."""

    value: object
    keep: Callable[[ObjectStore], str]
    load: Callable[[ObjectStore, str], object]
    key: Callable[[str], str]


SORTS = {
    "manifest": Sort(MANIFEST, lambda store: manifest.save(store, MANIFEST), manifest.load, manifest_key),
    "plan": Sort(PLAN, lambda store: plans.save(store, PLAN), plans.load, plans.plan_key),
}


@pytest.mark.parametrize("sort", SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("spoil", [_half, _empty, _other])
def test_what_does_not_have_its_digest_is_refused_by_name_and_written_again(
    store: ObjectStore, sort: Sort, spoil: Callable[[bytes], bytes]
) -> None:
    digest = sort.keep(store)
    key = sort.key(digest)
    right = store.get(key)
    spoiled = spoil(right)
    assert spoiled != right
    store.put(key, spoiled)
    with pytest.raises(ObjectDamaged, match=f"{key}.*submit the run again"):
        sort.load(store, digest)
    assert sort.keep(store) == digest
    assert store.get(key) == right
    assert sort.load(store, digest) == sort.value


def test_an_object_that_is_right_is_not_written_again(store: ObjectStore) -> None:
    digest = manifest.save(store, MANIFEST)
    before = store.stat(manifest_key(digest))
    manifest.save(store, MANIFEST)
    assert store.stat(manifest_key(digest)) == before


def test_a_dry_run_plans_no_write_of_what_is_there() -> None:
    base = MemoryStore()
    manifest.save(base, MANIFEST)
    overlay = OverlayStore(base)
    manifest.save(overlay, MANIFEST)
    assert overlay.planned == ()


def test_another_documents_content_is_refused_though_it_is_a_document() -> None:
    store = MemoryStore()
    one, other = manifest.save(store, MANIFEST), manifest.save(store, Manifest(Kind.FOLDER))
    store.put(manifest_key(one), store.get(manifest_key(other)))
    with pytest.raises(ObjectDamaged):
        manifest.load(store, one)


def test_outputs_whose_manifest_is_damaged_are_no_longer_there() -> None:
    store = MemoryStore()
    digest = manifest.save(store, Manifest(Kind.FOLDER))
    ref = DataRef(datastore="", key="place", digest=digest)
    assert integrity.is_intact(store, store, ref)
    store.put(manifest_key(digest), b"{}")
    assert not integrity.is_intact(store, store, ref)


class Noisy(MemoryStore):
    """The first answer is damaged on its way."""

    answers = 0

    @override
    def get(self, key: str) -> bytes:
        self.answers += 1
        data = super().get(key)
        return data[:-1] if self.answers == 1 else data


def test_what_was_damaged_on_its_way_is_read_again() -> None:
    store = Noisy()
    digest = manifest.save(store, MANIFEST)
    assert manifest.load(store, digest) == MANIFEST
    assert store.answers == 2


def test_an_intact_object_of_another_shape_says_so() -> None:
    store = MemoryStore()
    digest = addressed.keep(store, manifest_key, {"kind": "neither"})
    with pytest.raises(StoreError, match="cannot be read") as caught:
        manifest.load(store, digest)
    assert not isinstance(caught.value, ObjectDamaged)
