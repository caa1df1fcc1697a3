from __future__ import annotations

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
