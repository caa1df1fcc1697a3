from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.data import packing
from runner.data.packing import pack, unpack
from runner.data.snapshot import Snapshot, take
from runner.errors import BadInput, ObjectDamaged, ObjectMissing
from runner.model.digest import md5_of_bytes
from runner.model.task import snapshot_key
from runner.override import override
from runner.ports import ObjectInfo, ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore


def make(folder: Path, **files: str) -> Snapshot:
    """A snapshot of files; ``__`` in a name is a slash."""
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return take(folder)


def zipped(*files: tuple[str, int, str], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, mode, text in files:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = compression
            archive.writestr(info, text)
    return buffer.getvalue()


class Counting(MemoryStore):
    """Counts what is asked of a bucket. Its ETag of an object is the MD5, as S3's, unless a KMS key encrypts it."""

    def __init__(self, *, encrypted: bool = False) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.encrypted = encrypted

    @override
    def get(self, key: str) -> bytes:
        self.asked.append("get")
        return super().get(key)

    @override
    def put(self, key: str, data: bytes) -> None:
        self.asked.append("put")
        super().put(key, data)

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        self.asked.append("stat")
        data = self.objects.get(key)
        etag = "0" * 32 if self.encrypted else md5_of_bytes(data or b"")
        return None if data is None else ObjectInfo(key, len(data), etag)


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    make(tmp_path / "from", a="a", deep__er__b="b")
    (tmp_path / "from" / "a").chmod(0o755)
    taken = take(tmp_path / "from")
    unpack(pack(taken), tmp_path / "to")
    assert take(tmp_path / "to").digest == taken.digest
    assert os.access(tmp_path / "to" / "a", os.X_OK)
    assert not os.access(tmp_path / "to" / "deep/er/b", os.X_OK)


def test_a_file_that_changes_meanwhile_is_not_kept_under_the_name_of_what_it_was(tmp_path: Path) -> None:
    taken = make(tmp_path, script="one")
    (tmp_path / "script").write_text("two")
    with pytest.raises(BadInput, match="script was changed while it was read"):
        pack(taken)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_an_archive_cannot_write_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="outside its folder"):
        unpack(zipped((name, 0o644, "x")), tmp_path / "into")
    assert not (tmp_path / "out").exists()


def half(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    "other",
    [
        half,
        lambda _: b"",
        lambda _: b"no zip",
        lambda _: zipped(("a", 0o644, "other")),
        lambda _: zipped(("a", 0o755, "one")),
        lambda _: zipped(("b", 0o644, "one")),
        lambda _: zipped(("a", 0o644, "one"), ("sitecustomize.py", 0o644, "print('extra')")),
        lambda _: zipped(("a", 0o644, "one"), ("./a", 0o644, "other")),
        lambda data: data.replace(b"\x08\x00", b"\x63\x00"),  # a compression that nobody knows
    ],
    ids=["half", "empty", "no zip", "content", "mode", "name", "one more", "twice", "compression"],
)
@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_other_content_is_refused_by_name_and_written_again(
    tmp_path: Path, other: Callable[[bytes], bytes], kind: str
) -> None:
    taken = make(tmp_path / "from", a="one")
    store: ObjectStore = DirectoryStore(tmp_path / "store") if kind == "folder" else MemoryStore()
    digest = packing.keep(store, taken)
    key = snapshot_key(digest)
    right = store.get(key)
    store.put(key, other(right))
    with pytest.raises(ObjectDamaged, match=key):
        packing.load(store, digest)
    assert not packing.is_kept(store, taken)
    assert packing.keep(store, taken) == digest
    assert store.get(key) == right
    assert packing.load(store, digest) == (("a", False, b"one"),)


def test_files_that_another_zlib_has_packed_are_the_same_snapshot(tmp_path: Path) -> None:
    taken, store = make(tmp_path, b="two", a="one"), Counting()
    store.put(snapshot_key(taken.digest), zipped(("b", 0o644, "two"), ("a", 0o600, "one")))
    before = dict(store.objects)
    packing.keep(store, taken)
    assert store.objects == before
    assert packing.load(store, taken.digest) == (("b", False, b"two"), ("a", False, b"one"))


@pytest.mark.parametrize(("encrypted", "asked"), [(False, ["stat"]), (True, ["stat", "get"])])
def test_a_snapshot_that_is_there_costs_one_request_where_the_etag_tells(
    tmp_path: Path, encrypted: bool, asked: list[str]
) -> None:
    taken, store = make(tmp_path, a="one"), Counting(encrypted=encrypted)
    packing.keep(store, taken)
    assert store.asked == ["stat", "put"]
    store.asked.clear()
    packing.keep(store, taken)
    assert store.asked == asked


def test_a_zip_that_would_fill_the_memory_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MAX_BYTES", 1 << 10)
    bomb = zipped(("a", 0o644, "0" * (2 << 10)), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 10
    with pytest.raises(ObjectDamaged, match="larger than any snapshot"):
        packing.members(bomb, "0" * 64)


def test_a_snapshot_that_is_not_there_is_missing() -> None:
    with pytest.raises(ObjectMissing):
        packing.load(MemoryStore(), "0" * 64)


def test_many_steps_pay_for_one_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, taken = MemoryStore(), make(tmp_path, a="a step's code")
    packing.keep(store, taken)
    packing.members.cache_clear()
    for _ in range(3):
        packing.load(store, taken.digest)
    assert packing.members.cache_info().misses == 1
