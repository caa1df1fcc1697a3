"""What lies in a store, compared with what was committed."""

from __future__ import annotations

import threading
import time
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


def test_one_thread_brings_small_files_of_this_machine_and_many_bring_others(
    store: ObjectStore, tmp_path: Path
) -> None:
    """Threads that wait for the interpreter after each short system call take longer than one thread."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(40):
        (source / f"{number}").write_text(str(number))
        store.put(f"k/{number}", str(number).encode())
    threads: set[int] = set()

    def place(key: str, path: Path) -> None:
        threads.add(threading.get_ident())
        time.sleep(0.002)
        store.download(key, path)

    trees.fetch(store, "k", manifest.describe(source), tmp_path / "copy", place=place)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == sorted(map(str, range(40)))
    assert (len(threads) == 1) == isinstance(store, DirectoryStore)
