"""Cancel is final and leaves nothing: no process, no work folder, whatever the run was just doing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import Project

CONFIGURED = """
    import runner
    long = step("long", "sleep.py", extra=["60"])
    runner.configure(long, {settings})
    tidy = step("tidy up")
    runner.configure(tidy, always=True)
    submit(long, tidy)
"""
SLOW_ENVIRONMENT = """
    from azureml.core import Environment, RunConfiguration
    from azureml.core.conda_dependencies import CondaDependencies
    slow, settings = Environment("slow"), RunConfiguration()
    slow.python.conda_dependencies = CondaDependencies.create(pip_packages=["no-such-package-of-ours==1"])
    settings.environment = slow
    submit(PythonScriptStep(name="needs", script_name="pass_on.py", arguments=["--"], source_directory="steps",
                            compute_target="c", runconfig=settings))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", tmp_path / "cache")


@pytest.fixture
def silent_index() -> Iterator[str]:
    """A package index that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(50)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/simple"


def canceled(project: Project, doing: str) -> Any:
    """The run's status after a cancel that came when the run had said what it is `doing`."""
    process = project.start("run", "pipeline.py")
    seen = ""
    assert process.stdout is not None
    while doing not in seen:
        line = process.stdout.readline()
        assert line, f"it ended before it said {doing!r}:\n{seen}{process.communicate()[1]}"
        seen += line
    ended = project.run("cancel")
    assert ended.returncode == 0, ended.stderr
    assert process.communicate(timeout=60)[0]
    assert process.returncode == 1
    return json.loads(project.run("status", "--json").stdout)


def of_the_project(project: Project) -> list[str]:
    """The command lines of this machine's processes that have to do with the project."""
    listed = subprocess.run(["ps", "-axww", "-o", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(project.folder.parent) in line]


def check_nothing_left(project: Project) -> None:
    deadline = time.monotonic() + 20
    while of_the_project(project) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert of_the_project(project) == []
    assert {path.name for path in project.folder.glob(".runner/work/*")} <= {"spare"}


def statuses(run: Any) -> dict[str, str]:
    return {step["name"]: step["status"] for step in run["steps"]}


def test_a_step_that_runs_and_the_cleanup_after_it(project: Project) -> None:
    project.driver(CONFIGURED.format(settings="retries=3"))
    run = canceled(project, "long     running")
    assert run["status"] == "canceled"
    assert statuses(run) == {"long": "canceled", "tidy up": "canceled"}, "no clean-up after a cancel"
    check_nothing_left(project)
    assert project.run("cancel").stdout == f"run {run['run']} has already ended: canceled\n"


def test_a_step_in_its_pause(project: Project) -> None:
    project.driver(CONFIGURED.format(settings='run_timeout="1s", retries=5, backoff="5m"'))
    run = canceled(
        project, "long     retry      timeout: it was running for more than 1 s (run_timeout); attempt 2 in "
    )
    assert run["status"] == "canceled"
    assert statuses(run) == {"long": "canceled", "tidy up": "canceled"}
    assert [step["attempt"] for step in run["steps"]] == [1, 0]
    check_nothing_left(project)


def test_an_environment_that_is_being_made(project: Project, silent_index: str) -> None:
    project.environ = {"PIP_INDEX_URL": silent_index, "PIP_CONFIG_FILE": os.devnull}
    project.driver(SLOW_ENVIRONMENT)
    run = canceled(project, "slow   making     environment: resolving")
    assert statuses(run) == {"needs": "canceled"}
    check_nothing_left(project)
