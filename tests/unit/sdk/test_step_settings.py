"""The settings of PythonScriptStep and CommandStep beside data."""

from __future__ import annotations

import pytest

from runner.model.data import DatastorePath
from runner.model.step import InputPath, ParameterValue
from runner.sdk import (
    CommandStep,
    ComputeTarget,
    Datastore,
    Experiment,
    Pipeline,
    PipelineData,
    PipelineParameter,
    PythonScriptStep,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from runner.sdk.base.exceptions import NotOffered, PipelineInvalid, RunConfigurationException
from runner.sdk.datastores.data_paths import DataPath
from runner.sdk.outputs.training_output import TrainingOutput
from runner.sdk.runconfig.run_configuration import (
    DockerConfiguration,
    MpiConfiguration,
    PyTorchConfiguration,
    TensorflowConfiguration,
)
from tests.support.fake_session import FakeSession


def test_params_may_be_parameters_of_the_pipeline(ws: Workspace) -> None:
    rate = PipelineParameter("rate", 0.5)
    step = PythonScriptStep("a.py", arguments=["--r", "parameter:k"], params={"k": rate, "my-seed": 3})
    plan = Pipeline(ws, step).plan
    assert plan.parameters == {"rate": 0.5}
    assert plan.steps[0].parameters == {"rate": "rate", "k": "rate"}
    assert plan.steps[0].variables == {"AML_PARAMETER_my_seed": "3"}
    assert plan.steps[0].command[-1] == ParameterValue("rate")


def test_a_parameter_that_stands_for_data_is_no_param(ws: Workspace) -> None:
    where = PipelineParameter("where", DataPath(Datastore(ws), "x"))
    with pytest.raises(PipelineInvalid, match=r"params\['k'\] stands for data"):
        Pipeline(ws, PythonScriptStep("a.py", params={"k": where}))


@pytest.mark.parametrize("kind", [PythonScriptStep, CommandStep])
def test_a_version_is_part_of_the_step(ws: Workspace, kind: type) -> None:
    one, other = (Pipeline(ws, kind("a.py", version=version)).plan.steps[0] for version in (None, "2"))
    assert (one.version, other.version) == ("", "2")


def test_hash_paths_are_deprecated() -> None:
    with pytest.warns(DeprecationWarning, match="hash_paths is deprecated"):
        PythonScriptStep("a.py", hash_paths=["x"])


def test_node_counts_by_parameter_can_only_be_one_without_a_communicator(ws: Workspace, session: FakeSession) -> None:
    nodes = PipelineParameter("nodes", 1)
    pipeline = Pipeline(ws, PythonScriptStep("a.py", runconfig_pipeline_params={"NodeCount": nodes}))
    pipeline.submit("e", pipeline_parameters={"nodes": 1})
    with pytest.raises(PipelineInvalid, match="'nodes' asks for 4 nodes"):
        pipeline.submit("e", pipeline_parameters={"nodes": 4})
    with pytest.raises(NotOffered, match="NodeCount=2"):
        PythonScriptStep("a.py", runconfig_pipeline_params={"NodeCount": PipelineParameter("n", 2)})
    with pytest.raises(ValueError, match="'Target' cannot be set"):
        PythonScriptStep("a.py", runconfig_pipeline_params={"Target": nodes})
    with pytest.raises(ValueError, match="must be a PipelineParameter"):
        CommandStep("ls", runconfig_pipeline_params={"NodeCount": 1})


def test_several_nodes_need_a_communicator() -> None:
    many = RunConfiguration()
    many.node_count = 2
    with pytest.raises(NotOffered, match="node_count=2"):
        PythonScriptStep("a.py", runconfig=many)
    many.communicator = "Smoke"
    with pytest.raises(NotOffered, match="communicator 'Smoke' is not known"):
        CommandStep("ls", runconfig=many)
    with pytest.raises(RunConfigurationException, match="cannot be a dict"):
        PythonScriptStep("a.py", runconfig={})
    with pytest.raises(RunConfigurationException, match="distributed_job_config cannot be a dict"):
        ScriptRunConfig(".", "a.py", distributed_job_config={})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (MpiConfiguration(), ("Python", "IntelMpi")),
        (PyTorchConfiguration(), ("PyTorch", "Nccl")),
        (TensorflowConfiguration(), ("TensorFlow", "ParameterServer")),
    ],
)
def test_a_distributed_job_names_its_communicator(ws: Workspace, wanted: object, words: tuple[str, str]) -> None:
    config = ScriptRunConfig(".", "a.py", distributed_job_config=wanted).run_config
    assert (config.framework, config.communicator) == words
    assert len(Pipeline(ws, PythonScriptStep("a.py", runconfig=config)).plan.steps) == 1


def test_a_step_keeps_what_a_script_run_config_was_given(ws: Workspace) -> None:
    config = ScriptRunConfig(".", "a.py", compute_target=ComputeTarget(ws, "gpu"), max_run_duration_seconds=77)
    assert (config.run_config.target, config.run_config.command) == ("gpu", "")
    (step,) = Pipeline(ws, PythonScriptStep("a.py", runconfig=config.run_config)).plan.steps
    assert (step.compute, step.policy.run_timeout) == ("gpu", 77.0)


