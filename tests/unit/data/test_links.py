from __future__ import annotations

import mmap
import os
import sys
from pathlib import Path

import pytest

from runner.data import links
from runner.errors import BadInput


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    made = tmp_path / "inputs"
    (made / "deep").mkdir(parents=True)
    (made / "raw").write_text("raw")
    (made / "deep" / "er").symlink_to(made / "raw")
    return made


def test_links_that_lead_out_become_copies(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "file").symlink_to(inputs / "raw")
    (out / "folder").symlink_to(inputs)
    (out / "own").write_text("own")
    (out / "inside").symlink_to("own")
    (out / "nowhere").symlink_to("none")
    links.own(out)
    for path in (inputs / "deep" / "er", inputs / "raw"):
        path.unlink()
    assert (out / "file").read_text() == "raw"
    assert (out / "folder" / "raw").read_text() == (out / "folder" / "deep" / "er").read_text() == "raw"
    assert sorted(path.name for path in out.iterdir() if path.is_symlink()) == ["inside", "nowhere"]


@pytest.mark.parametrize("what", ["raw", "."])
def test_an_output_that_is_a_link_itself_becomes_a_copy(inputs: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out"
    out.symlink_to(inputs / what)
    links.own(out)
    assert not out.is_symlink()
    assert (out if what == "raw" else out / "raw").read_text() == "raw"
    assert (inputs / "raw").read_text() == "raw"


def test_what_has_no_links_stays_and_what_is_absent_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    links.own(tmp_path)
    links.own(tmp_path / "none")
    assert (tmp_path / "x").read_text() == "x"


def test_a_folder_that_holds_the_output_is_not_copied_into_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "all").symlink_to(tmp_path)
    with pytest.raises(BadInput, match="out/all leads to a folder around it"):
        links.own(out)


def test_a_file_with_a_hard_link_outside_becomes_a_copy(tmp_path: Path) -> None:
    mine, out = tmp_path / "mine", tmp_path / "out"
    mine.write_text("mine")
    mine.chmod(0o750)
    (out / "deep").mkdir(parents=True)
    for name in ("one", "deep/two"):
        os.link(mine, out / name)
    links.own(out)
    mine.write_text("edited")
    assert [(out / name).read_text() for name in ("one", "deep/two")] == ["mine", "mine"]
    assert (out / "one").stat().st_mode & 0o777 == 0o750
    assert sorted(path.name for path in out.rglob("*")) == ["deep", "one", "two"]


def test_a_lone_file_with_a_hard_link_outside_becomes_a_copy(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    os.link(tmp_path / "mine", tmp_path / "out")
    links.own(tmp_path / "out")
    (tmp_path / "mine").write_text("edited")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_file_linked_between_two_outputs_is_of_each(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "one" / "f").write_text("f")
    os.link(tmp_path / "one" / "f", tmp_path / "two" / "f")
    for name in ("one", "two"):
        links.own(tmp_path / name)
    assert not (tmp_path / "two" / "f").samefile(tmp_path / "one" / "f")


def test_hard_links_inside_one_output_and_files_moved_into_it_stay(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "mine").rename(out / "one")
    os.link(out / "one", out / "two")
    before = (out / "one").stat().st_ino
    links.own(out)
    assert [(out / name).stat().st_ino for name in ("one", "two")] == [before, before]


@pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux'")
@pytest.mark.parametrize("mapped", [False, True])
def test_a_file_that_a_process_has_open_becomes_a_copy(tmp_path: Path, *, mapped: bool) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "f").write_text("good")
    with (out / "f").open("r+b", buffering=0) as file, mmap.mmap(file.fileno(), 4) as memory:
        if mapped:
            file.close()
        links.own(out)
        memory[:] = b"evil"
    assert (out / "f").read_text() == "good"


def test_a_file_that_a_process_only_reads_stays(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("f")
    before = (tmp_path / "f").stat().st_ino
    with (tmp_path / "f").open():
        links.own(tmp_path)
    assert (tmp_path / "f").stat().st_ino == before


def test_the_copy_that_a_killed_controller_left_is_no_part_of_the_output(tmp_path: Path) -> None:
    (tmp_path / ".runner-copy-0123").write_text("half")
    (tmp_path / "f").write_text("f")
    links.own(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_what_no_output_can_hold_is_not_copied_from_elsewhere(tmp_path: Path) -> None:
    """Neither for ever (``/dev/zero``), nor as an error of the copy."""
    output, other = tmp_path / "output", tmp_path / "other"
    output.mkdir()
    (other / "empty").mkdir(parents=True)
    (other / "file").write_text("x")
    (other / "gone").symlink_to("nowhere")
    os.mkfifo(other / "pipe")
    (output / "zero").symlink_to("/dev/zero")
    (output / "other").symlink_to(other)
    links.own(output)
    assert not (output / "other").is_symlink()
    assert sorted(path.name for path in (output / "other").iterdir()) == ["empty", "file"]
    assert (output / "zero").is_symlink()
