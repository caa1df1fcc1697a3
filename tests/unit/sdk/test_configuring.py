"""`runner.configure`: words of our own on v1's steps and pipelines."""

from __future__ import annotations

from datetime import timedelta

import pytest

import runner
from runner.model.access import Access
from runner.model.compute import ResourceRequest
from runner.model.placement import Placement
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.policy_overrides import PolicyOverrides
from runner.model.resources import Resources
from runner.sdk import (
    CommandStep,
    Datastore,
    Experiment,
    Pipeline,
    PipelineData,
    PythonScriptStep,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
    configure,
)
from runner.sdk.base.exceptions import PipelineInvalid, RunConfigurationException
from runner.sdk.datastores.data_paths import DataReference
from runner.sdk.steps.data_transfer import DataTransferStep
from runner.sdk.steps.estimator import Estimator
from runner.sdk.steps.estimator_step import EstimatorStep
from tests.support.fake_session import FakeSession


def test_it_is_a_public_name() -> None:
    assert runner.configure is configure


def test_words_of_a_step_are_in_its_plan(ws: Workspace) -> None:
    step = PythonScriptStep("a.py")
    assert configure(step, memory="4Gi", cpu=2, gpu=1, retries=2, retry_oom=2, run_timeout="2h", backoff=5) is step
    configure(step, queue_timeout=timedelta(minutes=1), start_timeout="90s", node_selector={"pool": "batch"})
    configure(step, tolerations=[{"key": "spot", "operator": "Exists"}], service_account="me", image_pull_secrets=["k"])
    configure(step, secrets=["db"], datastores=["lake"], cpu_limit=3, ephemeral_storage="20Gi")
    configure(step, secrets=["api"])
    (spec,) = configure(Pipeline(ws, step), secrets=["all"]).plan.steps
    assert spec.access == Access(("all", "api", "db"), ("lake",))
    assert spec.policy == StepPolicy(
        retries=2,
        infrastructure_retries=None,
        disruption_retries=None,
        retry_oom=2.0,
        backoff=5.0,
        queue_timeout=60.0,
        start_timeout=90.0,
        run_timeout=7200.0,
    )
    assert spec.resources == Resources(
        cpu="2", memory="4Gi", cpu_limit="3", memory_limit="4Gi", gpu=1, ephemeral_storage="20Gi"
    )
    assert spec.placement == Placement({"pool": "batch"}, ({"key": "spot", "operator": "Exists"},), "me", ("k",))
    assert not spec.always


def test_every_kind_of_step_can_be_configured(ws: Workspace) -> None:
    store = Datastore(ws)
    with pytest.warns(DeprecationWarning, match="EstimatorStep"):
        estimated = EstimatorStep("e", Estimator(".", entry_script="a.py"), [], compute_target="cpu")
    here, there = DataReference(store, "one", "raw"), DataReference(store, "two", "copy")
    kinds = [PythonScriptStep("a.py"), CommandStep(command="true"), DataTransferStep("t", here, there), estimated]
    for kind in kinds:
        configure(kind, retries=3)
    assert [spec.policy.retries for spec in Pipeline(ws, kinds).plan.steps] == [3, 3, 3, 3]


def test_a_pipelines_words_are_of_every_step_that_says_nothing(ws: Workspace) -> None:
    one, two = PythonScriptStep("a.py", name="one"), PythonScriptStep("a.py", name="two")
    configure(one, retries=0, memory="1Gi", node_selector={"pool": "own"})
    pipeline = Pipeline(ws, [one, two])
    configure(pipeline, retries=2, memory="8Gi", cpu=2, node_selector={"pool": "all"}, deadline="4h", max_parallel=3)
    plan = pipeline.plan
    assert plan.policy == RunPolicy(14400.0, 3)
    assert [step.policy.retries for step in plan.steps] == [0, 2]
    assert [step.resources for step in plan.steps] == [
        Resources(cpu="2", memory="1Gi", cpu_limit="", memory_limit="1Gi"),
        Resources(cpu="2", memory="8Gi", cpu_limit="", memory_limit="8Gi"),
    ]
    assert [step.placement.node_selector["pool"] for step in plan.steps] == ["own", "all"]


