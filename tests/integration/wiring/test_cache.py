"""The cache folder of users without a home folder that can be written: services, containers with --user."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.wiring.cache import cache_folder, cache_note


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_usually_it_is_below_the_home_folder(home: Path) -> None:
    assert cache_folder() == home / ".cache" / "runner"
    assert cache_note() == ""


@pytest.mark.parametrize("bad", ["/proc/nonexistent", "/dev/null", "relative"])
def test_without_a_home_it_is_a_private_temporary_folder(
    bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", bad)
    spare = tmp_path / f"runner-cache-{os.geteuid()}"
    assert cache_folder() == spare
    assert spare.stat().st_mode & 0o777 == 0o700
    assert f"{bad}/.cache cannot be written; {spare} is used" in cache_note()
    assert cache_folder() == spare


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_temporary_folder_that_others_can_write_is_refused(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/dev/null")
    spare = tmp_path / f"runner-cache-{os.geteuid()}"
    if kind == "open":
        spare.mkdir()
        spare.chmod(0o777)
    elif kind == "link":
        (tmp_path / "elsewhere").mkdir()
        spare.symlink_to(tmp_path / "elsewhere")
    else:
        spare.write_text("")
    with pytest.raises(BadInput, match="no folder for a cache"):
        cache_folder()
