"""Projects as users of v1 wrote them that call their endpoints with `requests`."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.needs import cannot_run
from tests.support.projects import Project
from tests.support.rest_server import free_port, served, token_of

DRIVERS = Path(__file__).parents[1] / "support" / "drivers"


@pytest.mark.parametrize("name", ["weather_by_rest", "rides_by_rest"])
def test_a_project_calls_what_it_has_published(tmp_path: Path, name: str) -> None:
    if find_spec("pandas") is None:
        cannot_run("pandas is not installed")
    copied = Path(shutil.copytree(DRIVERS / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")))
    project = Project(copied, tmp_path / "cache", bare=True)
    project.write("runner.yaml", f"serve:\n  port: {free_port()}\n")
    ended = project.run("run", "publish.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    with served(project) as server:
        ended = project.run("run", "call.py")
        assert ended.returncode == 0, ended.stdout + ended.stderr + "".join(server.said)
        token = token_of(project)
    lines = [json.loads(line) for line in server.audit]
    submitted = [line for line in lines if line.get("run")]
    assert len(submitted) == (1 if name == "weather_by_rest" else 3)
    assert all(line["status"] == 200 and line["ms"] > 0 and line["pipeline"] for line in submitted)
    told = "".join(server.audit + server.said)
    assert token not in told
    assert "sample_string3" not in told
