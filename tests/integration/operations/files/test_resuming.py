"""A download of a large object that was interrupted goes on inside it, and never mixes two versions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import DataChanged, ObjectChanged, StoreUnreachable
from runner.model.digest import digest_of_bytes
from runner.operations.files import resuming
from runner.operations.files.progress import SILENT, Progress
from runner.operations.files.selection import FoundFile
from runner.override import override
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

    def file(self, digest: str = "") -> FoundFile:
        info = self.stat("k")
        assert info is not None
        return FoundFile(path="k", datastore="d", key="k", size=info.size, etag=info.etag, digest=digest)


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
    monkeypatch.setattr(resuming, "_RANGE", RANGE)
    monkeypatch.setattr(resuming, "_THREADS", 1)


@pytest.mark.parametrize("reads", range(len(STARTS) + 1))
def test_it_reads_what_is_missing(tmp_path: Path, reads: int) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = reads
    if reads < len(STARTS):
        with pytest.raises(StoreUnreachable):
            resuming.fetch(store, store.file(), path, SILENT)
        assert not path.exists()
    store.left, first, store.read = 1000, store.read, []
    counted = Counted()
    resuming.fetch(store, store.file(), path, counted)
    assert path.read_bytes() == CONTENT
    assert sorted((*first, *store.read)) == list(STARTS), "each range once"
    assert sum(counted.sizes) == len(CONTENT), "what earlier calls have brought counts"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_parts_of_another_version_are_dropped(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = 3
    with pytest.raises(StoreUnreachable):
        resuming.fetch(store, store.file(), path, SILENT)
    store.left, store.read = 1000, []
    store.put("k", CONTENT[::-1])
    resuming.fetch(store, store.file(), path, SILENT)
    assert path.read_bytes() == CONTENT[::-1]
    assert store.read == list(STARTS)
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_an_object_that_is_overwritten_meanwhile_is_no_file(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    file = store.file()
    store.put("k", CONTENT[::-1])
    with pytest.raises(ObjectChanged):
        resuming.fetch(store, file, path, SILENT)
    assert not path.exists()


def test_what_a_kill_leaves_behind_is_read_again(tmp_path: Path) -> None:
    """A kill may come between the bytes and their line, inside the line, and before the list exists."""
    store, path = Cut(), tmp_path / "file"
    store.left = 4
    with pytest.raises(StoreUnreachable):
        resuming.fetch(store, store.file(), path, SILENT)
    (ranges,) = tmp_path.glob("*.ranges")
    os.truncate(ranges, ranges.stat().st_size - 2)  # "300\n" → "30"
    store.left, store.read = 1000, []
    resuming.fetch(store, store.file(), path, SILENT)
    assert store.read == list(STARTS[3:])
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize("lost", ["part", "ranges"])
def test_a_lost_half_of_the_parts_begins_anew(tmp_path: Path, lost: str) -> None:
    store, path = Cut(), tmp_path / "file"
    store.left = 4
    with pytest.raises(StoreUnreachable):
        resuming.fetch(store, store.file(), path, SILENT)
    next(each for each in tmp_path.iterdir() if each.name.endswith(".ranges") == (lost == "ranges")).unlink()
    store.left, store.read = 1000, []
    resuming.fetch(store, store.file(), path, SILENT)
    assert store.read == list(STARTS)
    assert path.read_bytes() == CONTENT


def test_a_committed_file_is_compared_with_its_digest(tmp_path: Path) -> None:
    store, path = Cut(), tmp_path / "file"
    with pytest.raises(DataChanged, match="has other content"):
        resuming.fetch(store, store.file(digest_of_bytes(b"another")), path, SILENT)
    assert list(tmp_path.iterdir()) == []
    resuming.fetch(store, store.file(digest_of_bytes(CONTENT)), path, SILENT)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(("content", "says"), [(None, "is no longer there"), (b"short", "has 5 bytes where")])
def test_a_file_of_a_run_needs_no_listing(tmp_path: Path, content: bytes | None, says: str) -> None:
    store = Cut()
    file = FoundFile(path="k", datastore="d", key="k", size=len(CONTENT), digest=digest_of_bytes(CONTENT))
    resuming.fetch(store, file, tmp_path / "file", SILENT)
    assert (tmp_path / "file").read_bytes() == CONTENT
    store.delete("k")
    if content is not None:
        store.put("k", content)
    with pytest.raises(DataChanged, match=says):
        resuming.fetch(store, file, tmp_path / "file", SILENT)
