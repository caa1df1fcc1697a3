"""Policies as users say them, on this machine: real processes, short ones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from runner.model import events as e
from runner.runs import journal
from runner.storage.directory import DirectoryStore
from tests.support.projects import Project

FLAKY = """\
import os
import sys

if not os.path.exists(sys.argv[-1]):
    open(sys.argv[-1], "w").close()
    sys.exit("not yet")
"""
"""Fails once; what it knows of itself lies outside of every run."""
CLEAN = 'import sys\nopen(sys.argv[-1], "a").write("cleaned ")\n'
NAPS = """\
import sys
import time

sys.stdout.write("asleep")
sys.stdout.flush()
time.sleep(float(sys.argv[-1]))
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    made = Project(tmp_path / "project", cache)
    for name, text in (("flaky", FLAKY), ("clean", CLEAN), ("nap", NAPS)):
        made.write(f"steps/{name}.py", text)
    return made


def status(project: Project) -> Any:
    ended = project.run("status", "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def events(project: Project) -> list[e.Event]:
    """The journal of the project's only run."""
    store = DirectoryStore(project.folder / ".runner")
    run = status(project)["run"]
    return [event for entry in journal.read(store, run) for event in entry.events]


def test_a_script_that_fails_once_needs_leave_to_try_again(project: Project, tmp_path: Path) -> None:
    project.driver(f'submit(step("flaky", "flaky.py", extra=["{tmp_path / "first"}"]))\n')
    ended = project.run("run", "pipeline.py", "--retries", "1", "--backoff", "0")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    (step,) = status(project)["steps"]
    assert (step["status"], step["attempt"]) == ("succeeded", 2)
    (lost,) = [event for event in events(project) if isinstance(event, e.AttemptFailed)]
    assert lost.failure.value == "user"


def test_a_scripts_own_failure_is_final_without_it(project: Project, tmp_path: Path) -> None:
    project.driver(f'submit(step("flaky", "flaky.py", extra=["{tmp_path / "first"}"]))\n')
    assert project.run("run", "pipeline.py").returncode == 1
    assert status(project)["steps"][0]["attempt"] == 1


def test_a_script_that_runs_too_long_is_stopped(project: Project) -> None:
    project.driver('submit(step("nap", "nap.py", extra=["60"]))\n')
    ended = project.run("run", "pipeline.py", "--run-timeout", "1")
    assert ended.returncode == 1
    assert "running for more than 1 s (run_timeout)" in ended.stdout
    (step,) = status(project)["steps"]
    assert (step["status"], step["failure"]) == ("failed", "timeout")


def test_what_always_runs_runs_after_a_failure(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    project.write(
        "p.yaml",
        f"""\
steps:
  broken: {{source: steps, script: fail.py}}
  after: {{source: steps, script: pass_on.py, arguments: [--], after: [broken]}}
  clean: {{source: steps, script: clean.py, arguments: ["{mark}"], always: true}}
""",
    )
    ended = project.run("run", "p.yaml")
    assert ended.returncode == 1
    assert mark.read_text() == "cleaned "
    ways = {step["name"]: step["status"] for step in status(project)["steps"]}
    assert ways == {"broken": "failed", "after": "skipped", "clean": "succeeded"}
    assert project.run("run", "p.yaml").returncode == 1
    assert mark.read_text() == "cleaned cleaned ", "it is never reused"


def test_after_the_deadline_only_what_always_runs(project: Project, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    project.driver(
        f"""
        import runner

        nap = step("nap", "nap.py", extra=["60"])
        after = step("after")
        after.run_after(nap)
        clean = runner.configure(step("clean", "clean.py", extra=["{mark}"]), always=True)
        pipeline = runner.configure(Pipeline(ws, [nap, after, clean]), deadline="3h")
        """
    )
    ended = project.run("run", "pipeline.py", "--deadline", "2")
    assert ended.returncode == 1
    assert "the run's deadline of 2 s has passed" in ended.stdout
    found = status(project)
    assert found["status"] == "failed"
    ways = {step["name"]: step["status"] for step in found["steps"]}
    assert ways["clean"] == "succeeded"
    assert ways["after"] == "skipped"
    assert mark.read_text() == "cleaned "


def test_one_step_at_a_time(project: Project) -> None:
    steps = ", ".join(f'step("nap {number}", "nap.py", extra=["0.1"])' for number in range(4))
    project.driver(f"submit({steps})\n")
    assert project.run("run", "pipeline.py", "--max-parallel", "1").returncode == 0
    under_way = 0
    for event in events(project):
        under_way += isinstance(event, e.AttemptStarted)
        assert under_way <= 1
        under_way -= isinstance(event, e.StepSucceeded)


def test_a_run_that_goes_on_after_a_failure(project: Project) -> None:
    project.driver('submit(step("broken", "fail.py"), step("nap", "nap.py", extra=["0"]))\n')
    ended = project.run("run", "pipeline.py", "--continue-on-failure", "--max-parallel", "1")
    assert ended.returncode == 1
    assert re.search(r"nap +succeeded", ended.stdout)


@pytest.mark.parametrize("command", ["run", "plan", "validate"])
@pytest.mark.parametrize("file", ["pipeline.py", "p.yaml"])
def test_bad_values_are_told_together(project: Project, command: str, file: str) -> None:
    project.driver('open("ran", "w").close()\n')
    project.write("p.yaml", "steps: {a: {command: [x]}}\n")
    given = ["--retries", "-1", "--run-timeout", "soon", "--retry-oom", "1", "--memory", "4", "--max-parallel", "x"]
    ended = project.run(command, file, *given)
    assert ended.returncode == 2, ended.stdout
    assert "5 problems" in ended.stderr
    for option, value in zip(given[::2], given[1::2], strict=True):
        assert f"where: {option} {value}" in ended.stderr
    assert "write it like 90s, 15m or 2h" in ended.stderr
    assert not (project.folder / "ran").exists()
    assert not (project.folder / ".runner" / "index").exists()


def test_the_plan_shows_what_differs(project: Project) -> None:
    project.write("runner.yaml", "targets: {local: {type: process, policy: {queue_timeout: 2h}}}\n")
    project.driver(
        """
        import runner

        made = data("made")
        first, last = step("first", outputs=[made]), step("last", inputs=[made])
        runner.configure(first, retries=3, memory="4Gi")
        pipeline = runner.configure(Pipeline(ws, last), run_timeout="1h", max_parallel=2)
        """
    )
    given = ["plan", "pipeline.py", "--target", "local", "--retry-oom", "2", "--deadline", "90"]
    ended = project.run(*given)
    assert ended.returncode == 0, ended.stderr
    assert "the run  deadline 90s, max_parallel 2" in ended.stdout
    more = "retry_oom 2, queue_timeout 2h, run_timeout 1h"
    assert re.search(f"first +memory 4Gi, memory_limit 4Gi, retries 3, {more}", ended.stdout)
    assert re.search(f"last +{more}", ended.stdout)
    found = json.loads(project.run(*given, "--json").stdout)
    assert found["policy"] == {"deadline": "90s", "max_parallel": 2}
    assert [step["policy"].get("retries") for step in found["steps"]] == [3, None]
    written = project.run(*given, "-o", "yaml").stdout
    assert "policy:\n  deadline: 90s\n  max_parallel: 2\n  retry_oom: 2\n  run_timeout: 1h\n" in written
    assert "policy: {retries: 3}\n" in written
    assert "queue_timeout" not in written, "the target's word is the target's"
    project.write("p.yaml", written)
    again = json.loads(project.run("plan", "p.yaml", "--target", "local", "--json").stdout)
    assert [step["policy"] for step in again["steps"]] == [step["policy"] for step in found["steps"]]
    assert again["policy"] == found["policy"]
