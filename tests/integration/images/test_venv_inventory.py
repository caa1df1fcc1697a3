"""Virtual environments in the cache folder: what is listed, and what may be deleted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from runner.errors import EnvironmentFailed
from runner.images.venv_folder import READY, VenvFolder
from runner.images.venv_inventory import VenvInventory
from tests.support.fake_venv import OLD, made_venv


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert VenvInventory(tmp_path / "none").stored() == ()
    made_venv(tmp_path, "a")
    (listed,) = VenvInventory(tmp_path).stored()
    assert VenvInventory(tmp_path / "none").remove(listed)


def test_each_environment_is_listed_with_its_digests_and_times_the_newest_first(tmp_path: Path) -> None:
    old, new = made_venv(tmp_path, "a"), made_venv(tmp_path, "b", at=OLD + timedelta(days=1))
    first, second = VenvInventory(tmp_path).stored()
    assert (first.reference, second.reference) == (new, old)
    assert (second.environment, second.lock, second.place, second.busy) == ("digest", "5f3c", "folder", "")
    assert (second.made, second.used) == (OLD, OLD)
    assert second.names == {old}
    assert 1000 < second.size < 2000  # a file with two names counts once


def test_a_use_is_remembered(tmp_path: Path) -> None:
    made_venv(tmp_path, "a")
    VenvFolder(tmp_path / "a").mark_used()
    (found,) = VenvInventory(tmp_path).stored()
    assert found.made == OLD
    assert found.used is not None
    assert found.used > OLD


def test_what_was_left_incomplete_is_listed_as_such_and_can_be_deleted(tmp_path: Path) -> None:
    made_venv(tmp_path, "a")
    (tmp_path / "a" / READY).unlink()
    (found,) = VenvInventory(tmp_path).stored()
    assert (found.complete, found.used) == (False, None)
    assert VenvInventory(tmp_path).remove(found)
    assert VenvInventory(tmp_path).stored() == ()


def test_one_that_is_being_made_is_busy_and_stays(tmp_path: Path) -> None:
    made_venv(tmp_path, "a")
    with VenvFolder(tmp_path / "a").exclusive() as mine:
        assert mine
        (found,) = VenvInventory(tmp_path).stored()
        assert found.busy == "it is being made"
        assert not VenvInventory(tmp_path).remove(found)
    assert VenvFolder(tmp_path / "a").ready()


def test_a_folder_that_cannot_be_written_is_listed_and_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_venv(tmp_path, "a")

    def refuse(_: VenvFolder) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(VenvFolder, "exclusive", refuse)
    (found,) = VenvInventory(tmp_path).stored()
    assert found.busy == "its folder cannot be written: Permission denied"
    with pytest.raises(EnvironmentFailed, match="could not be deleted"):
        VenvInventory(tmp_path).remove(found)


def test_one_that_was_used_since_it_was_listed_stays(tmp_path: Path) -> None:
    made_venv(tmp_path, "a")
    (listed,) = VenvInventory(tmp_path).stored()
    VenvFolder(tmp_path / "a").mark_used()
    assert not VenvInventory(tmp_path).remove(listed)
    assert VenvFolder(tmp_path / "a").ready()


def test_only_the_named_one_is_deleted(tmp_path: Path) -> None:
    made_venv(tmp_path, "a")
    kept = made_venv(tmp_path, "b", at=OLD - timedelta(days=1))
    assert VenvInventory(tmp_path).remove(VenvInventory(tmp_path).stored()[0])
    assert [each.reference for each in VenvInventory(tmp_path).stored()] == [kept]
    assert not (tmp_path / "a").exists()
