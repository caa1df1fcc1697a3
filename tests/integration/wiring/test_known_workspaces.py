from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.wiring.known_workspaces import KnownWorkspace, known, place_of, remember


def test_each_workspace_is_remembered_once_and_forgotten_with_its_folder(tmp_path: Path) -> None:
    cache, folder = tmp_path / "cache", tmp_path / "project"
    folder.mkdir()
    here, there = KnownWorkspace(str(folder), ""), KnownWorkspace(str(folder), "kind")
    for workspace in (here, here, there):
        remember(cache, workspace)
    assert sorted(each.target for each in known(cache)) == ["", "kind"]
    folder.rmdir()
    assert list(known(cache)) == []
    assert not Path(place_of(cache, here)).exists()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    workspace = KnownWorkspace(str(tmp_path), "")
    remember(tmp_path, workspace)
    Path(place_of(tmp_path, workspace)).write_text("{")
    with pytest.raises(BadInput) as raised:
        list(known(tmp_path))
    assert raised.value.problems[0].where == place_of(tmp_path, workspace)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    remember(tmp_path / "file", KnownWorkspace("/project", ""))
