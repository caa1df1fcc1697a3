"""The environment and the files of a v1 step's process: the scripts run; the tests read what they saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.azureml import install
from tests.support.v1_drivers import HEAD, TOUCH

PROBE = """
import json, os, sys
from azureml.core import Run
from azureml.core.run import _OfflineRun

if "AZUREML_RUN_ID" not in os.environ:
    raise SystemExit("not submitted")
run = Run.get_context()
made, folder, lone, fixed = sys.argv[1:5]
seen = {
    "env": dict(os.environ), "cwd": os.getcwd(), "first": sys.path[0], "script": sys.argv[0], "listed": os.listdir("."),
    "id": run.id, "offline": isinstance(run, _OfflineRun), "same": run is Run.get_context(),
    "there": [os.path.exists(path) for path in (made, folder, lone, fixed)],
    "parents": [os.path.isdir(os.path.dirname(path)) for path in (made, lone)],
    "experiment": run.experiment.name, "workspace": run.experiment.workspace.name, "parent": run.parent.id,
    "outputs": run.output_datasets,
}
os.makedirs(made, exist_ok=True)
os.makedirs(folder, exist_ok=True)
os.makedirs(os.path.dirname(lone), exist_ok=True)
for path in (os.path.join(made, "deep"), fixed):
    os.makedirs(path, exist_ok=True)
for path in (os.path.join(made, "deep", "part.txt"), os.path.join(folder, "x.txt"), lone, os.path.join(fixed, "y.txt")):
    with open(path, "w") as file:
        file.write("made")
with open("written_here.txt", "w") as file:
    file.write("the working directory can be written to")
os.makedirs("outputs", exist_ok=True)
os.makedirs("logs", exist_ok=True)
for name in ("outputs/model.txt", "logs/train.txt"):
    with open(name, "w") as file:
        file.write("kept")
run.log("once", 1)
for value in (1, 2, 3):
    run.log("often", value)
run.log_list("list", (value for value in range(3)))
run.log_row("row", a=1, b=2)
run.log_row("rows", a=1)
run.log_row("rows", a=2)
run.log_table("table", {"x": [1, 2], "y": [3, 4]})
run.log_image("image", path="outputs/model.txt")
try:
    run.log("wrong", [1, 2])
except Exception as error:
    seen["log of a list"] = type(error).__name__
run.complete()
run.fail("this changes nothing")
run.cancel()
with open("outputs/seen.json", "w") as file:
    json.dump(seen, file)
print("said by the script")
"""

BROKEN = """
import os, sys
for folder in sys.argv[1:]:
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "half.txt"), "w") as file:
        file.write("half")
raise SystemExit("after half of it")
"""

STOP = """
import time
from azureml.core import Run

Run.get_context().parent.cancel()
time.sleep(20)
"""

MAIN = """
made = PipelineData("made", datastore=store)
folder = PipelineData("folder", datastore=store, is_directory=True)
lone = PipelineData("lone", datastore=store, is_directory=False)
fixed = OutputFileDatasetConfig("fixed")
first = step("probe", [made, folder, lone, fixed], outputs=[made, folder, lone])
run = ended(first)
(probe,) = run.find_step_run("probe.py")
ask("status", probe.get_status)
ask("seen", lambda: seen(probe, "seen.json"))
ask("names", probe.get_file_names)
ask("metrics", probe.get_metrics)
ask("log", probe.get_job_log)
ask("id", lambda: probe.id)


def download(name):
    port = probe.get_output_data(name)
    count = port.download(f"got/{name}", show_progress=False)
    return [port.path_on_datastore, port.datastore_name, count, below(f"got/{name}"), port._path_on_datastore]


for name in ("made", "lone", "fixed"):
    ask(f"output {name}", lambda: download(name))
late = step("touch", ["x"], name="late")
late.run_after(early := step("touch", ["x"], name="early"))
late_run = ended(late)
ask("order", lambda: [[found.name for found in listed()] for listed in (late_run.get_steps, late_run.get_children)])


def upload():
    Path("files/sub").mkdir(parents=True)
    Path("files/sub/a.txt").write_text("1")
    Path("files/sub/b.txt").write_text("1")
    store.upload_files(["files/sub/a.txt", "files/sub/b.txt"], target_path="common", show_progress=False)
    store.upload_files(["files/sub/a.txt"], relative_root="files", target_path="rooted", show_progress=False)
    Path("files/sub/a.txt").write_text("2")
    store.upload_files(["files/sub/a.txt"], target_path="common", overwrite=False, show_progress=True)
    store.download("down", prefix="common", show_progress=False)
    store.download("down", prefix="rooted", show_progress=False)
    return [below("down"), Path("down/common/a.txt").read_text()]