def test_a_run_configuration_keeps_the_name_of_its_target(ws: Workspace) -> None:
    config = RunConfiguration()
    config.target = ComputeTarget(ws, "gpu")
    assert config.target == "gpu"
    config.target = None
    assert config.target == "gpu"
    assert "target='gpu'" in repr(config)
    with pytest.raises(RunConfigurationException, match="target cannot be 5"):
        config.target = 5


def test_a_script_run_config_may_be_a_commands_run_configuration(ws: Workspace) -> None:
    config = ScriptRunConfig(".", command=["python a.py", "--n", 1], compute_target="cpu")
    spec = Pipeline(ws, CommandStep(runconfig=config, name="run")).plan.steps[0]
    assert (spec.name, spec.compute) == ("run", "cpu")
    assert spec.command[2] == 'python a.py --n "${1}"'


def test_training_outputs_are_of_other_steps(ws: Workspace) -> None:
    data = PipelineData("model", training_output=TrainingOutput("Model"))
    with pytest.raises(PipelineInvalid, match="'model' has a training_output"):
        Pipeline(ws, PythonScriptStep("a.py", outputs=[data]))
    with pytest.raises(ValueError, match="'Other' is not one of Metrics, Model"):
        TrainingOutput("Other")


def test_data_references_of_a_run_configuration_are_inputs(ws: Workspace, session: FakeSession) -> None:
    reference = Datastore(ws).path("raw", data_reference_name="mine").as_mount()
    config = ScriptRunConfig(".", "a.py", arguments=["--in", str(reference)])
    config.run_config.data_references = {reference.data_reference_name: reference.to_config()}
    run = Experiment(ws, "e").submit(config)
    spec = session.views[run.id].plan.steps[0]
    assert spec.inputs[0].source == DatastorePath("workspaceblobstore", "raw")
    assert spec.command[-1] == InputPath("mine")


def test_a_shell_puts_in_the_paths_that_its_text_names(ws: Workspace) -> None:
    data, out = PipelineData("data", output_name="shown"), PipelineData("out")
    first = PythonScriptStep("a.py", outputs=[data])
    step = CommandStep(f"cp {data}/x.csv {out}", name="copy", inputs=[data], outputs=[out])
    spec = Pipeline(ws, [first, step]).plan.steps[1]
    assert spec.command[2] == "cp $AZUREML_DATAREFERENCE_data/x.csv $AZUREML_DATAREFERENCE_out"
    assert type(spec.command[2]) is str
    with pytest.raises(PipelineInvalid, match="'out' is in arguments but neither"):
        Pipeline(ws, CommandStep(f"ls {out}"))
    with pytest.raises(PipelineInvalid, match="joined into the text"):
        Pipeline(ws, CommandStep(f"ls {PipelineParameter('p', 1)}"))


@pytest.mark.parametrize("target", ["cpu", ("cpu", "AmlCompute")])
def test_a_compute_target_may_be_a_name(ws: Workspace, target: object) -> None:
    assert Pipeline(ws, PythonScriptStep("a.py", compute_target=target)).plan.steps[0].compute == "cpu"


def shared_memory(ws: Workspace, runconfig: object) -> str:
    (step,) = Pipeline(ws, PythonScriptStep("a.py", runconfig=runconfig)).plan.steps
    return step.resources.shared_memory


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ("2g", "2Gi"),
        (None, "2Gi"),
        ("8g", "8Gi"),
        ("512M", "512Mi"),
        ("1.5gb", "1.5Gi"),
        ("64 MiB", "64Mi"),
        ("1048576", "1048576"),
        ("100b", "100"),
    ],
)
def test_shm_size_is_the_shared_memory_of_the_step(ws: Workspace, given: str | None, size: str) -> None:
    config = RunConfiguration()
    config.docker = DockerConfiguration(use_docker=True, shm_size=given)
    assert shared_memory(ws, config) == size
    assert shared_memory(ws, ScriptRunConfig(".", "a.py", docker_runtime_config=config.docker)) == size


def test_the_environment_may_say_it_too(ws: Workspace) -> None:
    config = RunConfiguration()
    config.environment.docker.shm_size = "4g"
    assert shared_memory(ws, config) == "4Gi"
    config.docker.shm_size = "1g"
    assert shared_memory(ws, config) == "1Gi"
    assert shared_memory(ws, None) == "2Gi"


@pytest.mark.parametrize("given", ["much", "0g", "-1g", "g"])
def test_a_size_that_is_none_is_refused(given: str) -> None:
    config = RunConfiguration()
    config.docker.shm_size = given
    with pytest.raises(RunConfigurationException, match=f"shm_size '{given}' is no size"):
        PythonScriptStep("a.py", runconfig=config)


def test_a_time_limit_is_kept_and_not_told(
    ws: Workspace, session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Experiment(ws, "e").submit(ScriptRunConfig(".", command="true", max_run_duration_seconds=60))
    assert session.views[run.id].plan.steps[0].policy.run_timeout == 60.0
    assert "max_run_duration_seconds" not in capsys.readouterr().err
