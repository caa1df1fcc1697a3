from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from runner.errors import IllegalTransition
from runner.model import events as e
from runner.model.record import Failure
from runner.model.state import RunState, begin, fold
from runner.model.status import RUN_ENDS, RUN_TRANSITIONS, TRANSITIONS, RunStatus, StepStatus
from tests.support import builders as b

PLAN = b.plan(b.step("a"), b.step("b", "a"))
S = StepStatus
WORSE = "it is worse than others"
MOVES: dict[StepStatus, e.Event] = {
    S.WAITING: e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="gone"),
    S.QUEUED: b.started("a"),
    S.RUNNING: e.AttemptRunning("a", b.at(1)),
    S.SUCCEEDED: b.succeeded("a"),
    S.FAILED: b.failed("a"),
    S.CANCELED: e.StepCanceled("a"),
    S.SKIPPED: e.StepSkipped("a", "because"),
    S.REUSED: e.StepReused("a", "other.a", {"out": b.ref()}),
}


def state_with(status: StepStatus) -> RunState:
    """A run whose step a is so."""
    ready = b.state(PLAN)
    return replace(ready, steps={**ready.steps, "a": replace(ready.steps["a"], status=status)})


@pytest.mark.parametrize(("old", "new"), list(product(S, S)))
def test_an_event_moves_its_step_or_changes_nothing(old: StepStatus, new: StepStatus) -> None:
    before = state_with(old)
    entries = [b.entry(before.number + 1, MOVES[new])]
    if new in TRANSITIONS[old]:
        assert fold(before, entries).steps["a"].status is new
    else:
        with pytest.raises(IllegalTransition):
            fold(before, entries)
    assert before == state_with(old)


@pytest.mark.parametrize(("old", "new"), list(product(RunStatus, (RunStatus.CANCELING, *sorted(RUN_ENDS)))))
def test_an_event_moves_the_run_or_changes_nothing(old: RunStatus, new: RunStatus) -> None:
    before = replace(begin(b.RUN, b.plan()), status=old)
    event = e.CancelRequested() if new is RunStatus.CANCELING else e.RunEnded(new)
    if new in RUN_TRANSITIONS[old]:
        assert fold(before, [b.entry(1, event)]).status is new
    else:
        with pytest.raises(IllegalTransition):
            fold(before, [b.entry(1, event)])


def test_the_first_event_says_what_was_submitted() -> None:
    state = b.state(PLAN, ready=False, tags={"k": "v"})
    assert state.submission is not None
    assert state.submission.tags == {"k": "v"}
    assert (state.created, state.number, state.last, state.over) == (b.at(1), 1, b.at(1), False)
    assert b.statuses(state) == {"a": "waiting", "b": "waiting"}


def test_the_controller_of_a_run() -> None:
    state = b.state(PLAN, e.ControllerStarted("c1", "host", 7), e.Heartbeat())
    assert (state.controller, state.host, state.pid, state.last) == ("c1", "host", 7, b.at(3))


def test_an_environment_on_its_way() -> None:
    making = [e.EnvironmentBuilding(b.ENVIRONMENT, b.TARGET, line) for line in ("", "Collecting x")]
    ready = e.EnvironmentReady(
        environment=b.ENVIRONMENT, target=b.TARGET, reference=b.REFERENCE, built=True, seconds=3.0
    )
    pair = (b.ENVIRONMENT, b.TARGET)
    assert b.state(PLAN, *making).making == {pair: "Collecting x"}
    assert (b.state(PLAN, *making, ready).making, b.state(PLAN, *making, ready).made) == ({}, {pair: 3.0})
    assert b.state(PLAN, *making, e.EnvironmentUnavailable(*pair, "no")).making == {}
    assert (
        b.state(PLAN, e.EnvironmentReady(environment=b.ENVIRONMENT, target=b.TARGET, reference=b.REFERENCE)).made == {}
    )


def test_environments() -> None:
    state = b.state(PLAN, e.EnvironmentUnavailable("other", "t", "no such package"))
    assert state.environments == {(b.ENVIRONMENT, b.TARGET): b.REFERENCE}
    assert state.broken == {("other", "t"): "no such package"}


def test_the_lock_of_an_environment() -> None:
    ready = e.EnvironmentReady(environment="other", target="t", reference="image", lock="5f3c")
    state = b.state(PLAN, ready)
    assert state.environments["other", "t"] == "image"
    assert state.locks == {("other", "t"): "5f3c"}


def test_the_life_of_a_step() -> None:
    queued = b.state(PLAN, b.started("a"), e.AttemptPending("a", "no room"))
    step = queued.steps["a"]
    assert (step.status, step.uid, step.attempt, step.reason) == (S.QUEUED, "uid-a-1", 1, "no room")
    running = fold(queued, [b.entry(queued.number + 1, e.AttemptRunning("a", b.at(2)))])
    assert (running.steps["a"].started, running.steps["a"].reason) == (b.at(2), "")


