"""Published pipelines on this machine: run by name without their sources, and submitted from a step."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.projects import BOTH, Project

ASK = """\
import sys
from azureml.core import Run
from azureml.pipeline.core import PublishedPipeline

run = Run.get_context()
workspace = run.experiment.workspace
(published,) = [one for one in PublishedPipeline.list(workspace) if one.name == "child"]
child = published.submit(workspace, "children", pipeline_parameters={"rows": int(sys.argv[1])},
                         parent_run_id=run.parent.id)
print("ended", child.wait_for_completion(show_output=False), child.id)
again = published.submit(workspace, "children", pipeline_parameters={"rows": 2})
print("also", again.wait_for_completion(show_output=False), again.id)
try:
    published.submit(workspace, "children", pipeline_parameters={"rosw": 2})
except Exception as error:
    print("refused", type(error).__name__, "did you mean 'rows'?" in str(error))
"""
CHILD = """\
parameters: {rows: 3}
steps:
  make: {source: steps, script: make.py, arguments: [{parameter: rows}, {output: numbers}], outputs: [numbers]}
"""
MAKE = """\
import pathlib, sys
folder = pathlib.Path(sys.argv[2])
folder.mkdir(parents=True)
(folder / "n.txt").write_text("x" * int(sys.argv[1]))
print("made", sys.argv[1])
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project", tmp_path / "cache")


def test_a_published_file_runs_by_its_name_after_its_sources_are_gone(project: Project) -> None:
    project.write("runner.yaml", "name: shelf\n")
    project.driver(BOTH)
    made = project.run("publish", "pipeline.py", "--name", "copies", "--version", "1", "--json")
    assert made.returncode == 0, made.stderr
    identity = json.loads(made.stdout)["id"]
    assert json.loads(project.run("list", "--json").stdout)["runs"] == []  # nothing has run
    shutil.rmtree(project.folder / "steps")
    (project.folder / "pipeline.py").unlink()
    elsewhere = Project(project.folder / "elsewhere", project.cache, bare=True)
    elsewhere.folder.mkdir()
    ended = elsewhere.run("run", "copies@1", "--json")
    assert ended.returncode == 0, ended.stderr
    (report,) = json.loads(ended.stdout)["runs"]
    assert (report["experiment"], report["status"], len(report["steps"])) == ("copies", "succeeded", 2)
    assert report["submitted"]["pipeline"] == identity
    again = elsewhere.run("pipelines", "run", identity, "--json")
    assert {step["status"] for step in json.loads(again.stdout)["runs"][0]["steps"]} == {"reused"}


def test_a_file_of_that_name_wins(project: Project) -> None:
    project.driver(BOTH)
    assert project.run("publish", "pipeline.py", "--name", "copies").returncode == 0
    project.write("copies", "not a pipeline")
    ended = project.run("run", "copies")
    assert ended.returncode == 2
    assert "copies is neither a Python file nor YAML" in ended.stderr


def test_a_driver_that_publishes_keeps_its_names_and_what_it_uploads(project: Project) -> None:
    project.driver("""
        store.upload_files(["steps/pass_on.py"], target_path="data", overwrite=True)
        Pipeline(ws, [step("one", outputs=[data("a")])]).publish(name="mine", version="7", description="Words")
        raise SystemExit("not reached")
    """)
    made = project.run("publish", "pipeline.py", "--version", "8", "--json")
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout)
    assert (found["name"], found["version"], found["description"]) == ("mine", "8", "Words")
    assert "data/pass_on.py" in project.run("data", "ls", "data").stdout


def test_a_driver_that_fails_publishes_nothing(project: Project) -> None:
    project.driver('raise ValueError("the driver is at fault")')
    ended = project.run("publish", "pipeline.py")
    assert ended.returncode == 1
    assert "ValueError: the driver is at fault" in ended.stderr
    project.driver('submit(step("s", "nowhere.py", outputs=[data("a")]))')
    ended = project.run("publish", "pipeline.py")
    assert ended.returncode == 2
    assert "nowhere.py" in ended.stderr
    assert json.loads(project.run("pipelines", "list", "--json").stdout) == {"pipelines": []}


def test_a_step_submits_a_published_pipeline(project: Project) -> None:
    project.write("child.yaml", CHILD)
    project.write("steps/make.py", MAKE)
    project.write("steps/ask.py", ASK)
    assert project.run("publish", "child.yaml").returncode == 0
    project.write("parent.yaml", "steps:\n  ask: {source: steps, script: ask.py, arguments: [5]}\n")
    ended = project.run("run", "parent.yaml", "--json")
    assert ended.returncode == 0, ended.stderr + project.run("logs").stdout
    (parent,) = json.loads(ended.stdout)["runs"]
    words = dict(line.split(" ", 1) for line in project.run("logs", parent["run"], "ask").stdout.splitlines())
    first, also = words["ended"].split(), words["also"].split()
    assert (first[0], also[0]) == ("Finished", "Finished")
    assert words["refused"] == "PipelineInvalid True"
    runs = {each["run"]: each for each in json.loads(project.run("list", "--json").stdout)["runs"]}
    assert set(runs) == {parent["run"], first[1], also[1]}
    shown = json.loads(project.run("show", first[1], "--json").stdout)
    assert shown["parameters"] == {"rows": 5}
    assert shown["submitted"]["parent"] == parent["run"]
    assert project.run("logs", first[1]).stdout.strip().endswith("made 5")
    assert shown["steps"][0]["step"]["status"] == "succeeded"
