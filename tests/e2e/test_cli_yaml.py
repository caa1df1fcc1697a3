"""Pipelines in YAML, run on this machine as a user runs them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.projects import Project

PLAN = """\
experiment: numbers
parameters: {rows: 3}
environments: {here: {variables: {UNIT: lines}}}
steps:
  make:
    source: steps
    script: make.py
    arguments: [{parameter: rows}, {output: numbers}]
    outputs: [numbers]
  count:
    source: steps
    command: |
      wc -l < "$AZUREML_DATAREFERENCE_numbers"/n.txt > "$AZUREML_DATAREFERENCE_total"
      echo "counted $UNIT"
    inputs: {numbers: make.numbers}
    outputs: [total]
  show:
    source: steps
    command: [cat, {input: total}]
    inputs: {total: {from: count.total, mode: download}}
    after: [make]
"""
MAKE = """\
import pathlib, sys
folder = pathlib.Path(sys.argv[2])
folder.mkdir()
(folder / "n.txt").write_text("x\\n" * int(sys.argv[1]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.write("plan.yaml", PLAN)
    made.write("steps/make.py", MAKE)
    return made


def test_a_plan_runs_and_its_locked_form_runs_again(project: Project) -> None:
    ended = project.run("run", "plan.yaml", "-p", "rows=7")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert "succeeded  numbers, 3 steps" in ended.stdout
    assert project.run("logs", "latest", "show").stdout.strip() == "7"
    assert project.run("logs", "latest", "count").stdout == "counted lines\n"
    drawn = project.run("graph", "latest").stdout
    assert re.findall(r"✓ (\w+)  (?:succeeded|reused)", drawn) == ["make", "count", "show"]

    locked = project.run("plan", "latest", "-o", "yaml").stdout
    assert len(re.findall(r"snapshot: [0-9a-f]{64}", locked)) == 3
    assert "rows: 7" in locked
    project.write("elsewhere/locked.yaml", locked)
    project.write("steps/make.py", "raise SystemExit('this is not the snapshot')")
    again = project.run("run", "elsewhere/locked.yaml", "--experiment", "again", "--json")
    assert again.returncode == 0, again.stderr
    (report,) = json.loads(again.stdout)["runs"]
    assert (report["experiment"], report["status"]) == ("again", "succeeded")


def test_a_drivers_plan_is_the_same_as_yaml(project: Project) -> None:
    project.driver("one = data('one')\nsubmit(step('second', inputs=[one]), step('first', outputs=[one]))")
    written = project.run("plan", "pipeline.py", "-o", "yaml")
    assert written.returncode == 0, written.stderr
    project.write("again.yaml", written.stdout)
    assert project.run("plan", "again.yaml", "-o", "yaml").stdout == written.stdout
    assert project.run("run", "again.yaml").returncode == 0


WORKERS = """\
parameters: {nodes: 2}
steps:
  crew:
    source: steps
    script: crew.py
    arguments: [{output: parts}]
    compute: cpu
    outputs: [parts]
    workers: {kind: gang, nodes: {parameter: nodes}, processes: 1}
"""
CREW = """\
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
for index in range(int(os.environ["RUNNER_WORKERS"])):
    (folder / f"{index}.txt").write_text("x")
print("played", os.environ["RUNNER_WORKERS"], "workers;", os.environ.get("RUNNER_WORKER", "all in one"))
"""


def test_one_process_plays_all_workers_of_a_step(project: Project) -> None:
    project.write("runner.yaml", "name: here\ncomputes: {cpu: {max_nodes: 3}}\n")
    project.write("workers.yaml", WORKERS)
    project.write("steps/crew.py", CREW)
    planned = project.run("plan", "workers.yaml", "-p", "nodes=3")
    assert "3 workers, 1 process each" in planned.stdout, planned.stderr
    ended = project.run("run", "workers.yaml", "-p", "nodes=3")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    assert "3 workers" in ended.stdout
    assert "3 files" in ended.stdout
    assert project.run("logs", "latest", "crew").stdout == "played 3 workers; all in one\n"

    for value, words in (("4", "at most 3 (max_nodes)"), ("0", "a whole number, 1 or more")):
        refused = project.run("run", "workers.yaml", "-p", f"nodes={value}")
        assert (refused.returncode, words in refused.stderr) == (2, True), refused.stderr
    assert len(json.loads(project.run("list", "--json").stdout)["runs"]) == 1, "nothing was started"