def test_a_trial_keeps_its_values_and_the_time_of_its_first_start() -> None:
    events: list[e.Event] = [
        e.TrialSampled("a", {"--lr": 0.5}),
        e.MachineSlept(2.0),
        b.started("a"),
        e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="evicted"),
        b.started("a", 2),
    ]
    trial = b.state(PLAN, *events).steps["a"]
    assert (trial.sampled, trial.begun) == ({"--lr": 0.5}, 1.0)  # started in entry 4, submitted in entry 1, slept 2 s
    assert b.state(PLAN, b.started("b")).steps["b"].begun is None


@pytest.mark.parametrize("before", [[e.TrialSampled("a", {"--lr": 0.5})], [b.started("a")], [b.failed("a")]])
def test_the_values_of_a_trial_are_drawn_once_and_before_its_start(before: list[e.Event]) -> None:
    with pytest.raises(IllegalTransition, match="its values are drawn before its start, and once"):
        b.state(PLAN, *before, e.TrialSampled("a", {"--lr": 0.5}))


def test_a_stopped_trial_ends_as_canceled_with_the_reason() -> None:
    events: list[e.Event] = [
        e.TrialSampled("a", {"--lr": 0.5}),
        b.started("a"),
        e.TrialStopped("a", 1, WORSE),
    ]
    stopped = b.state(PLAN, *events).steps["a"]
    assert (stopped.stopping, stopped.reason, stopped.status) == (*[WORSE] * 2, S.QUEUED)
    ended = b.state(PLAN, *events, e.StepCanceled("a", stopped.stopped)).steps["a"]
    assert (ended.status, ended.reason, ended.ended) == (S.CANCELED, WORSE, b.at(5))
    assert b.state(PLAN, e.StepCanceled("a")).steps["a"].reason == "the run was canceled"


def test_a_lost_attempt_is_counted_and_the_step_waits_again() -> None:
    lost = b.state(
        PLAN,
        b.started("a"),
        e.AttemptRunning("a", b.at(2)),
        e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="evicted"),
    ).steps["a"]
    assert (lost.status, lost.endings, lost.attempt, lost.reason, lost.started) == (
        S.WAITING,
        {Failure.LOST: 1},
        1,
        "evicted",
        None,
    )


def test_success_has_outputs_and_failure_has_a_reason() -> None:
    done = b.state(PLAN, b.started("a"), b.succeeded("a"), b.started("b"), b.failed("b"))
    assert done.steps["a"].outputs == {"out": b.ref("azureml/a/out")}
    assert (done.steps["b"].failure, done.steps["b"].reason, done.steps["b"].exit_code) == (
        Failure.USER,
        "exit code 1",
        1,
    )
    assert done.steps["b"].ended == b.at(done.number)
    known = replace(b.failed("b"), started=b.at(7), ended=b.at(8))
    timed = b.state(PLAN, b.started("b"), known).steps["b"]
    assert (timed.started, timed.ended) == (b.at(7), b.at(8))


def test_reused_outputs_stand_in() -> None:
    step = b.state(PLAN, e.StepReused("a", "other.a", {"out": b.ref()})).steps["a"]
    assert (step.origin, step.outputs) == ("other.a", {"out": b.ref()})


def test_a_run_does_not_end_before_its_steps() -> None:
    with pytest.raises(IllegalTransition, match="the run cannot end: 1 of its steps have not"):
        b.state(PLAN, b.started("a"), b.succeeded("a"), e.RunEnded(RunStatus.SUCCEEDED))


def test_nothing_follows_the_end() -> None:
    skipped = e.StepSkipped("b", "no")
    over = b.state(PLAN, e.StepSkipped("a", "no"), skipped, e.RunEnded(RunStatus.FAILED))
    assert over.over
    assert over.ended == b.at(over.number)
    with pytest.raises(IllegalTransition, match="follows the run's end"):
        fold(over, [b.entry(over.number + 1, e.Heartbeat())])


@pytest.mark.parametrize("number", [1, 3])
def test_entries_follow_each_other(number: int) -> None:
    before = b.state(PLAN, ready=False)
    with pytest.raises(IllegalTransition, match=f"journal entry {number} cannot follow entry 1"):
        fold(before, [b.entry(number, e.Heartbeat())])


@pytest.mark.parametrize(
    "event",
    [
        e.AttemptPending("x", "y"),
        e.AttemptFailed(key="x", attempt=1, failure=Failure.LOST, reason=""),
        b.failed("x"),
        b.started("x"),
    ],
)
def test_a_step_that_the_plan_does_not_have_is_a_contradiction(event: e.Event) -> None:
    with pytest.raises(IllegalTransition, match="a step 'x', which the plan does not have"):
        b.state(PLAN, event)


def test_folding_in_parts_is_folding_at_once() -> None:
    events: list[e.Event] = [b.started("a"), b.succeeded("a"), b.started("b"), b.failed("b")]
    start = b.state(PLAN)
    entries = [b.entry(start.number + number, event) for number, event in enumerate(events, 1)]
    once = fold(start, entries)
    assert fold(fold(start, entries[:2]), entries[2:]) == once
    assert fold(start, []) == start
