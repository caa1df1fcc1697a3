"""Run objects as v1's drivers and scripts use them, on this machine: real processes, a real folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.projects import Project

SCRIPT = """\
import os
import sys

from azureml.core import Dataset, Model, Run, Workspace

run = Run.get_context()
assert run is Run.get_context()
assert run.id == os.environ["AZUREML_RUN_ID"]
run.log("m", 1)
run.tag("inside")
run.display_name = "Shown"
ws = run.experiment.workspace
assert Dataset.get_by_name(ws, "rows").to_path() == ["/rows.txt"]
assert open(Model.get_model_path("given")).read() == "given"
for fold in range(2):
    with run.child_run(f"fold {fold}") as child:
        child.log("score", fold)
run.parent.log("total", 3)
run.parent.tag("told", "by a step")
open("outputs/net.pkl", "w").write("net")
run.register_model("net", model_path="outputs/net.pkl")
open("seen.txt", "w").write("seen")
run.upload_file("notes/seen.txt", "seen.txt")
run.complete()
print("done")
"""
DRIVER = """\
import os
import zipfile

from azureml.core import Dataset, Experiment, Model, Run, ScriptRunConfig, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from azureml.widgets import RunDetails

ws = Workspace.from_config()
store = ws.get_default_datastore()
open("rows.txt", "w").write("1")
store.upload_files(["rows.txt"], target_path="data")
Dataset.File.from_files((store, "data/rows.txt")).register(ws, "rows")
open("given.txt", "w").write("given")
Model.register(ws, "given.txt", "given")
experiment = Experiment(ws, "tests")
step = PythonScriptStep("step.py", name="step", source_directory="src", compute_target="here")
run = experiment.submit(Pipeline(ws, [step]), tags={"from": "driver"})
run.tag("outside", "yes")
RunDetails(run).show()
assert run.wait_for_completion() == "Finished"
(found,) = run.find_step_run("step")
assert found.get_metrics() == {"m": 1}, found.get_metrics()
assert (found.display_name, found.tags) == ("Shown", {"inside": ""})
assert [child.name for child in found.get_children()] == ["fold 1", "fold 0"]
assert [child.get_metrics() for child in found.get_children()] == [{"score": 1}, {"score": 0}]
assert run.get_metrics() == {"total": 3}
assert run.get_tags() == {"from": "driver", "outside": "yes", "told": "by a step"}
assert Model(ws, "net").run_id == found.id
assert found.get_file_names() == ["notes/seen.txt", "outputs/net.pkl", "user_logs/std_log.txt"]
found.download_file("notes/seen.txt", "got/")
with zipfile.ZipFile(found.restore_snapshot(path="snapshot")) as archive:
    assert "step.py" in archive.namelist()

lone = ScriptRunConfig("src", script="lone.py", arguments=["--n", 1], compute_target="here")
with experiment.start_logging(snapshot_directory=None) as parent:
    child = parent.submit_child(lone, tags={"kind": "lone"})
    details = child.wait_for_completion(show_output=True)
    assert details["status"] == "Completed"
assert parent.get_status() == "Completed"
assert [below.id for below in parent.get_children()] == [child.id]
again = experiment.submit(lone)
assert again.wait_for_completion()["properties"].get("azureml.isreused") is None
assert [one.id for one in experiment.get_runs()] == [again.id, parent.id, run.id]

stopped = experiment.submit(Pipeline(ws, [PythonScriptStep("stop.py", source_directory="src", compute_target="here")]))
assert stopped.wait_for_completion(show_output=False, raise_on_error=False) == "Canceled"
print("all well")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "project", tmp_path / "cache", bare=True)
    made.write("src/step.py", SCRIPT)
    made.write("src/lone.py", "print('alone')\n")
    made.write(
        "src/stop.py", "import time\nfrom azureml.core import Run\nRun.get_context().parent.cancel()\ntime.sleep(60)\n"
    )
    made.write("pipeline.py", DRIVER)
    return made


def test_everything_a_run_knows(project: Project) -> None:
    ended = project.run("run", "pipeline.py")
    assert "all well" in ended.stdout, ended.stdout + ended.stderr
    assert "alone" in ended.stdout
    assert (project.folder / "got" / "seen.txt").read_text() == "seen"
    listed = project.run("list", "--json")
    assert listed.stdout.count('"experiment"') == 4  # logged runs are no runs of the command line's
