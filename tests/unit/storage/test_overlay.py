from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import ObjectMissing
from runner.storage.overlay import OverlayStore
from tests.support.memory_store import MemoryStore


def filled() -> MemoryStore:
    base = MemoryStore()
    base.put("a", b"base a")
    base.put("b/one", b"base one")
    base.put("c", b"base c")
    return base


def test_the_base_shows_through_and_stays_as_it_was(tmp_path: Path) -> None:
    base = filled()
    before = dict(base.objects)
    overlay = OverlayStore(base)
    (tmp_path / "file").write_bytes(b"12345")
    overlay.put("a", b"new")
    overlay.delete("c")
    overlay.upload("b/two", tmp_path / "file")
    assert not overlay.put_if_absent("b/one", b"x")
    assert overlay.put_if_absent("c", b"again")
    assert [overlay.get(key) for key in ("a", "b/one", "b/two", "c")] == [b"new", b"base one", b"12345", b"again"]
    assert [info.key for info in overlay.list("")] == ["a", "b/one", "b/two", "c"]
    assert overlay.planned == (("a", 3), ("b/two", 5), ("c", 5))
    assert base.objects == before


def test_what_is_deleted_is_missing(tmp_path: Path) -> None:
    overlay = OverlayStore(filled())
    overlay.delete("a")
    with pytest.raises(ObjectMissing):
        overlay.get("a")
    with pytest.raises(ObjectMissing):
        overlay.download("a", tmp_path / "a")
    assert overlay.stat("a") is None
    assert [info.key for info in overlay.list("")] == ["b/one", "c"]
    assert overlay.planned == ()


def test_the_base_is_downloaded_through(tmp_path: Path) -> None:
    OverlayStore(filled()).download("c", tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"base c"


def test_an_upload_is_remembered_and_not_copied(tmp_path: Path) -> None:
    overlay = OverlayStore(MemoryStore())
    (tmp_path / "file").write_bytes(b"1")
    overlay.upload("a", tmp_path / "file")
    (tmp_path / "file").write_bytes(b"2")
    assert overlay.get("a") == b"2"
