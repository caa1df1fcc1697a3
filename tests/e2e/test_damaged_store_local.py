"""Objects that are named by their digest, changed or damaged in a folder store: real processes, real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import Project

HOSTILE = """
import glob, json, os, sys, zipfile

os.makedirs(sys.argv[1])
store = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(sys.argv[1]))))
for path in glob.glob(store + "/snapshots/*.zip"):
    with zipfile.ZipFile(path) as archive:
        if "pass_on.py" not in archive.namelist():
            continue
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("pass_on.py", "print('OTHER CODE RUNS')")
    print("replaced", path)
"""
DRIVER = """
    one, two = data("one"), data("two")
    first = PythonScriptStep(name="first", script_name="{script}", arguments=[one], outputs=[one],
                             source_directory="other", compute_target="x")
    Experiment(ws, "tests").submit(Pipeline(ws, [step("second", inputs=[one], outputs=[two]), first]), {options})
"""
GOOD = "import os, sys\nos.makedirs(sys.argv[1])\nopen(sys.argv[1] + '/out.txt', 'w').write('x')\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write("other/hostile.py", HOSTILE)
    made.write("other/good.py", GOOD)
    return made


def status(project: Project) -> dict[str, Any]:
    document = json.loads(project.run("status", "--json").stdout)
    return {step["name"]: step for step in document["steps"]}


def test_code_that_another_step_has_replaced_does_not_run(project: Project) -> None:
    project.driver(DRIVER.format(script="hostile.py", options=""))
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 1
    second = status(project)["second"]
    assert (second["status"], second["failure"], second["attempt"]) == ("failed", "input", 1), second
    assert "snapshots/" in second["reason"]
    assert "submit the run again" in second["reason"]
    assert "OTHER CODE RUNS" not in project.run("logs").stdout

    refused = project.run("retry", "--from", "second")
    assert refused.returncode == 2
    assert "snapshots/" in refused.stderr
    assert "submit the run again" in refused.stderr

    project.driver(DRIVER.format(script="good.py", options=""))
    assert project.run("run", "pipeline.py").returncode == 0


def test_damaged_objects_are_written_again_by_the_next_submit(project: Project) -> None:
    project.driver(DRIVER.format(script="good.py", options=""))
    assert project.run("run", "pipeline.py").returncode == 0
    store = project.folder / ".runner"
    damaged = [path for kind in ("snapshots", "manifests", "plans") for path in sorted((store / kind).iterdir())]
    before = [path.read_bytes() for path in damaged]
    for path, content in zip(damaged, before, strict=True):
        path.write_bytes(content[: len(content) // 2])
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [path.read_bytes() for path in damaged] == before
    # The manifests were damaged, so no equal step stood in.
    assert {step["status"] for step in status(project).values()} == {"succeeded"}
    assert project.run("run", "pipeline.py").returncode == 0
    assert {step["status"] for step in status(project).values()} == {"reused"}


@pytest.mark.parametrize(
    "what", [("*/committed.json", "head.json"), ("*/attempt-1.json", "journal/00000001.json")], ids=" ".join
)
def test_an_unreadable_record_of_an_earlier_run_fails_no_later_one(what: tuple[str, ...], project: Project) -> None:
    project.driver(DRIVER.format(script="good.py", options=""))
    assert project.run("run", "pipeline.py").returncode == 0
    (old,) = (project.folder / ".runner" / "runs").iterdir()
    for path in (found for pattern in what for found in old.glob(pattern)):
        path.write_bytes(b'{"cut off')
    again = project.run("run", "pipeline.py")
    assert again.returncode == 0, again.stderr
    assert {step["status"] for step in status(project).values()} <= {"succeeded", "reused"}
    for command in ("list", "status", "show"):
        assert project.run(command).returncode == 0