def test_what_is_said_after_the_pipeline_was_made_counts(ws: Workspace, session: FakeSession) -> None:
    made = PipelineData("made")
    first = PythonScriptStep("a.py", name="first", outputs=[made])
    last = PythonScriptStep("a.py", name="last", inputs=[made])
    pipeline = Pipeline(ws, last)
    configure(last, always=True)
    configure(last, run_timeout=5)
    configure(first, retries=1)
    run = pipeline.submit("e")
    plan = session.views[run.id].plan
    assert [(step.name, step.always, step.policy.retries) for step in plan.steps] == [
        ("first", False, 1),
        ("last", True, None),
    ]
    assert plan.step("last-1").policy.run_timeout == 5.0


def test_the_later_call_counts(ws: Workspace) -> None:
    step = configure(configure(PythonScriptStep("a.py"), retries=1, memory="1Gi", always=True), retries=2, always=False)
    (spec,) = Pipeline(ws, step).plan.steps
    assert (spec.policy.retries, spec.resources.memory, spec.always) == (2, "1Gi", False)


def test_everything_wrong_is_told_at_once_and_nothing_is_kept(ws: Workspace) -> None:
    step = PythonScriptStep("a.py", name="train")
    with pytest.raises(PipelineInvalid) as refused:
        configure(step, retries=-1, memory="4", run_timeout="soon", retry_oom=1, cpu=2, deadline="4h")
    assert isinstance(refused.value, ValueError)
    problems = refused.value.problems
    assert [problem.what.split(" ")[0] for problem in problems] == [
        "deadline", "retries", "retry_oom", "run_timeout", "memory",
    ]  # fmt: skip
    assert all("test_configuring.py:" in problem.where and "'train'" in problem.where for problem in problems)
    assert all(problem.remedy for problem in problems)
    assert step.overrides == PolicyOverrides()
    with pytest.raises(PipelineInvalid, match="always is no setting of a pipeline"):
        configure(Pipeline(ws, step), always=True)
    with pytest.raises(PipelineInvalid, match="a str cannot be configured"):
        configure("train", retries=1)  # type: ignore[type-var] # as a user may


def test_the_wish_is_kept_as_it_was_said() -> None:
    assert configure(PythonScriptStep("a.py"), cpu=0.5).overrides.request == ResourceRequest(cpu="0.5")


@pytest.mark.parametrize(("seconds", "holds"), [(60, 60.0), (2592000, None), (None, None), (0, None)])
def test_v1s_time_limit_of_a_script(
    ws: Workspace, session: FakeSession, seconds: int | None, holds: float | None
) -> None:
    config = RunConfiguration()
    config.max_run_duration_seconds = seconds
    scripts = [
        ScriptRunConfig(".", command="true", max_run_duration_seconds=seconds),
        ScriptRunConfig(".", command="true", run_config=config),
    ]
    for script in scripts:
        run = Experiment(ws, "e").submit(script)
        assert session.views[run.id].plan.steps[0].policy.run_timeout == holds


def test_v1s_time_limit_of_a_step(ws: Workspace) -> None:
    config = RunConfiguration()
    config.max_run_duration_seconds = 60
    step = PythonScriptStep("a.py", runconfig=config)
    assert Pipeline(ws, step).plan.steps[0].policy == StepPolicy(run_timeout=60.0)
    assert Pipeline(ws, configure(step, run_timeout=5)).plan.steps[0].policy.run_timeout == 5.0
    assert Pipeline(ws, PythonScriptStep("a.py", runconfig=ScriptRunConfig(".", "a.py"))).plan.steps[0].policy == (
        StepPolicy()
    )


def test_v1s_time_limit_of_an_estimator(ws: Workspace, session: FakeSession) -> None:
    run = Experiment(ws, "e").submit(Estimator(".", entry_script="a.py", max_run_duration_seconds=60))
    assert session.views[run.id].plan.steps[0].policy.run_timeout == 60.0


@pytest.mark.parametrize("limit", [-1, "soon", True])
def test_a_time_limit_that_is_none_is_refused(limit: object) -> None:
    with pytest.raises(RunConfigurationException, match="max_run_duration_seconds"):
        CommandStep(runconfig=ScriptRunConfig(".", command="true", max_run_duration_seconds=limit))  # type: ignore[arg-type] # as a user may
