"""Distributed jobs in v1's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azureml.core import RunConfiguration, ScriptRunConfig
from azureml.core.runconfig import MpiConfiguration, PyTorchConfiguration, TensorflowConfiguration
from azureml.exceptions import TrainingException
from azureml.pipeline.core import Pipeline, PipelineParameter
from azureml.pipeline.steps import MpiStep, PythonScriptStep
from azureml.train.estimator import Estimator

from runner.step.rank_layout import MPI, PYTORCH, TENSORFLOW, Gang, meeting_of, variables


def mpi_step(**given: Any) -> Any:
    known = {
        "name": "train",
        "source_directory": ".",
        "script_name": "a.py",
        "arguments": [],
        "compute_target": "cpu",
        "node_count": 2,
        "process_count_per_node": 2,
    }
    return MpiStep(**{**known, **given})


def workers_of(ws: Any, step: Any) -> Any:
    return Pipeline(ws, [step]).plan.steps[0].workers


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "source_directory",
        "script_name",
        "arguments",
        "compute_target",
        "node_count",
        "process_count_per_node",
    ],
)
def test_seven_parameters_of_an_mpi_step_are_required(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        mpi_step(**{name: None})


def test_the_counts_of_an_mpi_step_may_be_parameters(ws: Any) -> None:
    nodes, processes = PipelineParameter("nodes", 3), PipelineParameter("processes", 4)
    found = workers_of(ws, mpi_step(node_count=nodes, process_count_per_node=processes))
    assert (found.nodes, found.nodes_parameter) == (3, "nodes")
    assert (found.processes, found.processes_parameter) == (4, "processes")


def test_an_unknown_option_of_an_mpi_step_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="framework ignored"):
        mpi_step(framework="x")


@pytest.mark.parametrize(
    ("job", "framework", "communicator", "nodes"),
    [
        (MpiConfiguration(2, 3), "Python", "IntelMpi", 3),
        (PyTorchConfiguration("Gloo", 4, 2), "PyTorch", "Gloo", 2),
        (TensorflowConfiguration(2, 1), "TensorFlow", "ParameterServer", 2),
    ],
)
def test_a_distributed_job_sets_the_run_configuration(job: Any, framework: str, communicator: str, nodes: int) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=job).run_config
    assert (config.framework, config.communicator, config.node_count) == (framework, communicator, nodes)


def test_pytorch_has_one_process_on_each_node_unless_told(ws: Any) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=PyTorchConfiguration(node_count=3))
    found = workers_of(ws, PythonScriptStep("a.py", runconfig=config))
    assert (found.nodes, found.processes) == (3, 1)


def test_sections_count_only_with_a_communicator(ws: Any) -> None:
    config = RunConfiguration()
    config.mpi.process_count_per_node = 8
    assert workers_of(ws, PythonScriptStep("a.py", runconfig=config)) is None
    config.communicator = "OpenMpi"
    assert workers_of(ws, PythonScriptStep("a.py", runconfig=config)).processes == 8


def test_several_nodes_without_a_communicator_are_refused() -> None:
    config = RunConfiguration()
    config.node_count = 2
    with pytest.raises(NotImplementedError, match="without a communicator"):
        PythonScriptStep("a.py", runconfig=config)


def test_an_estimator_of_several_nodes_needs_a_way_to_distribute() -> None:
    with pytest.raises(TrainingException, match="need distributed_training"):
        Estimator(".", entry_script="a.py", node_count=2)


def test_a_rank_of_pytorch_has_v1s_variables() -> None:
    gang = Gang(kind=PYTORCH, nodes=2, processes=2, node=1, hosts=("a", "b"))
    found = variables(gang, meeting_of(gang, []), gang.rank(3))
    wanted = {"MASTER_ADDR": "a", "MASTER_PORT": "6105", "WORLD_SIZE": "4", "NODE_RANK": "1"}
    assert {**found, **wanted, "RANK": "3", "LOCAL_RANK": "1"} == found


def test_a_rank_of_mpi_has_the_variables_of_azure_batch() -> None:
    gang = Gang(kind=MPI, nodes=2, processes=1, node=0, hosts=("a", "b"))
    found = variables(gang, meeting_of(gang, []), gang.rank(0))
    assert (found["AZ_BATCH_MASTER_NODE"], found["AZ_BATCHAI_MPI_MASTER_NODE"]) == ("a:6105", "a")
    assert found["OMPI_COMM_WORLD_SIZE"] == "2"


def test_tf_config_has_v1s_form() -> None:
    gang = Gang(kind=TENSORFLOW, nodes=2, processes=1, node=1, hosts=("host0", "host1"))
    found = variables(gang, meeting_of(gang, []), gang.rank(1))
    assert json.loads(found["TF_CONFIG"]) == {
        "cluster": {"worker": ["host0:2222", "host1:2222"]},
        "task": {"type": "worker", "index": 1},
        "environment": "cloud",
    }


def test_each_rank_has_a_log_file_of_v1s_name() -> None:
    gang = Gang(kind=MPI, nodes=2, processes=1)
    assert [rank.file for rank in gang.here] == ["std_log_process_00.txt", "std_log_process_01.txt"]
