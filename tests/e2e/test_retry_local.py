"""Making a run again, on this machine, as its users do it: real processes, real files."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import Project

MAYBE = """\
import os
import sys

if not os.path.exists(sys.argv[-1]):
    import no_such_module
sys.argv.pop()
exec(open("pass_on.py").read())
"""
DRIVER = """
    one, two, three = data("one"), data("two"), data("three")
    submit(
        step("first", outputs=[one]),
        step("second", "maybe.py", inputs=[one], outputs=[two], extra=["{mark}"]),
        step("third", inputs=[two], outputs=[three]),
    )
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write("steps/maybe.py", MAYBE)
    made.driver(DRIVER.format(mark=tmp_path / "mark"))
    return made


def asked(project: Project, *arguments: str) -> Any:
    ended = project.run(*arguments, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def steps(document: Any) -> dict[str, str]:
    return {step["name"]: step["status"] for step in document["steps"]}


def test_what_failed_is_made_again_as_a_new_run(project: Project, tmp_path: Path) -> None:
    first = project.run("run", "pipeline.py")
    assert first.returncode == 1
    assert re.search(r"^  do: +.*no_such_module", first.stdout, re.MULTILINE), first.stdout
    assert re.search(r"^  class: user$", first.stdout, re.MULTILINE)
    origin = asked(project, "status")["run"]
    assert f"retry          runner retry {origin[-6:]} --failed" in first.stdout
    refused = project.run("resume")
    assert refused.returncode == 2
    assert f"do:    make it again, as a new run: runner retry {origin[-6:]}" in refused.stderr

    (tmp_path / "mark").touch()
    again = project.run("retry", "--failed")
    assert again.returncode == 0, again.stderr
    assert f"{origin} again, 2 steps to run, 1 stand" in again.stdout
    new = asked(project, "status")
    assert steps(new) == {"first": "reused", "second": "succeeded", "third": "succeeded"}
    assert (new["origin"], new["steps"][0]["origin"]) == (origin, f"{origin}.first-1")
    assert steps(asked(project, "status", origin)) == {"first": "succeeded", "second": "failed", "third": "skipped"}
    assert [run["origin"] for run in asked(project, "list")["runs"]] == [origin, ""]

    nothing = project.run("retry")
    assert (nothing.returncode, nothing.stdout) == (0, f"nothing to do: every step of run {new['run']} has delivered\n")
    assert asked(project, "retry") == {"runs": []}
    assert len(asked(project, "list")["runs"]) == 2


def test_from_a_step_on_and_a_step_alone(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mark").touch()
    assert project.run("run", "pipeline.py").returncode == 0
    (onwards,) = asked(project, "retry", "--from", "second")["runs"]
    assert steps(onwards) == {"first": "reused", "second": "succeeded", "third": "succeeded"}
    (alone,) = asked(project, "retry", onwards["run"], "--only", "second-1")["runs"]
    assert steps(alone) == {"first": "reused", "second": "succeeded", "third": "reused"}


def test_a_step_that_cannot_run_alone_says_where_to_begin(project: Project) -> None:
    assert project.run("run", "pipeline.py").returncode == 1
    refused = project.run("retry", "--only", "third")
    assert refused.returncode == 2
    assert "step 'third' cannot run alone: it needs 'second', and it failed" in refused.stderr
    assert "do:    say --from second" in refused.stderr
    assert project.run("retry", "--from", "nonsense").returncode == 2
    assert project.run("retry", "--from", "second", "--only", "second").returncode == 2
    assert len(asked(project, "list")["runs"]) == 1
