"""HyperDriveStep: the steps of a plan that it becomes."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.plan import Plan
from runner.model.step import InputPath, Interpreter, OutputOf, OutputPath, ParameterValue, SampledArguments
from runner.sdk import (
    Datastore,
    OutputFileDatasetConfig,
    Pipeline,
    PipelineData,
    PipelineParameter,
    PythonScriptStep,
    ScriptRunConfig,
    Workspace,
    configure,
)
from runner.sdk.base.exceptions import PipelineInvalid
from runner.sdk.datastores.data_paths import DataReference
from runner.sdk.hyperdrive.config import HyperDriveConfig, PrimaryMetricGoal
from runner.sdk.hyperdrive.expressions import choice, uniform
from runner.sdk.hyperdrive.sampling import RandomParameterSampling
from runner.sdk.hyperdrive.step import HyperDriveStep
from runner.sdk.hyperdrive.work import PROGRAM, Made, work_of
from runner.sdk.outputs.training_output import TrainingOutput
from runner.sdk.runconfig.run_configuration import MpiConfiguration
from runner.sdk.steps.estimator import Estimator

SPACE = {"--rate": uniform(0, 1), "--batch": choice(16, 32)}


def config(arguments: list[object] | None = None, **changes: Any) -> HyperDriveConfig:
    given: dict[str, Any] = {"run_config": ScriptRunConfig(".", "a.py", arguments), "max_total_runs": 3, **changes}
    return HyperDriveConfig(RandomParameterSampling(SPACE), "loss", PrimaryMetricGoal.MINIMIZE, **given)


def outputs() -> tuple[PipelineData, PipelineData]:
    metrics = PipelineData("metrics", pipeline_output_name="m", training_output=TrainingOutput("Metrics"))
    model = PipelineData("model", training_output=TrainingOutput("Model", model_file="outputs/model.pkl"))
    return metrics, model


def whole(ws: Workspace) -> Plan:
    """A search between a step that makes its data and one that uses its results."""
    data = PipelineData("data")
    metrics, model = outputs()
    prepare = PythonScriptStep("a.py", name="prepare", outputs=[data])
    epochs = PipelineParameter("epochs", 3)
    tune = HyperDriveStep("tune", config(["--data", data, "--epochs", epochs]), inputs=[data], outputs=[metrics, model])
    use = PythonScriptStep("b.py", name="use", arguments=[model, metrics], inputs=[model, metrics])
    return Pipeline(ws, [prepare, tune, use]).plan


def test_a_search_becomes_its_trials_and_a_step_after_them(ws: Workspace) -> None:
    plan = whole(ws)
    assert [step.key for step in plan.steps] == ["prepare-1", "tune-1", "tune-2", "tune-3", "tune-search-1", "use-1"]
    assert plan.names["tune-search-1"] == "tune"
    assert plan.names["tune-2"] == "tune-2"
    trial, search = plan.step("tune-2"), plan.step("tune-search-1")
    assert trial.command == (
        Interpreter(), "a.py", "--data", InputPath("data"), "--epochs", ParameterValue("epochs"), SampledArguments(),
    )  # fmt: skip
    assert (trial.trial_of, trial.reuse, trial.outputs) == ("tune-search-1", False, ())
    assert [spec.source for spec in trial.inputs] == [OutputOf("prepare-1", "data")]
    assert trial.parameters == {"epochs": "epochs"}
    assert search.search is not None
    assert search.search.trials == ("tune-1", "tune-2", "tune-3")
    assert (search.inputs, search.parameters, search.reuse, search.trial_of) == ((), {}, False, "")
    assert search.command[:3] == (Interpreter(), "-m", PROGRAM)
    assert search.command[4:] == ("metrics", OutputPath("metrics"), "model", OutputPath("model"))
    assert search.needs == {"tune-1", "tune-2", "tune-3"}
    assert search.environment == trial.environment
    assert plan.step("use-1").needs == {"tune-search-1"}


def test_its_program_knows_what_to_make(ws: Workspace) -> None:
    work = work_of(whole(ws).step("tune-search-1"))
    assert work.outputs == {"metrics": Made(type="Metrics"), "model": Made(type="Model", file="outputs/model.pkl")}
    assert (work.resumed, work.rerun) == ((), ())


def test_steps_of_the_same_name_have_keys_of_their_own(ws: Workspace) -> None:
    steps = [
        PythonScriptStep("a.py", name="tune"),
        HyperDriveStep("tune", config(max_total_runs=2)),
        HyperDriveStep("tune", config(max_total_runs=1)),
        PythonScriptStep("a.py", name="tune search"),
    ]
    keys = [step.key for step in Pipeline(ws, steps).plan.steps]
    assert keys == ["tune-1", "tune-2", "tune-3", "tune-search-1", "tune-4", "tune-search-2", "tune-search-3"]


def test_order_holds_for_the_trials(ws: Workspace) -> None:
    first, tune = PythonScriptStep("a.py", name="first"), HyperDriveStep("tune", config())
    last = PythonScriptStep("a.py", name="last")
    tune.run_after(first)
    last.run_after(tune)
    plan = Pipeline(ws, [first, tune, last]).plan
    assert all(plan.step(f"tune-{number}").after == ("first-1",) for number in (1, 2, 3))
    assert plan.step("last-1").after == ("tune-search-1",)


def test_settings_are_those_of_the_trials(ws: Workspace) -> None:
    tune = HyperDriveStep("tune", config())
    configure(tune, memory="8Gi", gpu=1, retries=2, secrets=["key"])
    plan = Pipeline(ws, tune).plan
    trial, search = plan.step("tune-3"), plan.step("tune-search-1")
    assert (trial.resources.gpu, trial.resources.memory, trial.policy.retries) == (1, "8Gi", 2)
    assert (search.resources.gpu, search.policy.retries) == (0, 2)
    assert trial.access.secrets == ("key",)


def test_outputs_of_the_script_are_each_trials_own(ws: Workspace) -> None:
    table = OutputFileDatasetConfig("table", destination=(Datastore(ws), "tables/{run-id}"))
    plain = PipelineData("plain")
    tune = HyperDriveStep("tune", config([plain, table]), outputs=[plain, outputs()[0]])
    plan = Pipeline(ws, tune).plan
    assert [output.name for output in plan.step("tune-1").outputs] == ["plain", "table"]
    assert [output.name for output in plan.step("tune-search-1").outputs] == ["metrics"]


def test_an_output_that_trials_would_share_is_a_problem(ws: Workspace) -> None:
    named = PipelineData("named", pipeline_output_name="whole")
    with pytest.raises(PipelineInvalid, match="each trial makes its own output 'named'"):
        Pipeline(ws, HyperDriveStep("tune", config([named]), outputs=[named]))
    fixed = OutputFileDatasetConfig("fixed", destination=(Datastore(ws), "tables"))
    with pytest.raises(PipelineInvalid, match="all trials would write their output 'fixed' to 'tables'"):
        Pipeline(ws, HyperDriveStep("tune", config([fixed])))
    plain = PipelineData("plain")
    tune = HyperDriveStep("tune", config([plain]), outputs=[plain])
    with pytest.raises(PipelineInvalid, match="'plain' is made by each trial of 'tune'"):
        Pipeline(ws, [tune, PythonScriptStep("a.py", inputs=[plain])])


def test_a_trial_may_have_ranks(ws: Workspace) -> None:
    script = ScriptRunConfig(".", "a.py", distributed_job_config=MpiConfiguration(node_count=2))
    plan = Pipeline(ws, HyperDriveStep("tune", config(run_config=script))).plan
    trial, search = plan.step("tune-1"), plan.step("tune-search-1")
    assert trial.workers is not None
    assert trial.workers.nodes == 2
    assert trial.command[-2:] == ("a.py", SampledArguments())
    assert "_runner_step.step.ranks" in trial.command
    assert search.workers is None
    assert search.command[2] == PROGRAM


def test_metrics_output_is_an_output_of_metrics(ws: Workspace) -> None:
    plan = Pipeline(ws, HyperDriveStep("tune", config(), metrics_output=PipelineData("m"))).plan
    assert work_of(plan.step("tune-search-1")).outputs == {"m": Made(type="Metrics")}
    place = DataReference(Datastore(ws), "m", path_on_datastore="results/metrics")
    plan = Pipeline(ws, HyperDriveStep("tune", config(), metrics_output=place)).plan
    assert plan.step("tune-search-1").outputs[0].destination == "results/metrics"
    with pytest.raises(ValueError, match="metrics_output cannot be a str"):
        HyperDriveStep("tune", config(), metrics_output="m")


def test_an_estimator_takes_its_arguments_from_the_step(ws: Workspace) -> None:
    made = config(run_config=None, estimator=Estimator(".", entry_script="a.py", compute_target="cpu"))
    plan = Pipeline(ws, HyperDriveStep("tune", made, ["--epochs", 2])).plan
    assert plan.step("tune-1").command == (Interpreter(), "a.py", "--epochs", "2", SampledArguments())
    assert plan.step("tune-1").compute == "cpu"
    with pytest.raises(ValueError, match="estimator_entry_script_arguments is required for an Estimator"):
        HyperDriveStep("tune", made)


def test_unfit_arguments_are_value_errors() -> None:
    with pytest.raises(ValueError, match="name is required"):
        HyperDriveStep("", config())
    with pytest.raises(ValueError, match="must be a HyperDriveConfig"):
        HyperDriveStep("tune", object())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="the ScriptRunConfig has arguments"):
        HyperDriveStep("tune", config(["--a", 1]), ["--b", 2])
    with pytest.raises(ValueError, match="must be a list"):
        HyperDriveStep("tune", config(), "--b 2")
    assert HyperDriveStep("tune", config(), ["--b", 2]).arguments == ["--b", 2]
