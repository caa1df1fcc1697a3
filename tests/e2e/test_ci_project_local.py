"""A project as the CI of a v1 user runs it: three jobs in processes of their own, and a server for the last one."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.needs import cannot_run
from tests.support.projects import Project
from tests.support.rest_server import free_port, served

DRIVERS = Path(__file__).parents[1] / "support" / "drivers"
JOBS = "ml_service/pipelines"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DRIVERS / "release_ci", tmp_path / "ci", ignore=shutil.ignore_patterns("__pycache__")))


def job(folder: Path, name: str, build: str) -> str:
    """Run one job of the CI for one build."""
    ended = agent(folder, build).run("run", f"{JOBS}/{name}.py")
    assert ended.returncode == 0, f"{ended.stdout[-6000:]}\n{ended.stderr[-6000:]}"
    return ended.stdout


def agent(folder: Path, build: str) -> Project:
    environ = {"BUILD_BUILDID": build, "PYTHONPATH": str(folder)}
    return Project(folder, folder.parent / "cache", bare=True, environ=environ)


def test_jobs_publish_trigger_and_call_the_training_of_a_build(checkout: Path) -> None:
    if find_spec("requests") is None:
        cannot_run("requests is not installed")
    (checkout / "runner.yaml").write_text(f"name: wine-ws\nserve:\n  port: {free_port()}\n", encoding="utf-8")
    assert "for build 20261129.1" in job(checkout, "publish_training", "20261129.1")
    train = checkout / "wine" / "train.py"
    train.write_text(train.read_text(encoding="utf-8").replace('"first"', '"second"'), encoding="utf-8")
    job(checkout, "publish_training", "20261129.2")
    shutil.rmtree(checkout / "wine")  # agents of the other jobs have no sources of steps

    job(checkout, "run_training", "20261129.1")
    triggered = json.loads((checkout / "metrics.json").read_text(encoding="utf-8"))
    assert triggered["metrics"] == {
        "Train": {"depth": 4, "label": "of the trigger job"},
        "Evaluate": {"code": "first", "score": 16.0},
    }
    assert triggered["tags"] == {"BuildId": "20261129.1"}

    with served(agent(checkout, "20261129.2")) as server:
        job(checkout, "call_training", "20261129.2")
    called = json.loads((checkout / "called.json").read_text(encoding="utf-8"))
    assert called["metrics"] == {
        "Train": {"depth": 5, "label": "by REST"},
        "Evaluate": {"code": "second", "score": 25.0},
    }
    assert called["tags"] == {"BuildId": "20261129.2"}
    (audited,) = [line for line in map(json.loads, server.audit) if line.get("run")]
    assert audited["run"] == called["run"]

    missing = agent(checkout, "20261129.3").run("run", f"{JOBS}/run_training.py")
    assert missing.returncode == 1
    assert "Unable to find a published pipeline for this build 20261129.3" in missing.stderr
    shown = json.loads(agent(checkout, "").run("list", "--json").stdout)["runs"]
    assert {run["run"]: run["status"] for run in shown} == {
        triggered["run"]: "succeeded",
        called["run"]: "succeeded",
    }
