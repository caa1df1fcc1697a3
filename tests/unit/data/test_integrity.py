"""What lies in a store, compared with what was committed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import integrity, manifest
from runner.data.integrity import all_intact, etag_of, intact
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


def test_what_nobody_touched_is_intact(store: ObjectStore, tmp_path: Path) -> None:
    ref = committed(store, tmp_path / "source")
    store.put("k/more", b"is no part of it")
    assert intact(store, store, ref) == ref
    assert all_intact(store, lambda _name: store, {"out": ref}) == {"out": ref}


@pytest.mark.parametrize("key", ["k/a", "k/deep/b"])
@pytest.mark.parametrize("change", ["size", "bytes", "gone"])
def test_any_change_is_noticed(store: ObjectStore, tmp_path: Path, key: str, change: str) -> None:
    ref = committed(store, tmp_path / "source")
    if change == "gone":
        store.delete(key)
    else:
        store.put(key, b"x" * (len(key) - 2 + (change == "size")))
    assert intact(store, store, ref) is None
    assert all_intact(store, lambda _name: store, {"out": ref}) is None


def test_without_its_manifest_nothing_is_intact(store: ObjectStore, tmp_path: Path) -> None:
    ref = committed(store, tmp_path / "source")
    store.delete(f"manifests/{ref.digest}.json")
    assert intact(store, store, ref) is None


def test_an_output_without_files_is_intact_wherever_it_is(store: ObjectStore, tmp_path: Path) -> None:
    empty = manifest.describe(tmp_path / "none")
    ref = DataRef(datastore="d", key="k", digest=manifest.save(store, empty), etag="")
    assert intact(store, store, ref) == ref


def test_a_change_in_place_that_keeps_size_and_mtime_is_noticed(folder_store: DirectoryStore, tmp_path: Path) -> None:
    ref = committed(folder_store, tmp_path / "source")
    path = folder_store.path("k/a")
    facts = path.stat()
    with path.open("r+b") as file:
        file.write(b"A")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (facts.st_ino, facts.st_mtime_ns)
    assert intact(folder_store, folder_store, ref) is None


def touched(store: DirectoryStore) -> None:
    store.path("k/a").touch()


def restored(store: DirectoryStore) -> None:
    shutil.copytree(store.path("k"), store.path("copy"))
    shutil.rmtree(store.path("k"))
    store.path("copy").rename(store.path("k"))


@pytest.mark.parametrize("do", [touched, restored])
def test_the_same_bytes_in_files_that_look_different_are_intact_and_read_once(
    folder_store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, do: Callable[[DirectoryStore], None]
) -> None:
    ref = committed(folder_store, tmp_path / "source")
    do(folder_store)
    renewed = intact(folder_store, folder_store, ref)
    assert renewed is not None
    assert renewed == replace(ref, etag=renewed.etag) != ref
    monkeypatch.setattr(integrity, "digest_of_file", None)
    assert intact(folder_store, folder_store, renewed) == renewed


def test_files_of_a_folder_are_read_once_after_the_machine_was_restarted(
    folder_store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power failure may have taken bytes of a file that has all facts of its commit."""
    monkeypatch.setattr(integrity, "_file_fact", lambda _store, key: f"the facts of {key}")
    ref = committed(folder_store, tmp_path / "source")
    monkeypatch.setattr(integrity, "boot_id", lambda: "another")
    renewed = intact(folder_store, folder_store, ref)
    assert renewed is not None
    assert renewed == replace(ref, etag=renewed.etag) != ref
    folder_store.path("k/a").write_bytes(b"\0")
    assert intact(folder_store, folder_store, renewed) == renewed, "the facts are believed until the next restart"
    monkeypatch.setattr(integrity, "boot_id", lambda: "a third")
    assert intact(folder_store, folder_store, renewed) is None


def test_objects_of_a_bucket_outlive_this_machines_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = MemoryStore()
    ref = committed(bucket, tmp_path / "source")
    monkeypatch.setattr(integrity, "boot_id", lambda: "another")
    assert intact(bucket, bucket, ref) == ref


def test_the_boot_id_is_the_kernels() -> None:
    file = Path("/proc/sys/kernel/random/boot_id")
    assert integrity.boot_id() == (file.read_text().strip() if file.exists() else "")


def test_a_commit_without_an_etag_is_read_in_a_folder_and_not_believed_in_a_bucket(
    store: ObjectStore, tmp_path: Path
) -> None:
    ref = committed(store, tmp_path / "source")
    assert intact(store, store, replace(ref, etag="")) == (ref if isinstance(store, DirectoryStore) else None)
