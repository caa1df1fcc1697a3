"""Arguments as a v1 script receives them: the scripts run on this machine; the tests read what they saw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SEE = """
import json, os, sys
from pathlib import Path

kinds = ["folder" if os.path.isdir(word) else "file" if os.path.isfile(word) else "-" for word in sys.argv[1:]]
Path("outputs").mkdir(exist_ok=True)
Path("outputs/seen.json").write_text(json.dumps({"argv": sys.argv[1:], "env": dict(os.environ), "kinds": kinds}))
for path in sys.argv[1:]:
    if "made" in path:
        os.makedirs(path, exist_ok=True)
        Path(path, "part.txt").write_text("made")
"""

HEAD = """
from azureml.core import Dataset, Experiment, Workspace
from azureml.data import OutputFileDatasetConfig
from azureml.data.datapath import DataPath, DataPathComputeBinding
from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
store = ws.get_default_datastore()
Path("raw").mkdir()
Path("raw/a.csv").write_text("x,y\\n1,2\\n")
Path("raw/b.csv").write_text("x,y\\n3,4\\n")
store.upload("raw", "raw", show_progress=False)


def seen(name, arguments, pipeline_parameters=None, **options):
    step = PythonScriptStep("see.py", name=name, arguments=arguments, source_directory="steps", compute_target="cpu",
                            **options)
    run = Experiment(ws, "e").submit(Pipeline(ws, [step]), pipeline_parameters=pipeline_parameters)
    run.wait_for_completion(show_output=False)
    (found,) = run.find_step_run(name)
    found.download_file("outputs/seen.json", f"{name}.json")
    return {**json.loads(Path(f"{name}.json").read_text()), "run": found}
"""

PLAIN = """
def answer():
    made = PipelineData("made_thing", datastore=store, output_name="made_shown")
    folder = store.path("raw", data_reference_name="folder")
    file = store.path("raw/a.csv", data_reference_name="file")
    where = (PipelineParameter("where", DataPath(store, "raw")), DataPathComputeBinding(mode="mount"))
    numbers = [PipelineParameter("n", 1), PipelineParameter("b", True), PipelineParameter("a b.c", 1.5)]
    rest = [PipelineParameter("none", None), PipelineParameter("t", "text"), 7, 2.5, False, Path("some/where"), "plain"]
    arguments = [made, folder, file, where, *numbers, *rest, "parameter:k"]
    found = seen("plain", arguments, inputs=[folder, file, where], outputs=[made], params={"k": "v", "k2": 3})
    port = found.pop("run").get_output_data("made_shown")
    later = seen("later", [port], inputs=[port])
    later.pop("run")
    return {**found, "text": str(made), "reference": str(folder), "later": later, "port": str(port)}


ask("plain", answer)
parameters = [PipelineParameter("n", 1), PipelineParameter("b", False)]
ask("given", lambda: seen("given", parameters, {"n": 5, "b": True})["argv"])
"""

DATASETS = """
def files(path, name):
    return Dataset.File.from_files((store, path)).as_named_input(name)


def answer():
    table = Dataset.Tabular.from_delimited_files((store, "raw/a.csv")).register(ws, "table")
    out = OutputFileDatasetConfig("made_out")
    found = seen("data", [
        files("raw", "all").as_mount(),
        files("raw/a.csv", "one").as_mount(),
        files("raw", "copy").as_download(),
        files("raw/b.csv", "one_copy").as_download(),
        table.as_named_input("rows"),
        out,
    ])
    found.pop("run")
    return {**found, "id": table.id}


