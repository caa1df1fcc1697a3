"""What lies in a store, compared with what was committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import integrity, manifest
from runner.data.integrity import etag_of, intact
from runner.data.transfers import trees
from runner.errors import DataChanged
from runner.model.data import DataRef
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return DirectoryStore(tmp_path / "store", durable=False) if request.param == "folder" else MemoryStore()


@pytest.fixture
def folder_store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store", durable=False)


def committed(store: ObjectStore, source: Path) -> DataRef:
    """A folder of two files at ``k``."""
    for name in ("a", "deep/b"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(name)
        store.put(f"k/{name}", name.encode())
    described = manifest.describe(source)
    etag = etag_of(store, "k", described.entries)
    return DataRef(
        datastore="d", key="k", digest=manifest.save(store, described), files=2, bytes=described.bytes, etag=etag
    )


def test_a_file_that_was_found_damaged_is_read_at_the_next_look(
    folder_store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk may give other bytes than it was given: then none of the four facts says so."""
    ref = committed(folder_store, tmp_path / "source")
    known = manifest.load(folder_store, ref.digest)
    monkeypatch.setattr(integrity, "digest_of_file", lambda _path: "damaged")
    monkeypatch.setattr(trees, "digest_of_file", lambda _path: "damaged")
    assert intact(folder_store, folder_store, ref) == ref
    with pytest.raises(DataChanged):
        trees.fetch(folder_store, "k", known, tmp_path / "into")
    assert intact(folder_store, folder_store, ref) is None
