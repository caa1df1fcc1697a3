"""Distributed jobs: how v1's ways to ask for ranks become the workers of a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.model.step import Interpreter, ParameterValue, StepSpec
from runner.model.workers import WorkerKind, Workers
from runner.sdk import (
    CommandStep,
    Experiment,
    MpiStep,
    Pipeline,
    PipelineParameter,
    PythonScriptStep,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from runner.sdk.base.exceptions import NotOffered, RunConfigurationException
from runner.sdk.runconfig.notebook_run_config import NotebookRunConfig
from runner.sdk.runconfig.run_configuration import (
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from runner.sdk.steps.module import Module
from runner.sdk.steps.notebook_runner import NotebookRunnerStep
from tests.support.fake_session import FakeSession

PROGRAM = (Interpreter(), "-m", "_runner_step.step.ranks")


def only(ws: Workspace, step: object) -> StepSpec:
    (made,) = Pipeline(ws, [step]).plan.steps
    return made


def gang(nodes: int, processes: int, nodes_parameter: str = "", processes_parameter: str = "") -> Workers:
    return Workers(
        kind=WorkerKind.GANG,
        nodes=nodes,
        nodes_parameter=nodes_parameter,
        processes=processes,
        processes_parameter=processes_parameter,
    )


def mpi_step(**given: object) -> MpiStep:
    known: dict[str, object] = {
        "name": "train",
        "source_directory": ".",
        "script_name": "a.py",
        "arguments": ["--n", 1],
        "compute_target": "cpu",
        "node_count": 2,
        "process_count_per_node": 3,
    }
    return MpiStep(**{**known, **given})  # type: ignore[arg-type] # the tests vary them


def test_an_mpi_step_runs_its_script_as_ranks(ws: Workspace) -> None:
    step = only(ws, mpi_step(pip_packages=["mpi4py"], environment_variables={"A": 1}))
    assert step.workers == gang(2, 3)
    assert step.command == (*PROGRAM, '{"kind": "mpi"}', "0", Interpreter(), "a.py", "--n", "1")
    assert (step.name, step.script, step.variables["A"]) == ("train", "a.py", "1")


def test_the_counts_of_an_mpi_step_may_be_parameters(ws: Workspace, session: FakeSession) -> None:
    nodes, processes = PipelineParameter("nodes", 2), PipelineParameter("ranks", "4")
    pipeline = Pipeline(ws, [mpi_step(node_count=nodes, process_count_per_node=processes)])
    (step,) = pipeline.plan.steps
    assert step.workers == gang(2, 4, "nodes", "ranks")
    assert pipeline.plan.parameters == {"nodes": 2, "ranks": "4"}
    assert pipeline.plan.node_parameters == ()
    assert step.workers.bound({"nodes": 3, "ranks": "1"}) == gang(3, 1)


def test_an_mpi_step_names_all_that_it_misses() -> None:
    with pytest.raises(ValueError, match="MpiStep: arguments, node_count must be given"):
        mpi_step(arguments=None, node_count=None)
    with pytest.warns(UserWarning, match="entry_script ignored"):
        mpi_step(entry_script="b.py")


@pytest.mark.parametrize("count", [0, -1, "two", 1.5, True, None])
def test_a_count_is_a_whole_number(count: object) -> None:
    config = RunConfiguration(communicator="OpenMpi")
    config.mpi.process_count_per_node = count  # type: ignore[assignment]  # the user's mistake
    with pytest.raises(RunConfigurationException, match=r"process_count_per_node .* is no whole number of at least 1"):
        PythonScriptStep("a.py", runconfig=config)


@pytest.mark.parametrize(
    ("wanted", "kind", "servers", "workers"),
    [
        (MpiConfiguration(4, 2), "mpi", "0", gang(2, 4)),
        (MpiConfiguration(), "mpi", "0", gang(1, 1)),
        (PyTorchConfiguration(node_count=3), "pytorch", "0", gang(3, 1)),
        (PyTorchConfiguration("Gloo", process_count=4, node_count=2), "pytorch", "0", gang(2, 2)),
        (TensorflowConfiguration(2, 0), "tensorflow", "0", gang(2, 1)),
        (TensorflowConfiguration(worker_count=3), "tensorflow", "1", gang(3, 1)),
    ],
)
def test_a_distributed_job_is_a_gang(ws: Workspace, wanted: object, kind: str, servers: str, workers: Workers) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=wanted)
    step = only(ws, PythonScriptStep("a.py", runconfig=config))
    assert step.workers == workers
    assert step.command == (*PROGRAM, f'{{"kind": "{kind}"}}', servers, Interpreter(), "a.py")


def test_a_command_runs_in_each_rank(ws: Workspace) -> None:
    config = ScriptRunConfig(".", command=["python a.py"], distributed_job_config=MpiConfiguration(2))
    step = only(ws, CommandStep(runconfig=config))
    assert step.command[5:8] == ("/bin/sh", "-c", "python a.py")


def test_a_submitted_script_runs_as_ranks(ws: Workspace, session: FakeSession) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=PyTorchConfiguration(node_count=2))
    run = Experiment(ws, "e").submit(config)
    (step,) = session.view(run.id).plan.steps
    assert step.workers == gang(2, 1)


def test_a_wrong_count_names_the_users_line(ws: Workspace, session: FakeSession) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=MpiConfiguration(0, 1))
    with pytest.raises(RunConfigurationException) as caught:
        Experiment(ws, "e").submit(config)
    assert "test_gangs.py:" in caught.value.problems[0].where


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (MpiConfiguration(0, -1), ["node_count -1", "process_count_per_node 0"]),
        (PyTorchConfiguration(process_count=0, node_count=-1), ["node_count -1", "process_count 0"]),
        (TensorflowConfiguration(worker_count=0, parameter_server_count=-1), ["worker_count 0", "server_count -1"]),
    ],
)
def test_all_wrong_counts_are_told_at_once(
    ws: Workspace, session: FakeSession, wanted: object, names: list[str]
) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=wanted)
    with pytest.raises(RunConfigurationException) as caught:
        Experiment(ws, "e").submit(config)
    assert [name for name in names if f"{name} is no whole number of at least" not in str(caught.value)] == []


def test_processes_are_the_same_on_each_node() -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=PyTorchConfiguration(process_count=3, node_count=2))
    with pytest.raises(RunConfigurationException, match="process_count=3 is not a multiple of node_count=2"):
        PythonScriptStep("a.py", runconfig=config)


def test_parameters_set_the_counts_of_tensorflow(ws: Workspace) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=TensorflowConfiguration(2, 1)).run_config
    workers, servers = PipelineParameter("workers", 3), PipelineParameter("servers", 2)
    counts = {"TensorflowWorkerCount": workers, "TensorflowParameterServerCount": servers}
    step = only(ws, PythonScriptStep("a.py", runconfig=config, runconfig_pipeline_params=counts))
    assert step.workers == gang(3, 1, "workers")
    assert step.command[4] == ParameterValue("servers")
    with pytest.raises(RunConfigurationException, match="are two parameters"):
        PythonScriptStep(
            "a.py", runconfig=config, runconfig_pipeline_params={**counts, "NodeCount": PipelineParameter("n", 3)}
        )


def test_a_count_that_the_kind_does_not_have_can_only_be_one(ws: Workspace) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=MpiConfiguration(2)).run_config
    one = PipelineParameter("one", 1)
    pipeline = Pipeline(
        ws, [PythonScriptStep("a.py", runconfig=config, runconfig_pipeline_params={"TensorflowWorkerCount": one})]
    )
    assert pipeline.plan.node_parameters == ("one",)
    counts = {"TensorflowWorkerCount": PipelineParameter("two", 2)}
    with pytest.raises(NotOffered, match="TensorflowWorkerCount=2"):
        PythonScriptStep("a.py", runconfig=config, runconfig_pipeline_params=counts)


def _notebook(ws: Workspace, config: RunConfiguration, folder: Path) -> None:
    (folder / "a.ipynb").write_text("{}")
    NotebookRunnerStep("n", NotebookRunConfig(str(folder), "a.ipynb", run_config=config), compute_target="cpu")


def _module(ws: Workspace, config: RunConfiguration, folder: Path) -> None:
    (folder / "a.py").write_text("")
    module = Module.create(ws, "m", "text")
    module.publish_python_script("a.py", "text", [], [], source_directory=str(folder), runconfig=config)


@pytest.mark.parametrize(("make", "error"), [(_notebook, NotOffered), (_module, RunConfigurationException)])
def test_notebooks_and_published_modules_refuse_a_communicator(
    ws: Workspace,
    tmp_path: Path,
    make: Callable[[Workspace, RunConfiguration, Path], None],
    error: type[Exception],
) -> None:
    with pytest.raises(error, match="communicator"):
        make(ws, RunConfiguration(communicator="OpenMpi"), tmp_path)


def test_a_file_keeps_the_sections_of_distributed_jobs(tmp_path: Path) -> None:
    config = RunConfiguration(communicator="Gloo")
    config.mpi.process_count_per_node = 3
    config.pytorch = PyTorchConfiguration("Gloo", process_count=4)
    config.tensorflow = TensorflowConfiguration(5, 0)
    read = RunConfiguration.load(str(config.save(str(tmp_path))))
    assert (repr(read.mpi), repr(read.pytorch), repr(read.tensorflow)) == (
        repr(MpiConfiguration(3)),
        repr(config.pytorch),
        repr(config.tensorflow),
    )
