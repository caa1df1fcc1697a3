"""A download of a large object that was interrupted goes on inside it, and never mixes two versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.data.transfers import ranged, trees
from runner.data.transfers.progress import SILENT, Progress
from runner.errors import DataChanged, ObjectChanged, StoreError, StoreUnreachable
from runner.model.data import Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.override import override
from runner.ports import ObjectInfo
from tests.support.memory_store import MemoryStore

CONTENT = bytes(range(251)) * 3
RANGE = 100
STARTS = range(0, len(CONTENT), RANGE)


class Cut(MemoryStore):
    """A store that answers so many reads, and remembers them."""

    def __init__(self, content: bytes = CONTENT) -> None:
        super().__init__()
        self.put("k", content)
        self.left = 1000
        self.read: list[int] = []

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        if not self.left:
            raise StoreUnreachable("cut off")
        self.left -= 1
        data = super().read_range(key, start, length, etag)
        self.read.append(start)
        return data

    def file(self, digest: str = "") -> Entry:
        info = self.stat("k")
        assert info is not None
        return Entry("k", info.size, digest or f"etag:{info.etag}")


class Counted(Progress):
    def __init__(self) -> None:
        self.sizes: list[int] = []

    @override
    def begin(self, files: int, size: int) -> None:
        raise AssertionError(f"the caller begins with {files} files and {size} bytes")

    @override
    def moved(self, size: int) -> None:
        self.sizes.append(size)

    @override
    def completed(self) -> None:
        raise AssertionError("the caller completes")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranged, "_RANGE", RANGE)
    monkeypatch.setattr(ranged, "_THREADS", 1)


@pytest.mark.parametrize("reads", range(len(STARTS) + 1))
def test_it_reads_what_is_missing(tmp_path: Path, reads: int) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = reads
    if reads < len(STARTS):
        with pytest.raises(StoreUnreachable):
            ranged.fetch(store, "k", store.file(), path, SILENT)
        assert not path.exists()
    store.left, first, store.read = 1000, store.read, []
    counted = Counted()
    ranged.fetch(store, "k", store.file(), path, counted)
    assert path.read_bytes() == CONTENT
    assert sorted((*first, *store.read)) == list(STARTS), "each range once"
    assert sum(counted.sizes) == len(CONTENT), "what earlier calls have brought counts"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_parts_of_another_version_are_dropped(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = 3
    with pytest.raises(StoreUnreachable):
        ranged.fetch(store, "k", store.file(), path, SILENT)
    store.left, store.read = 1000, []
    store.put("k", CONTENT[::-1])
    ranged.fetch(store, "k", store.file(), path, SILENT)
    assert path.read_bytes() == CONTENT[::-1]
    assert store.read == list(STARTS)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_an_object_that_is_overwritten_meanwhile_is_no_file(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    file = store.file()
    store.put("k", CONTENT[::-1])
    with pytest.raises(ObjectChanged):
        ranged.fetch(store, "k", file, path, SILENT)
    assert not path.exists()


def test_what_a_kill_leaves_behind_is_read_again(tmp_path: Path) -> None:
    """A kill may come between the bytes and their line, inside the line, and before the list exists."""
    store, path = Cut(), tmp_path / "file"
    store.left = 4
    with pytest.raises(StoreUnreachable):
        ranged.fetch(store, "k", store.file(), path, SILENT)
    (ranges,) = tmp_path.glob("*.ranges")
    os.truncate(ranges, ranges.stat().st_size - 2)  # "300\n" → "30"
    store.left, store.read = 1000, []
    ranged.fetch(store, "k", store.file(), path, SILENT)
    assert store.read == list(STARTS[3:])
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("lost", ["part", "ranges"])
def test_a_lost_half_of_the_parts_begins_anew(tmp_path: Path, lost: str) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = 4
    with pytest.raises(StoreUnreachable):
        ranged.fetch(store, "k", store.file(), path, SILENT)
    next(each for each in tmp_path.iterdir() if each.name.endswith(".ranges") == (lost == "ranges")).unlink()
    store.left, store.read = 1000, []
    ranged.fetch(store, "k", store.file(), path, SILENT)
    assert store.read == list(STARTS)
    assert path.read_bytes() == CONTENT


def test_a_committed_file_is_compared_with_its_digest(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    with pytest.raises(DataChanged, match="has other content"):
        ranged.fetch(store, "k", store.file(digest_of_bytes(b"another")), path, SILENT)
    assert list(tmp_path.iterdir()) == []
    ranged.fetch(store, "k", store.file(digest_of_bytes(CONTENT)), path, SILENT)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(("content", "says"), [(None, "is no longer there"), (b"short", "has 5 bytes where")])
def test_a_file_of_a_run_needs_no_listing(tmp_path: Path, content: bytes | None, says: str) -> None:
    store = Cut()
    file = Entry("k", len(CONTENT), digest_of_bytes(CONTENT))
    ranged.fetch(store, "k", file, tmp_path / "file", SILENT)
    assert (tmp_path / "file").read_bytes() == CONTENT
    store.delete("k")
    if content is not None:
        store.put("k", content)
    with pytest.raises(DataChanged, match=says):
        ranged.fetch(store, "k", file, tmp_path / "file", SILENT)


class Watched(Progress):
    """Counts what is moved and completed."""

    def __init__(self) -> None:
        self.bytes = self.files = 0

    @override
    def begin(self, files: int, size: int) -> None:
        raise AssertionError(f"the caller begins: {files} files, {size} bytes")

    @override
    def moved(self, size: int) -> None:
        self.bytes += size

    @override
    def completed(self) -> None:
        self.files += 1


def test_large_and_small_files_of_a_manifest_are_brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranged, "LARGE", len(CONTENT) - 1)
    store, watched = Cut(), Watched()
    store.delete("k")
    for name, content in (("large", CONTENT), ("a b/small", b"small"), ("empty", b"")):
        store.put(f"k/{name}", content)
    entries = tuple(
        Entry(name, len(content), digest_of_bytes(content))
        for name, content in (("large", CONTENT), ("a b/small", b"small"), ("empty", b""))
    )
    manifest = Manifest(Kind.FOLDER, entries, ("none",))
    store.left = 2
    with pytest.raises(StoreUnreachable):
        ranged.fetch_files(store, "k", manifest, tmp_path / "into", Watched())
    store.left, store.read = 1000, []
    ranged.fetch_files(store, "k", manifest, tmp_path / "into", watched)
    assert store.read == list(STARTS[2:])
    assert (watched.bytes, watched.files) == (len(CONTENT) + 5, 3)
    found = {str(path.relative_to(tmp_path / "into")) for path in (tmp_path / "into").rglob("*")}
    assert found == {"large", "a b", "a b/small", "empty", "none"}


class Pinned(Cut):
    """A store that counts its answers."""

    @override
    def download(self, key: str, path: Path) -> None:
        raise AssertionError(f"one request is enough for {key}: {path}")

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        self.read.append(-1)
        return super().stat(key)


@pytest.mark.parametrize("content", [b"", b"content"])
def test_a_small_pinned_file_takes_one_request_and_is_the_pinned_one(tmp_path: Path, content: bytes) -> None:
    store = Pinned(content)
    file = store.file()
    store.read = []
    trees.fetch_file(store, "k", file, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == content
    assert store.read == [0]
    store.put("k", content + b"x")
    with pytest.raises(StoreError, match="k was changed after"):
        trees.fetch_file(store, "k", file, tmp_path / "other")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
