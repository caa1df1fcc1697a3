"""The runs of searches and of their trials, as v1 shows them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, cast

import pytest

from runner.model import events as e
from runner.model.document import to_document
from runner.model.search import Goal
from runner.model.task import TaskId
from runner.sdk import Experiment, Pipeline, PipelineData, PythonScriptStep, Run, ScriptRunConfig, Workspace
from runner.sdk.base.exceptions import (
    HyperDriveConfigException,
    HyperDriveException,
    HyperDriveNotImplementedException,
)
from runner.sdk.hyperdrive.config import HyperDriveConfig, PrimaryMetricGoal
from runner.sdk.hyperdrive.expressions import choice
from runner.sdk.hyperdrive.facts import Facts
from runner.sdk.hyperdrive.run import HyperDriveRun, HyperDriveStepRun
from runner.sdk.hyperdrive.sampling import BayesianParameterSampling, RandomParameterSampling
from runner.sdk.hyperdrive.step import HyperDriveStep
from runner.sdk.hyperdrive.trial_run import TrialRun
from runner.sdk.outputs.training_output import TrainingOutput
from runner.sdk.runs.pipeline_run import PipelineRun
from runner.sdk.runs.step_run import StepRun
from runner.sdk.runs.widgets import RunDetails
from tests.support.builders import at, started
from tests.support.fake_session import FakeSession

SPACE = {"--x": choice(1, 2, 3)}


def config(**changes: Any) -> HyperDriveConfig:
    given: dict[str, Any] = {
        "hyperparameter_sampling": RandomParameterSampling(SPACE),
        "primary_metric_name": "loss",
        "primary_metric_goal": PrimaryMetricGoal.MINIMIZE,
        "max_total_runs": 4,
        "run_config": ScriptRunConfig(".", "a.py", ["--epochs", 2]),
        **changes,
    }
    return HyperDriveConfig(**given)


@pytest.fixture
def run(ws: Workspace) -> HyperDriveRun:
    made = Experiment(ws, "e").submit(config(), tags={"k": 1})
    assert isinstance(made, HyperDriveRun)
    return made


def sample(session: FakeSession, run: Run, values: Mapping[str, int]) -> None:
    whole = run.id.partition(".")[0]
    for key, value in values.items():
        session.tell(whole, e.TrialSampled(key, {"--x": value}), started(key))


def log(session: FakeSession, run: Run, key: str, *losses: float) -> None:
    lines = [json.dumps({"name": "loss", "value": loss, "kind": "scalar"}) for loss in losses]
    session.store.put(TaskId(run.id.partition(".")[0], key).reports + "metrics.jsonl", "\n".join(lines).encode())


def ended(key: str) -> e.StepSucceeded:
    return e.StepSucceeded(key=key, attempt=1, started=at(1), ended=at(2))


def failure(key: str) -> e.StepFailed:
    from runner.model.record import Failure

    return e.StepFailed(key=key, failure=Failure.USER, reason="exit code 1", exit_code=1)


def fill(session: FakeSession, run: HyperDriveRun) -> None:
    """Let one trial succeed, one fail, one be stopped, and one not start."""
    sample(session, run, {"a-1": 1, "a-2": 2, "a-3": 3})
    log(session, run, "a-1", 3.0, 2.0)
    log(session, run, "a-2", 1.0)
    log(session, run, "a-3", 0.5, 9.0)
    stopped = e.StepCanceled("a-3", "worse than the best")
    session.tell(run.id, ended("a-1"), failure("a-2"), stopped, e.StepSkipped("a-4", "the time is over"))


def ids(run: Run, *keys: str) -> list[str]:
    return [f"{run.id}.{key}" for key in keys]


def test_a_submitted_configuration_is_a_run_of_its_kind(session: FakeSession, run: HyperDriveRun) -> None:
    assert session.requests[0].kind == "hyperdrive"
    assert (run.type, run.name, run.get_tags()) == ("hyperdrive", "a", {"k": "1"})
    again = Run(run.experiment, run.id)
    assert type(again) is HyperDriveRun
    assert type(Run(run.experiment, f"{run.id}.a-2")) is TrialRun
    assert [step.key for step in run.view.plan.steps] == ["a-1", "a-2", "a-3", "a-4", "a-search-1"]


def test_the_status_is_that_of_a_plain_run(session: FakeSession, run: HyperDriveRun) -> None:
    assert run.get_status() == "NotStarted"
    sample(session, run, {"a-1": 1})
    assert run.get_status() == "Running"
    trial = next(run.get_children())
    assert trial.get_status() == "Queued"
    session.tell(run.id, ended("a-1"))
    assert trial.get_status() == "Completed"
    assert run.get_status() == "Running"
    session.tell(run.id, *(e.StepSkipped(key, "") for key in ("a-2", "a-3", "a-4")), started("a-search-1"))
    session.tell(run.id, ended("a-search-1"))
    session.end(run.id)
    assert run.get_status() == "Completed"
    assert run.wait_for_completion()["status"] == "Completed"


def test_children_are_the_trials_with_values_newest_first(session: FakeSession, run: HyperDriveRun) -> None:
    assert list(run.get_children()) == []
    fill(session, run)
    children = list(run.get_children())
    assert [child.id for child in children] == ids(run, "a-3", "a-2", "a-1")
    assert [child.get_status() for child in children] == ["Canceled", "Failed", "Completed"]
    assert {child.type for child in children} == {"azureml.scriptrun"}
    assert children[0].parent is not None
    assert (type(children[0].parent), children[0].parent.id) == (HyperDriveRun, run.id)
    details = cast("dict[str, Any]", children[0].get_details())
    assert details["runDefinition"]["arguments"] == ["--epochs", "2", "--x", "3"]
    assert details["status"] == "Canceled"


def test_the_best_run_by_what_counts(session: FakeSession, run: HyperDriveRun) -> None:
    assert run.get_best_run_by_primary_metric() is None
    fill(session, run)

    def best(**options: bool) -> str:
        found = run.get_best_run_by_primary_metric(**options)
        assert isinstance(found, TrialRun)
        return found.key

    assert best() == "a-3", "the best of all values that it logged"
    assert best(include_canceled=False) == "a-2"
    assert best(include_canceled=False, include_failed=False) == "a-1"


def test_children_sorted_by_the_metric(session: FakeSession, run: HyperDriveRun) -> None:
    fill(session, run)
    found = run.get_children_sorted_by_primary_metric()
    assert found[0] == {
        "run_id": f"{run.id}.a-3",
        "hyperparameters": '{"--x": 3}',
        "best_primary_metric": 0.5,
        "status": "Canceled",
    }
    assert [each["run_id"] for each in found] == ids(run, "a-3", "a-2", "a-1")
    session.store.delete(TaskId(run.id, "a-2").reports + "metrics.jsonl")
    order = [each["run_id"] for each in run.get_children_sorted_by_primary_metric(reverse=True)]
    assert order == ids(run, "a-1", "a-3", "a-2"), "without the metric: last"
    assert len(run.get_children_sorted_by_primary_metric(discard_no_metric=True)) == 2
    assert [each["run_id"] for each in run.get_children_sorted_by_primary_metric(top=1)] == ids(run, "a-3")
    with pytest.raises(ValueError, match="top must be a whole number from 0"):
        run.get_children_sorted_by_primary_metric(top=-1)


def test_a_value_that_is_not_finite_is_no_result(session: FakeSession, run: HyperDriveRun) -> None:
    sample(session, run, {"a-1": 1, "a-2": 2, "a-3": 3})
    log(session, run, "a-1", -math.inf)
    log(session, run, "a-2", 1.0, -math.inf)
    log(session, run, "a-3", 0.5, math.inf)
    best = run.get_best_run_by_primary_metric()
    assert best is not None
    assert best.id == f"{run.id}.a-3"
    found = run.get_children_sorted_by_primary_metric()
    assert [each["run_id"] for each in found] == ids(run, "a-3", "a-2", "a-1")
    assert [each["best_primary_metric"] for each in found] == [0.5, 1.0, None]


def test_values_and_metrics_by_child(session: FakeSession, run: HyperDriveRun) -> None:
    fill(session, run)
    assert run.get_hyperparameters() == {f"{run.id}.a-{number}": json.dumps({"--x": number}) for number in (1, 2, 3)}
    metrics = run.get_metrics()
    assert metrics == {
        f"{run.id}.a-1": {"loss": [3.0, 2.0]},
        f"{run.id}.a-2": {"loss": 1.0},
        f"{run.id}.a-3": {"loss": [0.5, 9.0]},
    }


def test_an_ended_search_is_read_from_its_facts(session: FakeSession, run: HyperDriveRun) -> None:
    fill(session, run)
    trials = run.trials()
    session.tell(run.id, started("a-search-1"), ended("a-search-1"))
    place = TaskId(run.id, "a-search-1").artifacts + "outputs/hyperdrive.json"
    facts = Facts(metric="loss", goal=Goal.MINIMIZE, best=trials[0].run, trials=trials[:1])
    session.store.put(place, json.dumps(to_document(facts)).encode())
    assert run.trials() == trials[:1]
    session.store.delete(place)
    assert run.trials() == trials


def test_what_v1_refuses(run: HyperDriveRun) -> None:
    with pytest.raises(HyperDriveNotImplementedException, match="no diagnostics"):
        run.get_diagnostics()
    with pytest.raises(HyperDriveNotImplementedException, match="follows its trials"):
        run.fail()


def test_the_configuration_is_read_from_the_plan(run: HyperDriveRun) -> None:
    found = run.hyperdrive_config
    assert (found.primary_metric_name, found.max_total_runs) == ("loss", 4)
    assert found.hyperparameter_sampling.parameter_space == SPACE


def test_the_widget_lists_the_trials(session: FakeSession, run: HyperDriveRun) -> None:
    fill(session, run)
    assert RunDetails(run).text().splitlines() == [
        f"HyperDriveRun {run.id}: Running",
        "  a-1: Completed",
        "  a-2: Failed",
        "  a-3: Canceled",
    ]


@pytest.fixture
def whole(ws: Workspace) -> PipelineRun:
    metrics = PipelineData("metrics", training_output=TrainingOutput("Metrics"))
    tune = HyperDriveStep("tune", config(), outputs=[metrics])
    use = PythonScriptStep("b.py", name="use", inputs=[metrics])
    return Experiment(ws, "e").submit(Pipeline(ws, [tune, use]))


def test_a_step_of_a_pipeline_has_its_trials_below_it(session: FakeSession, whole: PipelineRun) -> None:
    assert sorted(step.name for step in whole.get_steps()) == ["tune", "use"]
    (step,) = whole.find_step_run("tune")
    assert type(step) is StepRun
    assert step.get_properties()["StepType"] == "HyperDriveStep"
    search = HyperDriveStepRun(step_run=step)
    assert isinstance(search, HyperDriveRun)
    sample(session, whole, {"tune-1": 1, "tune-2": 2})
    log(session, whole, "tune-2", 1.0)
    assert [child.id for child in step.get_children()] == ids(whole, "tune-2", "tune-1")
    best = search.get_best_run_by_primary_metric()
    assert best is not None
    assert best.id == f"{whole.id}.tune-2"
    assert best.parent is not None
    assert best.parent.id == step.id
    assert (search.get_status(), step.get_status()) == ("Running", "NotStarted")
    session.tell(whole.id, ended("tune-1"), ended("tune-2"))
    session.tell(whole.id, *(e.StepSkipped(key, "") for key in ("tune-3", "tune-4")))
    session.tell(whole.id, started("tune-search-1"), ended("tune-search-1"))
    assert (search.get_status(), step.get_status()) == ("Completed", "Finished")
    assert search.parent is not None
    assert search.parent.id == whole.id


def test_another_step_is_no_search(whole: PipelineRun) -> None:
    with pytest.raises(ValueError, match="takes the run of a HyperDriveStep"):
        HyperDriveStepRun(whole.find_step_run("use")[0])
    with pytest.raises(HyperDriveException, match="no search over hyperparameters"):
        _ = HyperDriveRun(whole.experiment, f"{whole.id}.use-1").search


def finish(session: FakeSession, run: HyperDriveRun) -> None:
    fill(session, run)
    session.tell(run.id, started("a-search-1"), ended("a-search-1"))
    session.end(run.id)


def test_a_search_goes_on_from_another(session: FakeSession, run: HyperDriveRun) -> None:
    finish(session, run)
    made = config(resume_from=run)
    search = made.search(["a-1"])
    assert [(past.values, past.metric) for past in search.past] == [
        ({"--x": 1}, 2.0),
        ({"--x": 2}, 1.0),
        ({"--x": 3}, 0.5),
    ]
    assert search.seed != config().search(["a-1"]).seed
    later = Experiment(run.experiment.workspace, "e").submit(made)
    assert isinstance(later, HyperDriveRun)
    assert later.get_best_run_by_primary_metric(include_resume_from_runs=False) is None
    best = later.get_best_run_by_primary_metric()
    assert best is not None
    assert best.id == f"{run.id}.a-3"


def test_trials_of_another_search_run_again(session: FakeSession, run: HyperDriveRun) -> None:
    finish(session, run)
    children = list(run.get_children())
    assert config(resume_child_runs=children[:2]).search(["a-1"]).resumed == ({"--x": 3}, {"--x": 2})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"primary_metric_name": "accuracy"}, "the primary_metric_name is 'accuracy', and that of run .* is 'loss'"),
        ({"primary_metric_goal": PrimaryMetricGoal.MAXIMIZE}, "the primary_metric_goal is 'maximize'"),
        ({"max_total_runs": 997}, "have 1001 trials, and at most 1000"),
        (
            {"hyperparameter_sampling": BayesianParameterSampling({"--x": choice(1, 2)}), "max_total_runs": 20},
            "the parameter space differs from that of run",
        ),
    ],
)
def test_a_search_that_does_not_fit_is_an_error(
    session: FakeSession, run: HyperDriveRun, changes: dict[str, Any], said: str
) -> None:
    finish(session, run)
    with pytest.raises(HyperDriveConfigException, match=said):
        config(resume_from=[run], **changes)


def test_only_ended_searches_and_trials_are_resumed(session: FakeSession, run: HyperDriveRun) -> None:
    sample(session, run, {"a-1": 1})
    with pytest.raises(HyperDriveConfigException, match="which is Running: only ended searches"):
        config(resume_from=run)
    with pytest.raises(HyperDriveConfigException, match="which is Queued: it must have ended"):
        config(resume_child_runs=next(run.get_children()))
    finish_rest = [e.StepSkipped(key, "") for key in ("a-2", "a-3", "a-4")]
    session.tell(run.id, ended("a-1"), *finish_rest)
    child = next(run.get_children())
    with pytest.raises(HyperDriveConfigException, match="twice"):
        config(resume_child_runs=[child, child])
    with pytest.raises(HyperDriveConfigException, match="more than max_total_runs 1"):
        config(resume_child_runs=[child, child], max_total_runs=1)
    other = RandomParameterSampling({"--y": choice(1)})
    with pytest.raises(HyperDriveConfigException, match="has other hyperparameters than the search: --x"):
        config(resume_child_runs=child, hyperparameter_sampling=other)
