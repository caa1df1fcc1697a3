"""Changes that make a v1 step run again, and changes that do not.

Each row of CHANGES is one step of a pipeline. The pipeline runs; each step is changed in its own way; it runs again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

WORK = """
import os, sys
for path in sys.argv[1:]:
    if os.path.basename(path).startswith("made"):
        os.makedirs(path, exist_ok=True)
        with open(os.path.join(path, "out.txt"), "w") as file:
            file.write("made")
"""

DRIVER = """
import shutil
from azureml.core import Dataset, Environment, Experiment, RunConfiguration, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()


def config(value):
    made = RunConfiguration()
    made.environment = Environment("mine")
    made.environment.environment_variables = {"SETTING": value}
    return made


def put(path, text):
    Path("up").mkdir(exist_ok=True)
    name = Path("up", Path(path).name)
    name.write_text(text)
    store.upload_files([str(name)], target_path=str(Path(path).parent), overwrite=True, show_progress=False)


def touch(path):
    os.utime(Path(".runner", path), (1, 1))


def reference(path):
    found = store.path(path, data_reference_name="read")
    return {"arguments": [found], "inputs": [found]}


def dataset(path):
    return {"arguments": [Dataset.File.from_files((store, path)).as_named_input("read").as_mount()]}


def table(path):
    return {"inputs": [Dataset.Tabular.from_delimited_files((store, path)).as_named_input("read")]}


def output(name, **options):
    made = PipelineData(name, datastore=store, **options)
    return {"arguments": [made], "outputs": [made]}


def default(value, key):
    return {"arguments": [PipelineParameter(key, value)]}


put("data/two/b.csv", "y\\n7\\n")
for folder in ("data/one", "ref", "set", "table", "here", "there", "again", "touched"):
    put(f"{folder}/a.csv", "x\\n1\\n")

# name: (options before, options after, what happens between on disk)
CHANGES = {
    "same": ({}, {}, None),
    "step name": ({"name": "old"}, {"name": "new"}, None),
    "argument": ({"arguments": ["1"]}, {"arguments": ["2"]}, None),
    "params value": ({"params": {"k": 1}}, {"params": {"k": 2}}, None),
    "parameter default": (default(1, "d"), default(2, "d"), None),
    "parameter given": (default(1, "g"), default(1, "g"), None),
    "output name": (output("made_a"), output("made_b"), None),
    "version": ({"version": "1"}, {"version": "2"}, None),
    "allow_reuse": ({"allow_reuse": False}, {"allow_reuse": True}, None),
    "allow_reuse off": ({"allow_reuse": False}, {"allow_reuse": False}, None),
    "comment elsewhere": ({}, {}, lambda code: Path(code, "other.py").write_text("# a comment")),
    "pycache": ({}, {}, lambda code: (Path(code, "__pycache__").mkdir(), Path(code, "__pycache__/x.pyc").touch())),
    "amlignore": ({}, {}, lambda code: Path(code, ".amlignore").write_text("nothing")),
    "ignored file": ({}, {}, lambda code: Path(code, "ignored.txt").write_text("other")),
    "mtime": ({}, {}, lambda code: os.utime(Path(code, "work.py"), (1, 1))),
    "other folder": ({}, {"source_directory": "elsewhere"}, lambda code: shutil.copytree(code, "elsewhere")),
    "compute": ({"compute_target": "cpu"}, {"compute_target": "cpu2"}, None),
    "environment": ({"runconfig": config("1")}, {"runconfig": config("2")}, None),
    "reference path": (reference("data/one"), reference("data/two"), None),
    "reference bytes": (reference("ref"), reference("ref"), lambda code: put("ref/a.csv", "x\\n2\\n")),
    "dataset bytes": (dataset("set"), dataset("set"), lambda code: put("set/a.csv", "x\\n2\\n")),
    "table bytes": (table("table/*.csv"), table("table/*.csv"), lambda code: put("table/a.csv", "x\\n2\\n")),
    "dataset elsewhere": (dataset("here"), dataset("there"), None),
    "reference elsewhere": (reference("here"), reference("there"), None),
    "reference touched": (reference("touched"), reference("touched"), lambda code: touch("touched/a.csv")),
    "reference uploaded again": (reference("again"), reference("again"), lambda code: put("again/a.csv", "x\\n1\\n")),
}


def build(which):
    steps = []
    for index, (label, change) in enumerate(CHANGES.items()):
        code = f"code/{index}"
        if not Path(code).exists():
            shutil.copytree("steps", code)
            Path(code, "other.py").write_text("")
            if label == "ignored file":
                Path(code, ".amlignore").write_text("ignored.txt")
        options = {"name": label, "source_directory": code, "compute_target": "cpu", **change[which]}
        options["arguments"] = [*options.get("arguments", []), label]  # each step is its own
        steps.append(PythonScriptStep("work.py", **options))
    first = OutputFileDatasetConfig("made_first")
    for name, argument in {"producer": first, "unnamed as_input": first.as_input()}.items():
        steps.append(PythonScriptStep("work.py", name=name, arguments=[argument], source_directory="steps"))
    return Pipeline(ws, steps)


def submitted(pipeline, **options):
    run = Experiment(ws, "e").submit(pipeline, **options)
    answers["status"] = [*answers.get("status", []), run.wait_for_completion(show_output=False, raise_on_error=False)]
    marks = {found.name: found.get_properties() for found in run.get_steps()}
    return run, {name: "azureml.reusedrunid" in properties for name, properties in marks.items()}, marks


first, _, _ = submitted(build(0))
for index, (label, change) in enumerate(CHANGES.items()):
    if change[2]:
        change[2](f"code/{index}")
