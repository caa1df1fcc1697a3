"""The date of a lock when it is installed into a venv: what source packages are built with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runner.environments import uv_program
from runner.environments.credentials import Opened
from runner.environments.lock import Lock, LockedPackage
from runner.environments.uv_program import Outcome
from runner.errors import EnvironmentFailed
from runner.images.venv_folder import VenvContents, VenvFolder

LOCK = Lock(
    spec="s",
    python="3.10",
    platform="x86_64-manylinux_2_28",
    date="2022-12-01",
    packages=(LockedPackage(name="own", version="1", hashes=("sha256:aa",)),),
)


def installs(
    monkeypatch: pytest.MonkeyPatch, folder: Path, answers: Sequence[Outcome], lines: Sequence[str] = ("own==1",)
) -> list[Sequence[str]]:
    """Make a venv with a uv that gives these answers to installations. Return their command lines."""
    asked: list[Sequence[str]] = []

    def stream(arguments: Sequence[str], *_: object, extra: dict[str, str], **__: Any) -> Outcome:
        if arguments[0] == "venv":
            python = Path(arguments[-1], "bin", "python")
            python.parent.mkdir(parents=True)
            python.write_text("#!/bin/sh\nexit 1\n")
            python.chmod(0o755)
            return Outcome(0, "", ())
        asked.append([*arguments, *(f"{name}={value}" for name, value in extra.items())])
        return answers[len(asked) - 1]

    monkeypatch.setattr(uv_program, "stream", stream)
    contents = VenvContents(environment="e", lock=LOCK, opened=Opened(lines=tuple(lines)))
    VenvFolder(folder / "envs" / "e").make("python", contents, lambda _: None)
    return asked


def test_source_packages_are_built_with_the_tools_of_the_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (only,) = installs(monkeypatch, tmp_path, [Outcome(0, "", ())])
    assert only[only.index("--exclude-newer") + 1] == "2022-12-01T23:59:59Z"


def test_a_locked_package_without_a_date_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dateless = Outcome(1, "", ("warning: `tool-2.0.tar.gz` is missing an upload date",))
    _, second = installs(monkeypatch, tmp_path, [dateless, Outcome(0, "", ())])
    assert {"--exclude-newer-package=own=false", "--exclude-newer-package=tool=false"} <= {*second}


def test_another_failure_is_not_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed):
        installs(monkeypatch, tmp_path, [Outcome(1, "", ("Failed to build own",))])


def test_options_of_the_lines_reach_uv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = ("--index-url https://mine/simple", "--trusted-host mine", "own==1")
    (only,) = installs(monkeypatch, tmp_path, [Outcome(0, "", ())], lines)
    assert only[only.index("--allow-insecure-host") + 1] == "mine"
    assert "UV_DEFAULT_INDEX=" in only, "the machine's index would precede that of the lines"
