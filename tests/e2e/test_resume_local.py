"""Runs that a single ``runner resume`` has to finish, whatever was killed and in which order."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from runner.runs import index, journal
from runner.storage.directory import DirectoryStore
from tests.support.projects import BOTH, Project

KILLED = """
    import os, signal
    from runner.wiring.controllers import Controllers
    Controllers.start = lambda self, run: os.kill(os.getpid(), signal.SIGKILL)
"""
"""The driver dies after its run was journaled and before a controller is told of it."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", tmp_path / "cache")


def test_a_run_that_no_controller_has_taken_is_finished_by_one_resume(project: Project) -> None:
    project.driver(KILLED + BOTH)
    assert project.run("run", "pipeline.py").returncode == -signal.SIGKILL
    resumed = project.run("resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "no controller has taken it yet" in resumed.stdout
    assert "succeeded" in resumed.stdout


def test_driver_and_controller_killed_in_any_order(project: Project) -> None:
    project.driver('submit(step("long", "sleep.py", extra=["3"]))')
    store = DirectoryStore(project.folder / ".runner")
    for number, first in enumerate(("driver", "controller"), 1):
        driver = project.start("run", "pipeline.py")
        while len(runs := list(index.run_ids(store))) < number or _controller(store, runs[0]) == 0:
            assert driver.poll() is None
            time.sleep(0.01)
        killed = [driver.pid, _controller(store, runs[0])]
        for pid in killed if first == "driver" else reversed(killed):
            os.kill(pid, signal.SIGKILL)
        driver.communicate()
        resumed = project.run("resume", runs[0])
        assert resumed.returncode == 0, resumed.stderr
        state = json.loads(project.run("status", runs[0], "--json").stdout)
        assert [step["status"] for step in state["steps"]] == ["succeeded"]
        project.write("steps/sleep.py", (project.folder / "steps/sleep.py").read_text() + "# again\n")


def _controller(store: DirectoryStore, run: str) -> int:
    events = [event for entry in journal.read(store, run) for event in entry.events]
    return next((event.pid for event in events if hasattr(event, "pid")), 0)
