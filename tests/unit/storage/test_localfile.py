from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import StoreError
from runner.storage.localfile import BLOCK, Slice, clone_into, new_file, write_all


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (3, 4), (0, 2 * BLOCK + 5), (BLOCK, BLOCK)])
def test_a_slice_is_that_part_of_the_file(tmp_path: Path, offset: int, length: int) -> None:
    content = os.urandom(2 * BLOCK + 5)
    (tmp_path / "file").write_bytes(content)
    part = Slice(tmp_path / "file", offset, length)
    for _ in range(2):
        assert b"".join(part.blocks()) == content[offset : offset + length]
    assert len(part) == length


def test_a_file_that_became_shorter_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"123")
    with pytest.raises(StoreError, match="became shorter"):
        list(Slice(tmp_path / "file", 0, 4).blocks())


def test_a_new_file_appears_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with new_file(path) as descriptor:
        write_all(descriptor, b"1")
        assert not path.exists()
    assert path.read_bytes() == b"1"
    with pytest.raises(RuntimeError), new_file(path) as descriptor:
        raise RuntimeError
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"1"


def test_a_parent_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot write"), new_file(tmp_path / "absent" / "file"):
        pass


def test_a_write_may_take_less_than_all() -> None:
    source, target = os.pipe()
    os.set_blocking(target, False)
    with pytest.raises(BlockingIOError):  # the pipe is full: what it took before was written piece by piece
        write_all(target, bytes(1 << 20))
    assert os.read(source, 1 << 20)
    os.close(source)
    os.close(target)


@pytest.mark.parametrize("size", [0, 1, 2 * BLOCK + 5])
def test_a_clone_is_the_whole_file(tmp_path: Path, size: int) -> None:
    (tmp_path / "one").write_bytes(os.urandom(size))
    with (tmp_path / "one").open("rb") as source, (tmp_path / "two").open("wb") as target:
        clone_into(source.fileno(), target.fileno())
    assert (tmp_path / "two").read_bytes() == (tmp_path / "one").read_bytes()


def test_what_the_kernel_does_not_clone_is_copied(tmp_path: Path) -> None:
    """It refuses a target that is open for appending: copy_file_range(2), EBADF."""
    (tmp_path / "one").write_bytes(b"content")
    with (tmp_path / "one").open("rb") as source, (tmp_path / "two").open("ab") as target:
        clone_into(source.fileno(), target.fileno())
    assert (tmp_path / "two").read_bytes() == b"content"
