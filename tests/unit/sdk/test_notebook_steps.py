"""NotebookRunnerStep: the notebook's parameters, its environment, and what is refused before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.data.step_bundle import PRIVATE
from runner.model.step import InputPath, Interpreter, OutputPath, ParameterValue, StepSpec
from runner.sdk.base.exceptions import PipelineInvalid
from runner.sdk.base.pipeline_parameter import PipelineParameter
from runner.sdk.datastores.datastore import Datastore
from runner.sdk.environments.conda_dependencies import CondaDependencies
from runner.sdk.environments.environment import Environment
from runner.sdk.outputs.pipeline_data import PipelineData
from runner.sdk.pipelines.pipeline import Pipeline
from runner.sdk.runconfig.notebook_run_config import AzureMLNotebookHandler, NotebookRunConfig
from runner.sdk.runconfig.run_configuration import RunConfiguration
from runner.sdk.steps.notebook_runner import PROGRAM, NotebookRunnerStep, with_packages
from runner.sdk.steps.script_run import script_run_step
from runner.sdk.workspaces.workspace import Workspace
from runner.step import notebook


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write("train.ipynb")
    return tmp_path


def write(name: str, language: str = "python", kernel: str = "python3-azureml") -> None:
    spec = {"name": kernel, "language": language, "display_name": "any"}
    Path(name).write_text(json.dumps({"nbformat": 4, "metadata": {"kernelspec": spec}, "cells": []}))


def config(**options: Any) -> NotebookRunConfig:
    return NotebookRunConfig(".", **{"notebook": "train.ipynb", **options})


def spec_of(ws: Workspace, step: NotebookRunnerStep) -> StepSpec:
    (spec,) = Pipeline(ws, [step]).plan.steps
    return spec


def work_of(spec: StepSpec) -> dict[str, Any]:
    document = spec.command[3]
    assert isinstance(document, str)
    return {**notebook.Work(**json.loads(document)).__dict__}


def refusal(ws: Workspace, **options: Any) -> str:
    step = NotebookRunnerStep("n", options.pop("config", config()), compute_target="local", **options)
    with pytest.raises(PipelineInvalid) as refused:
        Pipeline(ws, [step])
    return str(refused.value)


def test_the_program_is_a_module_of_the_step_bundle() -> None:
    assert notebook.__name__.replace("runner", PRIVATE, 1) == PROGRAM


def test_parameters_paths_and_the_kept_notebook(ws: Workspace) -> None:
    made, given = PipelineData("model"), Datastore(ws).path("raw", "raw")
    handler = AzureMLNotebookHandler(timeout=60, cwd="sub", kernel_name="python3", log_output=True)
    step = NotebookRunnerStep(
        "train",
        config(parameters={"a": 1, "b": [None]}, handler=handler),
        compute_target="local",
        params={"b": 2.5, "rate": PipelineParameter("speed", 3)},
        inputs=[given],
        outputs=[made],
        output_notebook_pipeline_data_name="seen",
    )
    spec = spec_of(ws, step)
    assert spec.command[:3] == (Interpreter(), "-m", PROGRAM)
    assert spec.command[4:] == (
        OutputPath("seen"),
        *("raw", InputPath("raw"), "model", OutputPath("model"), "rate", ParameterValue("speed")),
    )
    assert work_of(spec) == {
        "notebook": "train.ipynb",
        "output": "train.output.ipynb",
        "parameters": {"a": 1, "b": 2.5},
        "timeout": 60,
        "kernel": "",  # a notebook in Python runs in the environment's own Python
        "cwd": "sub",
    }
    assert (spec.name, spec.script, spec.compute) == ("train", "train.ipynb", "local")
    kept = spec.outputs[-1]
    assert (kept.name, kept.folder, kept.pipeline_output_name) == ("seen", True, "seen")
    assert spec.variables["AML_PARAMETER_b"] == "2.5"


def test_one_name_as_input_and_output(ws: Workspace) -> None:
    place = Datastore(ws).path("raw", "data")
    step = NotebookRunnerStep("n", config(), compute_target="local", inputs=[place], outputs=[PipelineData("data")])
    assert spec_of(ws, step).command[5:] == ("INPUT_data", InputPath("INPUT_data"), "data", OutputPath("data"))


def test_its_environment_gets_what_executes_a_notebook(ws: Workspace) -> None:
    packages = CondaDependencies.create(conda_packages=["ipykernel"], pip_packages=["numpy"])
    own = RunConfiguration(conda_dependencies=packages)
    own.environment.name = "mine"
    step = NotebookRunnerStep("n", config(run_config=own), compute_target="local")
    (environment,) = Pipeline(ws, [step]).plan.environments.values()
    assert environment.spec.pip[-1] == "nbclient"
    assert environment.spec.conda == ("ipykernel",)
    assert "nbclient" not in list(packages.pip_packages)  # the caller's own stays as it is


def test_an_image_with_all_packages_stays(ws: Workspace) -> None:
    ready = Environment.from_docker_image("ready", "mine/notebooks:1")
    assert with_packages(ready) is ready


def test_packages_of_a_file(folder: Path) -> None:
    (folder / "conda.yml").write_text("dependencies: [{pip: [numpy, nbclient==0.10]}]")
    environment = Environment("filed")
    environment.python.conda_dependencies_file = "conda.yml"
    conda = with_packages(environment).python.conda_dependencies
    assert conda is not None
    assert list(conda.pip_packages) == ["numpy", "nbclient==0.10", "ipykernel"]


def test_a_submitted_configuration_is_a_step() -> None:
    own = RunConfiguration()
    own.target = "cpu"
    step = script_run_step(config(run_config=own))
    assert isinstance(step, NotebookRunnerStep)
    assert (step.name, step.settings.compute) == ("train.ipynb", "cpu")


def test_another_language_keeps_its_kernel(ws: Workspace) -> None:
    write("r.ipynb", "R", "ir")
    step = NotebookRunnerStep("n", config(notebook="r.ipynb"), compute_target="local")
    assert work_of(spec_of(ws, step))["kernel"] == "ir"
    assert "only notebooks in Python take parameters" in refusal(
        ws, config=config(notebook="r.ipynb", parameters={"a": 1})
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"params": {"class": 1}}, "'class' cannot be a notebook's parameter"),
        ({"params": {"a b": 1}}, "'a b' cannot be a notebook's parameter"),
        ({"params": {"a": object()}}, "the parameter 'a' cannot be a object"),
        ({"config": {"parameters": {"a": PipelineParameter("a", 1)}}}, "give it in params of the NotebookRunnerStep"),
        ({"config": {"notebook": "none.ipynb"}}, "there is no script"),
        ({"config": {"notebook": "text.ipynb"}}, "is no Jupyter notebook"),
        ({"config": {"notebook": "list.ipynb"}}, "is no Jupyter notebook"),
    ],
)
def test_what_cannot_run_is_refused_at_once(ws: Workspace, options: Any, words: str) -> None:
    Path("text.ipynb").write_text("# no JSON")
    Path("list.ipynb").write_text("[]")
    options = {key: config(**value) if key == "config" else value for key, value in options.items()}
    assert words in refusal(ws, **options)


@pytest.mark.parametrize("path", ["", "/a.ipynb", "../a.ipynb", None])
def test_a_notebook_lies_in_its_folder(path: Any) -> None:
    with pytest.raises(ValueError, match="NotebookRunConfig: notebook"):
        NotebookRunConfig(".", path)


def test_required_arguments() -> None:
    for given in ({"name": "n"}, {"name": "n", "notebook_run_config": config()}, {"notebook_run_config": config()}):
        with pytest.raises(ValueError, match="are required"):
            NotebookRunnerStep(**given)
    with pytest.raises(ValueError, match="unknown option pace"):
        AzureMLNotebookHandler(pace=1)
