from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.control.assign import Attempt, task_for, to_pin
from runner.model import events as e
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan, Submission
from runner.model.resources import Resources
from runner.model.state import begin
from runner.model.step import InputSpec, Interpreter, OutputOf, OutputSpec, ParameterValue, RegisterAs
from runner.model.task import InputBinding, OutputBinding, Task
from tests.support import builders as b
from tests.support import search_plans as s

DATASET = DatasetDefinition(kind="tabular", paths=(DatastorePath("s", "raw.csv"),))
REGISTERED = replace(DATASET, name="raw", version=2, id="7")
RAW = InputSpec(name="raw", source=DATASET, mode=Mode.DIRECT)
PINNED = b.ref("raw.csv", "1" * 64)
MADE = b.ref("azureml/a/out", "2" * 64)


def plan(environment: EnvironmentSpec | None = None, **changes: Any) -> Plan:
    """Step b of the plan reads a's output and a dataset."""
    inputs = (InputSpec(name="prepped", source=OutputOf("a", "out"), path_on_compute="/data"), RAW)
    parts: dict[str, Any] = {"inputs": inputs, "command": (Interpreter(), ParameterValue("rate")), **changes}
    named = NamedEnvironment(b.ENVIRONMENT, environment or EnvironmentSpec(), {"FROM": "environment"})
    whole = b.plan(b.step("a"), b.step("b", **parts), parameters={"rate": 0.5, "un-bound": None})
    return replace(whole, environments={b.ENVIRONMENT: named})


def task(
    what: Plan | None = None,
    attempt: Attempt | None = None,
    pin: str = PINNED.digest,
    made: str = MADE.digest,
    **submitted: Any,
) -> Task:
    what = what or plan()
    state = b.state(what, b.started("a"), b.succeeded("a", out=replace(MADE, digest=made)), **submitted)
    where = attempt or Attempt(key="b", number=1, target=b.TARGET, environment=b.REFERENCE)
    return task_for(what, state, where, {"raw": replace(PINNED, digest=pin)})


def test_inputs_are_resolved() -> None:
    assert task().inputs == (
        InputBinding(name="prepped", ref=MADE, path_on_compute="/data"),
        InputBinding(name="raw", ref=PINNED, mode=Mode.DIRECT, dataset=DATASET),
    )
    assert [spec.source for spec in to_pin(plan().by_key["b"])] == [DATASET]


def test_an_output_of_another_step_may_be_seen_as_a_dataset() -> None:
    seen_as = InputSpec(name="prepped", source=OutputOf("a", "out"), view=DATASET)
    assert task(plan(inputs=(seen_as,))).inputs == (InputBinding(name="prepped", ref=MADE, dataset=DATASET),)


def test_a_task_names_the_lock_of_its_environment() -> None:
    where = Attempt(key="b", number=1, target=b.TARGET, environment=b.REFERENCE, lock="5f3c")
    assert (task(attempt=where).environment, task(attempt=where).lock) == (b.REFERENCE, "5f3c")


def test_outputs_get_a_place_of_this_attempt() -> None:
    declared = OutputSpec(name="out", datastore="other", mode=Mode.UPLOAD, path_on_compute="/out", folder=True)
    found = task(
        plan(outputs=(declared,)), Attempt(key="b", number=2, target=b.TARGET, environment=b.REFERENCE)
    ).outputs
    assert found == (
        OutputBinding(
            name="out",
            datastore="other",
            key=f"azureml/{b.RUN}.b.2/out",
            mode=Mode.UPLOAD,
            path_on_compute="/out",
            folder=True,
        ),
    )


def test_parameters_are_bound() -> None:
    assert task().command == (Interpreter(), "0.5")
    assert task(parameters={"rate": True}).command == (Interpreter(), "True")


def test_the_process_is_told_who_it_is() -> None:
    found = task(
        plan(parameters={"rate": "rate", "un-bound": "un-bound", "other": "rate"}, variables={"MINE": "1"}),
        subscription="sub",
        resource_group="group",
        workspace="ws",
    ).variables
    assert found["AZUREML_RUN_ID"] == f"{b.RUN}.b"
    assert found["AZUREML_ROOT_RUN_ID"] == b.RUN
    assert (found["AZUREML_ARM_SUBSCRIPTION"], found["AZUREML_ARM_RESOURCEGROUP"]) == ("sub", "group")
    assert (found["AZUREML_ARM_WORKSPACE_NAME"], found["AZUREML_ARM_PROJECT_NAME"]) == ("ws", "experiment")
    assert (found["AML_PARAMETER_rate"], found["AML_PARAMETER_un_bound"]) == ("0.5", "None")
    assert found["AML_PARAMETER_other"] == "0.5"
    assert (found["FROM"], found["MINE"]) == ("environment", "1")


def test_the_steps_own_variables_win() -> None:
    own = plan(variables={"FROM": "step", "AZUREML_RUN_ID": "mine"})
    assert {name: task(own).variables[name] for name in ("FROM", "AZUREML_RUN_ID")} == {
        "FROM": "step", "AZUREML_RUN_ID": "mine",
    }  # fmt: skip


def test_the_rest_is_passed_on() -> None:
    found = task(plan(resources=Resources(gpu=1)), Attempt(key="b", number=3, target="there", environment="image:2"))
    assert (found.id, found.target, found.environment) == (b.task_id("b", 3), "there", "image:2")
    assert (found.name, found.experiment, found.snapshot, found.resources.gpu) == ("b", "experiment", "s" * 64, 1)


