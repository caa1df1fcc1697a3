from __future__ import annotations

from pathlib import Path

import pytest

from runner.data.file_maker import FileMaker
from runner.errors import ObjectMissing
from runner.storage.directory import DirectoryStore


@pytest.fixture
def spare(tmp_path: Path) -> Path:
    folder = tmp_path / "spare"
    for name in ("0", "1"):
        (folder / f"folder{name}").mkdir(parents=True)
        (folder / f"file{name}").write_text("the content of an earlier step")
    return folder


def inodes(paths: list[Path]) -> set[int]:
    return {path.stat().st_ino for path in paths}


def test_spare_files_and_folders_are_used_before_new_ones_are_made(spare: Path, tmp_path: Path) -> None:
    maker, known = FileMaker(spare), inodes(list(spare.iterdir()))
    folders = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "c"]
    maker.folder(folders[-1])
    files = [folders[-1] / name for name in ("one", "two", "three")]
    for file in files:
        maker.write(file, file.name.encode())
    assert [file.read_text() for file in files] == ["one", "two", "three"]
    assert list(spare.iterdir()) == []
    assert inodes([*folders, *files]) > known
    assert len(inodes([*folders, *files])) == 6


@pytest.mark.parametrize("content", [b"", b"short", b"far longer than what was there before" * 10])
def test_a_file_has_its_new_content_alone(spare: Path, tmp_path: Path, content: bytes) -> None:
    store = DirectoryStore(tmp_path / "store", durable=False)
    store.put("data", content)
    maker = FileMaker(spare)
    maker.write(tmp_path / "written", content)
    maker.bring(store)("data", tmp_path / "brought")
    maker.bring(store)("data", tmp_path / "new")
    for name in ("written", "brought", "new"):
        assert (tmp_path / name).read_bytes() == content
        assert not (tmp_path / name).samefile(store.path("data"))
    maker.write(tmp_path / "written", b"again")
    assert (tmp_path / "written").read_bytes() == b"again"


def test_an_object_that_is_gone(spare: Path, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        FileMaker(spare).bring(DirectoryStore(tmp_path / "store"))("data", tmp_path / "brought")


def test_without_spare_ones_all_are_new(tmp_path: Path) -> None:
    maker = FileMaker(tmp_path / "nowhere")
    maker.folder(tmp_path / "a" / "b")
    maker.write(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"