second, reused, marks = submitted(build(1), pipeline_parameters={"g": 5})
reused["step name"] = reused.get("new")
ask("reused", lambda: reused)
ask("marks", lambda: marks["same"])
ask("origin", lambda: first.find_step_run("same")[0].id)
ask("origin pipeline", lambda: first.id)
ask("old place", lambda: [run.find_step_run("producer")[0].get_output_data("made_first").path_on_datastore
                          for run in (first, second)])
ask("states", lambda: second.find_step_run("same")[0].get_status())


def again():
    step = PythonScriptStep("work.py", name="again", arguments=["again"], source_directory="steps")
    pipeline = Pipeline(ws, [step])
    return [submitted(pipeline, regenerate_outputs=flag)[1]["again"] for flag in (False, True, False)]


ask("regenerated", again)


def independent():
    def of(name, script="work.py"):
        return PythonScriptStep(script, name=name, arguments=[name], source_directory="steps", allow_reuse=False)

    broken, after, slow, other = of("broken", "broken.py"), of("after"), of("slow", "slow.py"), of("other")
    after.run_after(broken)
    other.run_after(slow)
    found = {}
    for flag in (True, False):
        run = Experiment(ws, "e").submit(Pipeline(ws, [after, other]), continue_on_step_failure=flag)
        found[str(flag)] = {"run": run.wait_for_completion(show_output=False, raise_on_error=False),
                            **{step.name: step.get_status() for step in run.get_steps()}}
    return found


ask("continued", independent)
"""


@pytest.fixture(scope="module")
def answers(told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    found = told(DRIVER, work=WORK, broken="raise SystemExit(1)\n", slow="import time\ntime.sleep(0.5)\n")
    assert found["status"][:2] == ["Finished", "Finished"], found["said"]
    assert "reused" in found, found["said"]
    return found


@pytest.fixture(scope="module")
def reused(answers: dict[str, Any]) -> dict[str, bool]:
    found: dict[str, bool] = answers["reused"]
    return found


def test_an_unchanged_step_is_reused(reused: dict[str, bool]) -> None:
    assert reused["same"]


@pytest.mark.parametrize(
    "change",
    [
        "argument",
        "params value",
        "parameter default",
        "output name",
        "version",
        "allow_reuse",
        "comment elsewhere",
        "amlignore",
    ],
)
def test_a_change_of_what_the_script_is_or_gets_runs_it_again(reused: dict[str, bool], change: str) -> None:
    assert not reused[change]


def test_another_parameter_value_given_at_submit_runs_it_again(reused: dict[str, bool]) -> None:
    assert not reused["parameter given"]


@pytest.mark.parametrize("change", ["mtime", "other folder"])
def test_a_touched_file_or_another_folder_of_equal_content_is_reused(reused: dict[str, bool], change: str) -> None:
    assert reused[change]


def test_an_excluded_file_may_change(reused: dict[str, bool]) -> None:
    assert reused["ignored file"]


def test_another_name_of_the_step_is_reused(reused: dict[str, bool]) -> None:
    assert reused["step name"]


def test_python_caches_in_the_folder_are_no_change(reused: dict[str, bool]) -> None:
    assert reused["pycache"]


def test_another_compute_target_is_reused(reused: dict[str, bool]) -> None:
    assert reused["compute"]


def test_another_environment_runs_it_again(reused: dict[str, bool]) -> None:
    assert not reused["environment"]


def test_another_path_of_a_data_reference_runs_it_again(reused: dict[str, bool]) -> None:
    assert not reused["reference path"]


def test_an_unnamed_as_input_keeps_its_name_and_is_reused(reused: dict[str, bool]) -> None:
    assert reused["unnamed as_input"]


@pytest.mark.parametrize("change", ["dataset bytes", "table bytes"])
def test_new_bytes_under_a_datasets_path_run_it_again(reused: dict[str, bool], change: str) -> None:
    assert not reused[change]


def test_new_bytes_under_a_data_references_path_run_it_again(reused: dict[str, bool]) -> None:
    assert not reused["reference bytes"]


@pytest.mark.parametrize("change", ["reference elsewhere", "dataset elsewhere", "reference touched"])
def test_equal_bytes_elsewhere_or_touched_are_reused(reused: dict[str, bool], change: str) -> None:
    assert reused[change]


def test_data_uploaded_again_with_the_same_bytes_are_reused(reused: dict[str, bool]) -> None:
    assert reused["reference uploaded again"]


def test_a_step_that_forbids_it_is_not_reused(reused: dict[str, bool]) -> None:
    assert not reused["allow_reuse off"]


def test_regenerate_outputs_ignores_every_match_for_that_submit(answers: dict[str, Any]) -> None:
    assert answers["regenerated"] == [False, False, True]


def test_a_reused_step_is_listed_with_v1s_properties(answers: dict[str, Any]) -> None:
    marks = answers["marks"]
    assert marks["azureml.reusedrunid"] == answers["origin"]
    assert answers["origin pipeline"] in marks["azureml.reusedpipeline"]
    assert marks["azureml.reusednodeid"]
    assert answers["states"] == "Finished"


def test_the_outputs_of_a_reused_step_point_to_the_old_runs_folder(answers: dict[str, Any]) -> None:
    assert answers["old place"][0] == answers["old place"][1]


def test_continuing_after_a_failure_runs_only_what_does_not_depend_on_it(answers: dict[str, Any]) -> None:
    found = answers["continued"]["True"]
    assert [found[name] for name in ("run", "broken", "slow", "other")] == ["Failed", "Failed", "Finished", "Finished"]
    assert found["after"] != "Finished"


def test_without_it_steps_that_have_not_started_never_do(answers: dict[str, Any]) -> None:
    found = answers["continued"]["False"]
    assert found["run"] == "Failed"
    assert (found["after"], found["other"]) == ("Canceled", "Canceled")