ask("uploads", upload)


def model():
    Path("fit").mkdir()
    Path("fit/m.pkl").write_text("m")
    versions = [Model.register(ws, "fit/m.pkl", "fitted").version for _ in range(2)]
    return [versions, Model.get_model_path("fitted", _workspace=ws), Model.get_model_path("fitted", 1, _workspace=ws)]


def outside():
    Path("../outside.pkl").write_text("m")
    return Model.register(ws, "../outside.pkl", "outside").name


ask("model", model)
ask("outside", outside)
"""

FAILING = """
def broken():
    plain = PipelineData("plain", datastore=store, output_mode="upload")
    config = OutputFileDatasetConfig("config", destination=(store, "kept/{run-id}")).as_upload()
    run = ended(step("broken", [plain, config], outputs=[plain]))
    left = store.download("left", prefix="kept", show_progress=False)
    return [run.get_status(), left + store.download("left", prefix="azureml", show_progress=False)]


ask("broken", broken)


def stop():
    data = PipelineData("data")
    first = step("stop", name="first")
    second = step("touch", ["x"], name="second")
    second.run_after(first)
    return ended(second).get_status()


ask("stopped", stop)
"""

VARIABLES = (
    "RUN_ID", "ARM_SUBSCRIPTION", "ARM_RESOURCEGROUP", "ARM_WORKSPACE_NAME", "ARM_PROJECT_NAME", "EXPERIMENT_ID",
    "WORKSPACE_ID", "SERVICE_ENDPOINT", "DISCOVERY_SERVICE_ENDPOINT", "RUN_TOKEN", "RUN_TOKEN_EXPIRY",
)  # fmt: skip
Answer = dict[str, Any]


@pytest.fixture(scope="module")
def main(told: Callable[..., Answer]) -> Answer:
    return told(HEAD, MAIN, probe=PROBE, touch=TOUCH)


@pytest.fixture(scope="module")
def seen(main: Answer) -> Answer:
    found: Answer = main["seen"]
    assert isinstance(found, dict), (found, main["log"])
    return found


@pytest.fixture(scope="module")
def failing(told: Callable[..., Answer]) -> Answer:
    return told(HEAD, FAILING, broken=BROKEN, stop=STOP, touch=TOUCH)


# Variables


def test_the_variables_of_a_run_are_set(seen: Answer) -> None:
    assert [name for name in VARIABLES if not seen["env"].get(f"AZUREML_{name}")] == []
    assert seen["env"]["AZUREML_RUN_ID"] == seen["id"]
    assert seen["env"]["AZUREML_ARM_PROJECT_NAME"] == seen["experiment"] == "my-experiment"
    assert seen["env"]["AZUREML_ARM_WORKSPACE_NAME"] == seen["workspace"]


def test_every_output_has_its_reference_variable(seen: Answer) -> None:
    assert {f"AZUREML_DATAREFERENCE_{name}" for name in ("made", "folder", "lone")} <= set(seen["env"])


def test_outputs_that_are_datasets_are_variables_and_listed(seen: Answer) -> None:
    assert seen["env"]["fixed"] == seen["outputs"]["fixed"]
    assert "fixed" in seen["env"]["AZUREML_DATASET_FILE_OUTPUTS"].split(";")


# The run object


def test_a_submitted_script_knows_it_by_the_run_id_and_the_runs_class(seen: Answer) -> None:
    assert (seen["offline"], bool(seen["env"]["AZUREML_RUN_ID"])) == (False, True)


@pytest.fixture(scope="module")
def offline() -> list[Any]:
    code = """
