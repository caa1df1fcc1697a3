"""Interpreters in the places where machines have them. Each is a script that prints a version."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.environments import pythons
from runner.environments.pythons import Interpreter, Pythons

RUNNING = Interpreter("/running/python", (3, 11))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any interpreter."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("PYENV_ROOT", "CONDA_PREFIX", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR", "UV_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    pythons.installed.cache_clear()
    pythons.version_of.cache_clear()
    return tmp_path


def put(path: Path, version: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\nprintf {version}\n" if version else "#!/bin/sh\nexit 127\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.9",
        ".pyenv/versions/3.9.18/bin/python3.9",
        "conda/envs/old/bin/python3.9",
        ".local/share/uv/python/cpython-3.9.18-linux-x86_64-gnu/bin/python3.9",
    ],
)
def test_an_interpreter_is_found_wherever_it_is(home: Path, place: str) -> None:
    (home / ".conda").mkdir()
    (home / ".conda" / "environments.txt").write_text(f"{home}/conda/envs/old\n")
    assert pythons.installed((3, 9)) is None
    pythons.installed.cache_clear()
    path = put(home / place, "3.9.18")
    assert pythons.installed((3, 9)) == path


def test_a_shim_that_does_not_answer_and_a_name_with_another_version_do_not_count(home: Path) -> None:
    put(home / "bin" / "python3.9", "")
    put(home / ".pyenv" / "versions" / "3.9.20" / "bin" / "python3.9", "3.10.1")
    right = put(home / ".pyenv" / "versions" / "3.9.18" / "bin" / "python3.9", "3.9.18")
    assert pythons.installed((3, 9)) == right


def test_the_newest_patch_of_pyenv_is_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYENV_ROOT", str(home / "elsewhere"))
    put(home / "elsewhere" / "versions" / "3.9.9" / "bin" / "python3.9", "3.9.9")
    newest = put(home / "elsewhere" / "versions" / "3.9.18" / "bin" / "python3.9", "3.9.18")
    assert pythons.installed((3, 9)) == newest


def test_a_missing_one_is_fetched_else_replaced_by_the_nearest_newer_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[tuple[int, int]] = []

    def fetch(minor: tuple[int, int]) -> str | None:
        fetched.append(minor)
        return "/fetched/python3.8" if minor == (3, 8) else None

    monkeypatch.setattr(pythons, "fetch", fetch)
    here, said = Pythons(home / "memory", RUNNING), list[str]()
    assert here.find((3, 8)) is None
    assert here.obtain((3, 8), said.append) == Interpreter("/fetched/python3.8", (3, 8))
    assert said == ["fetching Python 3.8 by `uv python install` (at most 180 s)"]
    ten = put(home / "bin" / "python3.10", "3.10.1")
    assert here.obtain((3, 9), said.append) == Interpreter(ten, (3, 10), (3, 9))
    assert here.obtain((3, 9), said.append) == here.find((3, 9)), "it is not fetched again at once"
    assert fetched == [(3, 8), (3, 9)]
    old = Path(home / "memory" / "3.9")
    os.utime(old, (0, 0))
    assert here.find((3, 9)) is None, "a day later it is"
    assert here.obtain((3, 13), said.append) == Interpreter("/running/python", (3, 11), (3, 13))
    assert here.find((3, 11)) == RUNNING


def test_offline_nothing_is_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_OFFLINE", "1")
    assert Pythons(home / "memory", RUNNING).find((3, 9)) == Interpreter("/running/python", (3, 11), (3, 9))
