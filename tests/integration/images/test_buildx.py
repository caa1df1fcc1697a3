"""Builds with BuildKit, by a program that stands in for `docker buildx`."""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed
from runner.images import buildx
from runner.images.docker import DockerBuilder

_PROGRAM = """#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["FAKE_DOCKER"])
if sys.argv[1:3] == ["buildx", "inspect"]:
    sys.exit(0 if sys.argv[3] == "default" and not (folder / "absent").exists() else 1)
(folder / "arguments").write_text(json.dumps(sys.argv[1:]))
(folder / "context").write_bytes(sys.stdin.buffer.read())
print("#1 installing")
print("#1 CANCELED")
print("#1 at https://ada:pass@host/")
if (folder / "fails").exists():
    print("#5 ERROR: pull access denied for team/base, repository does not exist", file=sys.stderr)
    sys.exit(1)
"""


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a docker command that has BuildKit."""
    program = tmp_path / "docker"
    program.write_text(_PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_DOCKER", str(tmp_path))
    buildx.available.cache_clear()
    yield tmp_path
    buildx.available.cache_clear()


def test_a_build_sends_context_and_labels_to_the_builder_inside_the_engine(docker: Path) -> None:
    heard: list[str] = []
    builder = DockerBuilder()
    assert builder.buildkit
    builder.build("runner-env:1", {"Dockerfile": b"FROM a\n"}, heard.append, what="what", labels={"runner.lock": "abc"})
    assert json.loads((docker / "arguments").read_text()) == [
        *["buildx", "build", "--builder", "default", "--load", "--provenance=false", "--progress", "plain"],
        *["--tag", "runner-env:1", "--label", "runner.lock=abc", "-"],
    ]
    with tarfile.open(fileobj=io.BytesIO((docker / "context").read_bytes())) as tar:
        assert tar.getnames() == ["Dockerfile"]
    assert heard == ["#1 installing", "#1 CANCELED", "#1 at https://***@host/"]


def test_a_failed_build_has_a_cause_and_its_last_lines(docker: Path) -> None:
    (docker / "fails").touch()
    with pytest.raises(EnvironmentFailed) as caught:
        DockerBuilder().build("a:1", {"Dockerfile": b""}, lambda _: None, what="image a could not be built")
    message = str(caught.value)
    assert message.startswith("image a could not be built: the base image could not be pulled: team/base\n")
    assert "docker login" in message
    assert "  | #1 installing" in message
    assert "pass@" not in message


def test_a_docker_without_buildx_builds_by_the_classic_builder(docker: Path) -> None:
    (docker / "absent").touch()
    assert not DockerBuilder().buildkit


def test_a_machine_without_the_docker_command_builds_by_the_classic_builder(
    docker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (docker / "docker").unlink()
    monkeypatch.setenv("PATH", str(docker))
    assert not DockerBuilder().buildkit
