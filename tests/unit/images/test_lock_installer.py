"""The installer that runs inside a base image. Its programs are replaced: no process is started here."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from runner.environments import pip_settings
from runner.images import lock_installer

LINE = "six==1.16.0 --hash=sha256:1\n"


class Programs:
    """What was run, and with which variables."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, uv: str | None) -> None:
        self.command: Sequence[str] = ()
        self.variables: Mapping[str, str] = {}
        self.commands: list[Sequence[str]] = []
        self.output = b""
        monkeypatch.setattr(lock_installer, "_uv", lambda _folder, _version: uv)
        monkeypatch.setattr(lock_installer, "_run", self._run)
        monkeypatch.setattr(lock_installer, "read_settings", lambda: {"index-url": "https://mirror.example/simple"})
        for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "UV_DEFAULT_INDEX"):
            monkeypatch.delenv(name, raising=False)

    def _run(self, command: Sequence[str], variables: Mapping[str, str], heard: list[bytes]) -> int:
        self.command, self.variables = command, variables
        self.commands.append(command)
        heard.append(self.output)
        return 7


def the_home(folder: Path, lock: str = LINE) -> Path:
    (folder / "lock.txt").write_text(lock)
    return folder


def test_uv_installs_the_lock_with_its_hashes_and_the_settings_of_the_images_pip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    assert lock_installer.install(the_home(tmp_path), "1") == 7
    assert list(seen.command[:5]) == ["/tmp/uv", "pip", "install", "--python", sys.executable]
    assert {"--require-hashes", "--no-deps", "--compile-bytecode", "--no-cache"} <= {*seen.command}
    assert seen.command[-2:] == ["-r", str(tmp_path / "lock.txt")]
    assert "--find-links" not in seen.command
    assert seen.variables["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"


def test_a_cache_that_is_mounted_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    monkeypatch.setenv("UV_CACHE_DIR", "/runner-cache/uv")
    lock_installer.install(the_home(tmp_path), "1")
    assert "--no-cache" not in seen.command
    assert seen.variables["UV_CACHE_DIR"] == "/runner-cache/uv"


def test_an_image_without_uv_gets_the_same_lock_by_its_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, None)
    assert lock_installer.install(the_home(tmp_path), "1") == 7
    assert list(seen.command[:3]) == [sys.executable, "-m", "pip"]
    assert {"--require-hashes", "--no-deps", "--no-cache-dir"} <= {*seen.command}
    assert seen.variables is os.environ


def test_the_index_of_the_lock_precedes_that_of_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    lock_installer.install(the_home(tmp_path, f"--index-url https://other.example/simple\n{LINE}"), "1")
    assert "UV_DEFAULT_INDEX" not in seen.variables


def test_a_commit_has_no_hash_so_none_is_required(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    lock_installer.install(the_home(tmp_path, f"{LINE}mine @ git+https://host/mine@abc\n"), "1")
    assert "--require-hashes" not in seen.command
    assert "--no-deps" in seen.command


def test_wheels_that_came_along_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    (tmp_path / "wheels").mkdir()
    lock_installer.install(the_home(tmp_path), "1")
    assert seen.command[seen.command.index("--find-links") + 1] == str(tmp_path / "wheels")


@pytest.mark.parametrize("words", [b"filtered by `exclude-newer`", b"`six.whl` is missing an upload date"])
def test_builds_use_the_tools_of_the_locks_date_and_locked_files_may_be_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: bytes
) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    (tmp_path / "until.txt").write_text("2022-12-01")
    lock_installer.install(the_home(tmp_path), "1")
    assert len(seen.commands) == 1, "another failure is not repeated"
    assert seen.command[seen.command.index("--exclude-newer") + 1] == "2022-12-01T23:59:59Z"
    seen.output = words
    lock_installer.install(tmp_path, "1")
    assert [line for line in seen.command if "exclude-newer-package" in line] == ["--exclude-newer-package=six=false"]


def test_a_lock_without_a_date_has_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Programs(monkeypatch, "/tmp/uv")
    (tmp_path / "until.txt").write_text("")
    lock_installer.install(the_home(tmp_path, f"--trusted-host mirror.example\n{LINE}"), "1")
    assert "--exclude-newer" not in seen.command
    assert seen.command[seen.command.index("--allow-insecure-host") + 1] == "mirror.example"


def test_the_lock_of_this_python_fits_and_that_of_another_one_is_refused() -> None:
    assert lock_installer.moved("{}.{}".format(*sys.version_info[:2])) == ""
    assert "and the lock was made for 3.1" in lock_installer.moved("3.1")


@pytest.mark.parametrize("module", [lock_installer, pip_settings])
def test_python_3_8_runs_it_with_the_standard_library_alone(module: object) -> None:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(), feature_version=(3, 8))
    froms = {
        str(node.module).partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    plain = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert (froms | plain) <= sys.stdlib_module_names
    near = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level}
    assert near <= {"environments.pip_settings"}