ask("data", answer)
"""


@pytest.fixture(scope="module")
def whole(told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    return told(HEAD, PLAIN, see=SEE)


@pytest.fixture(scope="module")
def plain(whole: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = whole["plain"]
    assert isinstance(found, dict), found
    return found


@pytest.fixture(scope="module")
def data(told: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = told(HEAD, DATASETS, see=SEE)["data"]
    assert isinstance(found, dict), found
    return found


def test_pipeline_data_is_an_absolute_local_path(plain: dict[str, Any]) -> None:
    assert Path(plain["argv"][0]).is_absolute()
    assert Path(plain["argv"][0]).name == "made_shown"


def test_the_text_of_pipeline_data_is_its_variable(plain: dict[str, Any]) -> None:
    assert plain["text"] == "$AZUREML_DATAREFERENCE_made_shown"


def test_the_variable_of_an_output_uses_its_output_name(plain: dict[str, Any]) -> None:
    assert plain["env"]["AZUREML_DATAREFERENCE_made_shown"] == plain["argv"][0]
    assert "AZUREML_DATAREFERENCE_made_thing" not in plain["env"]


def test_a_data_reference_to_a_folder_is_that_folder(plain: dict[str, Any]) -> None:
    assert plain["reference"] == "$AZUREML_DATAREFERENCE_folder"
    assert plain["argv"][1] == plain["env"]["AZUREML_DATAREFERENCE_folder"]
    assert (plain["kinds"][1], Path(plain["argv"][1]).is_absolute()) == ("folder", True)


def test_a_data_reference_to_a_file_is_the_path_of_the_file(plain: dict[str, Any]) -> None:
    assert plain["kinds"][2] == "file"
    assert plain["argv"][2] == plain["env"]["AZUREML_DATAREFERENCE_file"]


def test_a_port_reference_of_an_earlier_run_is_a_local_path(plain: dict[str, Any]) -> None:
    assert plain["port"].startswith("$AZUREML_DATAREFERENCE_")
    assert (Path(plain["later"]["argv"][0]).is_absolute(), plain["later"]["kinds"]) == (True, ["folder"])


def test_a_parameter_and_its_binding_are_a_local_path(plain: dict[str, Any]) -> None:
    assert (plain["kinds"][3], Path(plain["argv"][3]).is_absolute()) == ("folder", True)


def test_a_parameter_is_the_text_of_its_value(plain: dict[str, Any]) -> None:
    assert plain["argv"][4:9] == ["1", "True", "1.5", "None", "text"]


def test_a_parameter_is_a_variable_with_other_letters_as_underscores(plain: dict[str, Any]) -> None:
    variables = {name: value for name, value in plain["env"].items() if name.startswith("AML_PARAMETER_")}
    assert variables["AML_PARAMETER_a_b_c"] == "1.5"
    assert (variables["AML_PARAMETER_n"], variables["AML_PARAMETER_b"]) == ("1", "True")
    assert (variables["AML_PARAMETER_none"], variables["AML_PARAMETER_t"]) == ("None", "text")


def test_anything_else_is_its_text(plain: dict[str, Any]) -> None:
    assert plain["argv"][9:14] == ["7", "2.5", "False", "some/where", "plain"]


def test_the_word_parameter_colon_name_refers_to_params(plain: dict[str, Any]) -> None:
    assert plain["argv"][14] == "v"


def test_params_are_variables(plain: dict[str, Any]) -> None:
    assert (plain["env"]["AML_PARAMETER_k"], plain["env"]["AML_PARAMETER_k2"]) == ("v", "3")


def test_a_value_given_at_submit_takes_the_place_of_the_default(whole: dict[str, Any]) -> None:
    assert whole["given"] == ["5", "True"]


def test_a_mounted_file_dataset_is_its_folder(data: dict[str, Any]) -> None:
    assert data["kinds"][0] == "folder"
    assert data["argv"][0] == data["env"]["all"]


def test_a_mounted_file_dataset_of_one_file_is_that_file(data: dict[str, Any]) -> None:
    assert (data["kinds"][1], data["argv"][1]) == ("file", data["env"]["one"])


def test_a_downloaded_file_dataset_is_its_folder_or_its_one_file(data: dict[str, Any]) -> None:
    assert data["kinds"][2:4] == ["folder", "file"]


def test_a_registered_tabular_dataset_is_its_id(data: dict[str, Any]) -> None:
    assert data["argv"][4] == data["id"] == data["env"]["rows"]


def test_an_output_configuration_is_its_local_folder_and_a_variable(data: dict[str, Any]) -> None:
    assert Path(data["argv"][5]).is_absolute()
    assert data["env"]["made_out"] == data["argv"][5]