def test_a_run_without_a_submission_has_no_tasks() -> None:
    with pytest.raises(ValueError, match="without a submission"):
        task_for(plan(), begin(b.RUN, plan()), Attempt(key="a", number=1, target="t", environment="r"), {})


@pytest.mark.parametrize(
    "same",
    [
        lambda: task(attempt=Attempt(key="b", number=2, target="elsewhere", environment="image:2")),
        lambda: task(plan(name="other name")),
        lambda: task(plan(compute="elsewhere")),
        lambda: task(plan(after=("a",))),
        lambda: task(plan(resources=Resources(gpu=1))),
        lambda: task(experiment="other", tags={"k": "v"}, user="else", workspace="w"),
        lambda: task(parameters={"un-bound": 7}),
        lambda: task(plan(EnvironmentSpec())),
        lambda: task(replace(plan(), description="other")),
        lambda: task(plan(outputs=(OutputSpec(name="out", pipeline_output_name="model"),))),
        lambda: task(plan(outputs=(OutputSpec(name="out", register=(RegisterAs(name="made"),)),))),
        lambda: task(plan(inputs=(plan().by_key["b"].inputs[0], replace(RAW, source=REGISTERED)))),
    ],
)
def test_what_does_not_change_the_fingerprint(same: Any) -> None:
    assert same().fingerprint == task().fingerprint


@pytest.mark.parametrize(
    "other",
    [
        lambda: task(plan(snapshot="t" * 64)),
        lambda: task(plan(script="other.py")),
        lambda: task(plan(version="2")),
        lambda: task(plan(command=(Interpreter(), "0.7"))),
        lambda: task(parameters={"rate": 0.7}),
        lambda: task(plan(EnvironmentSpec(pip=("x",)))),
        lambda: task(plan(variables={"X": "1"})),
        lambda: task(plan(variables={"FROM": "step"})),
        lambda: task(plan(outputs=(OutputSpec(name="other"),))),
        lambda: task(pin="3" * 64),
        lambda: task(made="3" * 64),
        lambda: task(
            plan(inputs=(InputSpec(name="prepped", source=OutputOf("a", "out")), replace(RAW, mode=Mode.MOUNT)))
        ),
        lambda: task(plan(inputs=(InputSpec(name="renamed", source=OutputOf("a", "out")), RAW))),
    ],
)
def test_what_changes_the_fingerprint(other: Any) -> None:
    assert other().fingerprint != task().fingerprint


def test_a_step_that_may_not_be_reused_has_none() -> None:
    assert task(plan(reuse=False)).fingerprint == ""


def parametrised(value: object) -> Task:
    return task(plan(command=(Interpreter(),), parameters={"rate": "rate"}), parameters={"rate": value})


def test_a_parameter_that_the_process_sees_as_a_variable_changes_the_fingerprint() -> None:
    assert parametrised(0.5).fingerprint != parametrised(0.7).fingerprint


def test_a_submission_is_a_value() -> None:
    assert b.submission(plan()) == Submission(
        plan=plan().digest,
        experiment="experiment",
        targets={"a": b.TARGET, "b": b.TARGET},
        user="somebody",
        regenerate_outputs=True,
    )


def trial_task(key: str, values: dict[str, object], **submitted: Any) -> Task:
    """The task of a trial, or of the search, after the trial t0 was reused and all others have their values."""
    whole = s.search_plan(12)
    what = replace(whole, steps=tuple(replace(step, variables={}) for step in whole.steps))
    drawn = {trial: values if trial == key else {"--lr": 0.5} for trial in s.trial_keys(12)}
    events: list[e.Event] = [e.TrialSampled(trial, each) for trial, each in drawn.items()]
    reused = submitted.pop("reused", {})
    events += [e.StepReused(trial, origin) for trial, origin in reused.items()]
    state = b.state(what, *events, **submitted)
    return task_for(what, state, Attempt(key=key, number=1, target=b.TARGET, environment=b.REFERENCE), {})


def test_sampled_arguments_come_last_by_name_as_text() -> None:
    made = trial_task("t1", {"lr": 0.1, "--b": True, "--a": None, "--c": "x y", "--n": 3})
    assert made.command[-10:] == ("--a", "None", "--b", "True", "--c", "x y", "--n", "3", "lr", "0.1")


def test_trials_are_equal_if_their_values_are() -> None:
    one, same = trial_task("t1", {"--lr": 0.1}), trial_task("t2", {"--lr": 0.1})
    assert one.fingerprint == same.fingerprint != trial_task("t2", {"--lr": 0.2}).fingerprint
    assert one.fingerprint != trial_task("t1", {"--lr": "0.1", "--x": 1}).fingerprint


def test_a_search_is_equal_if_its_trials_are_the_same_step_runs() -> None:
    other = f"{b.RUN[:-1]}z"
    plain = trial_task(s.TUNE, {})
    one = trial_task(s.TUNE, {}, reused={"t0": f"{other}.t0"})
    assert plain.fingerprint != one.fingerprint == trial_task(s.TUNE, {}, reused={"t0": f"{other}.t0"}).fingerprint
    assert one.readable == (f"runs/{other}/t0",)
    assert plain.readable == ()
    many = trial_task(s.TUNE, {}, reused={key: f"{other}.{key}" for key in s.trial_keys(9)})
    assert many.readable == (f"runs/{other}",)
