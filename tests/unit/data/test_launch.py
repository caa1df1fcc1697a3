from __future__ import annotations

import pytest

from runner.data import launch
from runner.model.context import StagedInput
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.step import InputPath, Interpreter, OutputPath, ParameterValue
from tests.support import builders as b

DATASET = DatasetDefinition(kind="tabular", paths=(DatastorePath("s", "p"),), id="dataset-7")


def staged(path: str, mode: Mode = Mode.MOUNT, dataset: DatasetDefinition | None = None) -> StagedInput:
    return StagedInput(mode, path, dataset)


def test_placeholders_become_paths() -> None:
    task = b.task(command=(Interpreter(), "s.py", "--in", InputPath("raw"), OutputPath("out"), ""))
    assert launch.argv(task, "/py", {"raw": staged("/in/raw")}, {"out": "/out"}) == [
        "/py", "s.py", "--in", "/in/raw", "/out", "",
    ]  # fmt: skip


def test_a_parameter_must_have_been_bound() -> None:
    with pytest.raises(ValueError, match="parameter p is not bound"):
        launch.argv(b.task(command=(ParameterValue("p"),)), "/py", {}, {})


@pytest.mark.parametrize(
    ("mode", "dataset", "shown"),
    [
        (Mode.DIRECT, DATASET, "dataset-7"),
        (Mode.DIRECT, DatasetDefinition(kind="tabular", paths=()), "/in"),
        (Mode.DIRECT, None, "/in"),
        (Mode.MOUNT, DATASET, "/in"),
    ],
)
def test_a_directly_consumed_dataset_is_its_id(mode: Mode, dataset: DatasetDefinition | None, shown: str) -> None:
    assert launch.shown_path(staged("/in", mode, dataset)) == shown


def test_every_reference_is_a_variable() -> None:
    """Source: https://learn.microsoft.com/python/api/azureml-core/azureml.data.data_reference.datareference."""
    inputs = {"raw": staged("/in/raw", Mode.DIRECT, DATASET), "prepped": staged("/in/prepped")}
    assert launch.variables(b.task(variables={"USER_OWN": "1"}), inputs, {"model": "/out/model"}) == {
        "USER_OWN": "1",
        "AZUREML_DATAREFERENCE_raw": "dataset-7",
        "AZUREML_DATAREFERENCE_prepped": "/in/prepped",
        "AZUREML_DATAREFERENCE_model": "/out/model",
        "raw": "dataset-7",
        "AZUREML_DATASET_ENVIRONMENT_VARS": "raw:direct",
    }


def test_without_data_there_are_no_references() -> None:
    assert launch.variables(b.task(), {}, {}) == {}
    assert not launch.left_out({}, {}, b.task())


@pytest.mark.parametrize("dataset", [None, DATASET])
def test_a_thousand_inputs_are_passed_by_arguments_alone(dataset: DatasetDefinition | None) -> None:
    names = [f"prepared_part_{number:04d}" for number in range(1000)]
    inputs = {name: staged(f"/runner/work/inputs/{name}", dataset=dataset) for name in names}
    task = b.task(command=(Interpreter(), *map(InputPath, inputs)), variables={"USER_OWN": "1"})
    assert launch.left_out(inputs, {}, task)
    assert launch.variables(task, inputs, {"out": "/out"}) == {"USER_OWN": "1"}
    assert launch.argv(task, "/py", inputs, {})[1:] == [one.path for one in inputs.values()]


@pytest.mark.parametrize("count", [1, 100, 500, 1000, 2000])
def test_references_never_take_64_kib(count: int) -> None:
    inputs = {f"input_{number}": staged(f"/runner/work/inputs/input_{number}") for number in range(count)}
    size = sum(len(f"{name}={value}\0") for name, value in launch.variables(b.task(), inputs, {}).items())
    assert size < launch.VARIABLES_LIMIT
    assert (size == 0) == launch.left_out(inputs, {}, b.task())


def test_the_environments_own_programs_come_first() -> None:
    assert launch.search_path("/venv/bin/python", "/usr/bin") == "/venv/bin:/usr/bin"
    assert launch.search_path("/venv/bin/python", None) == "/venv/bin"
    assert launch.search_path("python3", "/usr/bin") == "/usr/bin"