from azureml.core import Run
from azureml.core.run import _OfflineRun
import json
run = Run.get_context()
run.log("accuracy", 0.5)
print(json.dumps([run.id, isinstance(run, _OfflineRun), run is Run.get_context(),
                  [name for name in ("input_datasets", "parent", "experiment") if hasattr(run, name)]]))
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZUREML_", "RUNNER_"))}
    install()
    done = subprocess.run(
        [sys.executable, "-c", code], env={**kept, "PYTHONPATH": os.pathsep.join([sys.path[0], str(Path.cwd())])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    *printed, last = done.stdout.splitlines()
    return [*json.loads(last), printed]


def test_outside_a_run_there_is_an_offline_run_that_prints_what_it_would_log(offline: list[Any]) -> None:
    assert offline[0].startswith("OfflineRun_")
    assert offline[1] is True
    assert any("accuracy" in line and "0.5" in line for line in offline[4])


def test_an_offline_run_has_no_input_datasets_parent_or_experiment(offline: list[Any]) -> None:
    assert offline[3] == []


def test_there_is_one_context_object_per_process(seen: Answer, offline: list[Any]) -> None:
    assert (seen["same"], offline[2]) == (True, True)


def test_complete_fail_and_cancel_in_a_script_do_not_set_the_status(main: Answer) -> None:
    assert main["status"] == "Finished"


def test_a_script_stops_its_pipeline_by_parent_cancel(failing: Answer) -> None:
    assert failing["stopped"] == "Canceled"


# Folders and files


def test_the_step_is_python_script_in_a_private_writable_copy_first_on_the_path(main: Answer, seen: Answer) -> None:
    assert seen["script"] == "probe.py"
    assert Path(seen["first"]).resolve() == Path(seen["cwd"]).resolve()
    assert {"probe.py", "touch.py"} <= set(seen["listed"])
    assert not (Path(main["folder"]) / "steps" / "written_here.txt").exists()


def test_a_script_in_a_subfolder_imports_from_the_root(seen: Answer) -> None:
    """Python itself puts only the script's own folder on the path."""
    first, *rest = seen["env"]["PYTHONPATH"].split(os.pathsep)
    assert Path(first).resolve() == Path(seen["cwd"]).resolve()
    assert rest


def test_outputs_and_logs_are_kept_and_listed_with_the_log(main: Answer) -> None:
    assert {"outputs/model.txt", "outputs/seen.json", "logs/train.txt"} <= set(main["names"])
    assert any(name.startswith(("user_logs/", "azureml-logs/")) for name in main["names"])
    assert "said by the script" in main["log"]


def test_the_path_of_an_output_is_not_made_but_its_parent_is(seen: Answer) -> None:
    assert (seen["there"][0], seen["parents"]) == (False, [True, True])


def test_a_directory_output_is_made(seen: Answer) -> None:
    assert seen["there"][1] is True


def test_an_output_may_be_one_file(main: Answer, seen: Answer) -> None:
    assert seen["there"][2] is False
    assert main["output lone"][2] == 1


def test_outputs_lie_below_azureml_and_the_step_runs_id(main: Answer) -> None:
    for name in ("made", "lone"):
        assert main[f"output {name}"][:2] == [f"azureml/{main['id']}/{name}", "workspaceblobstore"]


def test_nothing_is_uploaded_by_a_step_that_failed(failing: Answer) -> None:
    assert failing["broken"] == ["Failed", 0]


def test_a_download_keeps_the_whole_path_on_the_datastore(main: Answer) -> None:
    path = f"azureml/{main['id']}/made"
    assert main["output made"] == [path, "workspaceblobstore", 1, [f"{path}/deep/part.txt"], path]


def test_a_datastores_download_keeps_the_blobs_paths(main: Answer) -> None:
    assert main["uploads"][0] == ["common/a.txt", "common/b.txt", "rooted/sub/a.txt"]


def test_upload_files_strips_the_common_parent_unless_a_root_is_given(main: Answer) -> None:
    assert {"common/a.txt", "rooted/sub/a.txt"} <= set(main["uploads"][0])


def test_upload_without_overwrite_leaves_what_is_there_and_says_so(main: Answer) -> None:
    assert main["uploads"][1] == "1"
    assert "workspaceblobstore/common/a.txt" in main["said"]


# What is read and reported


def test_registering_a_model_makes_a_version_and_its_path_is_below_azureml_models(main: Answer) -> None:
    versions, newest, first = main["model"]
    assert versions == [1, 2]
    assert Path(newest).parts[-4:] == ("azureml-models", "fitted", "2", "m.pkl")
    assert Path(first).parts[-4:] == ("azureml-models", "fitted", "1", "m.pkl")


def test_a_model_outside_the_current_folder_is_a_permission_error(main: Answer) -> None:
    assert main["outside"].startswith("PermissionError: ")


def test_metrics_fold_by_how_often_and_how_they_were_logged(main: Answer) -> None:
    metrics = dict(main["metrics"])
    assert metrics.pop("image")
    assert metrics == {
        "once": 1,
        "often": [1, 2, 3],
        "list": [0, 1, 2],
        "row": {"a": 1, "b": 2},
        "rows": {"a": [1, 2]},
        "table": {"x": [1, 2], "y": [3, 4]},
    }


def test_logging_a_list_as_a_scalar_is_a_user_error(seen: Answer) -> None:
    assert seen["log of a list"] == "UserErrorException"


def test_find_step_run_takes_the_script_name_of_an_unnamed_step(main: Answer) -> None:
    assert main["id"].endswith("probe-py-1")


def test_steps_come_newest_first(main: Answer) -> None:
    assert main["order"] == [["late", "early"], ["late", "early"]]
