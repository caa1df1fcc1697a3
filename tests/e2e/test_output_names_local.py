"""Names of files that a step leaves in its output: the next step reads them, or this one fails and names them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.projects import Project

WRITE = """\
import os
import sys

what, out = sys.argv[1:]
os.makedirs(out)
if what == "long":
    for name in ("n" * 238, "n" * 244 + ".txt", "é" * 127 + "x", "a" * 255):
        open(os.path.join(out, name), "w").write(name)
    os.makedirs(os.path.join(out, "/".join(["d" * 250] * 3)))
    open(os.path.join(out, "/".join(["d" * 250] * 3), "f"), "w").write("f")
if what == "far":
    os.makedirs(os.path.join(out, "/".join(["d" * 200] * 6)))
    open(os.path.join(out, "/".join(["d" * 200] * 6), "f"), "w").write("f")
if what == "bytes":
    open(os.path.join(os.fsencode(out), b"caf\\xe9.txt"), "w").write("x")
if what == "surrogate":
    open(os.path.join(out, "a\\udc80b"), "w").write("x")
if what == "deep":
    for _ in range(1500):
        os.mkdir(os.path.join(out, "d")), os.chdir(os.path.join(out, "d"))
        out = "."
"""
READ = """\
import os
import sys

names = sorted(name for _, _, names in os.walk(sys.argv[1]) for name in names)
assert [len(os.fsencode(name)) for name in names] == [255, 1, 238, 248, 255], names
for parent, _, names in os.walk(sys.argv[1]):
    assert all(open(os.path.join(parent, name)).read() == name for name in names)
"""
DRIVER = """
    def write(what):
        made[what] = data(what)
        return PythonScriptStep(name=what, script_name="write.py", source_directory="steps", compute_target="c",
                                arguments=[what, made[what]], outputs=[made[what]])

    made = {}
    steps = [write(what) for what in ("long", "far", "bytes", "surrogate", "deep")]
    steps.append(PythonScriptStep(name="read", script_name="read.py", source_directory="steps", compute_target="c",
                                  arguments=[made["long"]], inputs=[made["long"]]))
    Experiment(ws, "tests").submit(Pipeline(ws, steps), continue_on_step_failure=True)
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    yield Project(tmp_path / "project", tmp_path / "cache")
    subprocess.run(["rm", "-r", str(tmp_path)], check=False)  # pytest's own clean-up recurses into the deep folders


def test_names_are_carried_through_or_refused_where_they_are_written(project: Project) -> None:
    project.write("steps/write.py", WRITE)
    project.write("steps/read.py", READ)
    project.driver(DRIVER)
    ended = project.run("run", "pipeline.py", "--json")
    (run,) = json.loads(ended.stdout)["runs"]
    steps = {step["name"]: step for step in run["steps"]}
    assert (steps["long"]["status"], steps["read"]["status"]) == ("succeeded", "succeeded"), ended.stdout
    reasons = {name: steps[name]["reason"] for name in ("far", "bytes", "surrogate", "deep")}
    assert {steps[name]["status"] for name in reasons} == {"failed"}
    assert {steps[name]["failure"] for name in reasons} == {"input"}
    for name, words in {
        "far": "output 'far': object key too long (1024 bytes, 255 a segment)",
        "bytes": "caf\\udce9.txt' (no UTF-8 text)",
        "surrogate": "a\\udc80b' (no UTF-8 text)",
        "deep": "output 'deep': it has folders that lie too deep in one another",
    }.items():
        assert words in reasons[name]
    subprocess.run(["rm", "-rf", str(project.folder)], check=True)  # pytest cannot: shutil.rmtree recurses (3.11)
