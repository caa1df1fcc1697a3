from __future__ import annotations

from dataclasses import replace

import pytest

from runner.control.notice import notice
from runner.model import events as e
from runner.model.observation import Phase
from runner.model.policy import DEFAULT, StepPolicy
from runner.model.record import Failure
from runner.model.status import StepStatus
from tests.support import builders as b

PLAN = b.plan(b.step("a", policy=StepPolicy(backoff=0)))
LOSSES = DEFAULT.infrastructure_retries or 0
NOW = b.at(100)
QUEUED = b.state(PLAN, b.started("a"))
RUNNING = b.state(PLAN, b.started("a"), e.AttemptRunning("a", b.at(1)))
CANCELING = b.state(PLAN, b.started("a"), e.CancelRequested())
GONE = e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="gone")


def test_waiting_is_told_when_its_reason_changes() -> None:
    assert notice(PLAN, QUEUED, b.seen(Phase.PENDING), NOW) == ()
    assert notice(PLAN, QUEUED, b.seen(Phase.PENDING, reason="no room"), NOW) == (e.AttemptPending("a", "no room"),)
    reported = b.state(PLAN, b.started("a"), e.AttemptPending("a", "no room"))
    assert notice(PLAN, reported, b.seen(Phase.PENDING, reason="no room"), NOW) == ()


def test_what_to_do_about_a_wait_is_told_with_it() -> None:
    seen = b.seen(Phase.PENDING, reason="no room", remedy="ask for less")
    assert notice(PLAN, QUEUED, seen, NOW) == (e.AttemptPending("a", "no room", "ask for less"),)


def test_running_is_told_once() -> None:
    assert notice(PLAN, QUEUED, b.seen(Phase.RUNNING, started=b.at(3)), NOW) == (e.AttemptRunning("a", b.at(3)),)
    assert notice(PLAN, QUEUED, b.seen(Phase.RUNNING), NOW) == (e.AttemptRunning("a", NOW),)
    assert notice(PLAN, RUNNING, b.seen(Phase.RUNNING), NOW) == ()


def test_success_takes_the_targets_word() -> None:
    seen = b.seen(Phase.SUCCEEDED, started=b.at(2), ended=b.at(5), warnings=("w",))
    assert notice(PLAN, RUNNING, seen, NOW) == (
        e.StepSucceeded(key="a", attempt=1, started=b.at(2), ended=b.at(5), outputs=b.made(), warnings=("w",)),
    )
    assert notice(PLAN, RUNNING, b.seen(Phase.SUCCEEDED), NOW) == (
        e.StepSucceeded(key="a", attempt=1, started=b.at(1), ended=NOW, outputs=b.made()),
    )
    assert notice(PLAN, QUEUED, b.seen(Phase.SUCCEEDED), NOW) == (
        e.StepSucceeded(key="a", attempt=1, started=NOW, ended=NOW, outputs=b.made()),
    )


def test_failure_is_the_steps_end() -> None:
    seen = b.seen(Phase.FAILED, failure=Failure.USER, reason="r", exit_code=3, tail="t")
    assert notice(PLAN, RUNNING, seen, NOW) == (
        e.StepFailed(key="a", failure=Failure.USER, reason="r", exit_code=3, tail="t", started=b.at(1), ended=NOW),
    )


def test_a_loss_is_followed_by_another_attempt_until_it_is_one_too_many() -> None:
    seen = b.seen(Phase.FAILED, failure=Failure.LOST, reason="gone")
    assert notice(PLAN, RUNNING, seen, NOW) == (GONE,)
    history: list[e.Event] = []
    for attempt in range(1, LOSSES + 1):
        history += [
            b.started("a", attempt),
            e.AttemptFailed(key="a", attempt=attempt, failure=Failure.LOST, reason="gone"),
        ]
    last = b.state(PLAN, *history, b.started("a", LOSSES + 1))
    seen = b.seen(Phase.FAILED, attempt=LOSSES + 1, failure=Failure.LOST, reason="gone")
    assert b.names(notice(PLAN, last, seen, NOW)) == ["StepFailed"]


def test_an_ending_without_a_cause_is_a_loss() -> None:
    assert b.names(notice(PLAN, RUNNING, b.seen(Phase.FAILED), NOW)) == ["AttemptFailed"]


def test_a_success_is_the_attempts_whose_commit_it_is() -> None:
    second = b.state(PLAN, b.started("a"), GONE, b.started("a", 2))
    (event,) = notice(PLAN, second, b.seen(Phase.SUCCEEDED, attempt=2), NOW)
    assert isinstance(event, e.StepSucceeded)
    assert event.attempt == 2
    earlier = replace(b.seen(Phase.SUCCEEDED)[b.task_id()], attempt=1)
    (event,) = notice(PLAN, second, {b.task_id(attempt=2): earlier}, NOW)
    assert isinstance(event, e.StepSucceeded)
    assert event.attempt == 1


@pytest.mark.parametrize("failure", list(Failure))
def test_only_the_infrastructures_failures_are_retried(failure: Failure) -> None:
    lost = {Failure.LOST, Failure.DISRUPTED, Failure.UNSTARTED, Failure.STORE}
    seen = b.seen(Phase.FAILED, failure=failure)
    expected = {**dict.fromkeys(lost, "AttemptFailed"), Failure.CANCELED: "StepCanceled"}
    assert b.names(notice(PLAN, RUNNING, seen, NOW)) == [expected.get(failure, "StepFailed")]


def test_while_canceling_a_failure_is_the_cancels_and_a_success_counts() -> None:
    assert notice(PLAN, CANCELING, b.seen(Phase.FAILED, failure=Failure.USER), NOW) == (e.StepCanceled("a"),)
    assert b.names(notice(PLAN, CANCELING, b.seen(Phase.SUCCEEDED), NOW)) == ["StepSucceeded"]


def test_what_is_over_or_unknown_tells_nothing() -> None:
    over = b.state(PLAN, b.started("a"), b.succeeded("a"))
    assert notice(PLAN, over, b.seen(Phase.FAILED), NOW) == ()
    assert notice(PLAN, RUNNING, b.seen(Phase.FAILED, "stranger"), NOW) == ()
    second = b.state(PLAN, b.started("a"), GONE, b.started("a", 2))
    assert notice(PLAN, second, b.seen(Phase.SUCCEEDED, attempt=1), NOW) == ()


def test_an_attempt_that_was_started_and_not_journaled_is_adopted() -> None:
    waiting = b.state(PLAN)
    assert notice(PLAN, waiting, b.seen(Phase.PENDING), NOW) == (b.started("a"),)
    assert b.names(notice(PLAN, waiting, b.seen(Phase.SUCCEEDED), NOW)) == ["AttemptStarted", "StepSucceeded"]
    lost = b.state(PLAN, b.started("a"), GONE)
    assert notice(PLAN, lost, b.seen(Phase.RUNNING, attempt=1), NOW) == ()
    assert b.names(notice(PLAN, lost, b.seen(Phase.RUNNING, attempt=2), NOW)) == ["AttemptStarted", "AttemptRunning"]


@pytest.mark.parametrize("phase", [Phase.PENDING, Phase.RUNNING])
def test_what_takes_too_long_is_told_once_and_only_ends_when_it_was_stopped(phase: Phase) -> None:
    limits = StepPolicy(queue_timeout=5, run_timeout=5)
    plan = b.plan(b.step("a", policy=limits))
    state = b.state(plan, b.started("a"))
    late = b.seen(phase, elapsed=6.0)
    reported = notice(plan, state, late, NOW)
    assert b.names(reported)[-1] == "AttemptOverdue"
    after = b.state(plan, b.started("a"), *reported)
    assert notice(plan, after, late, NOW) == ()
    (end,) = notice(plan, after, b.seen(Phase.FAILED, failure=Failure.CANCELED, exit_code=143), NOW)
    assert isinstance(end, e.StepFailed)
    assert (end.failure, end.reason) == (Failure.TIMEOUT, after.steps["a"].overdue)


def test_what_waited_too_long_is_told_what_to_do_about_the_wait() -> None:
    """Also when what was seen last is how it was stopped."""
    plan = b.plan(b.step("a", policy=StepPolicy(queue_timeout=5)))
    waits = e.AttemptPending("a", "no node has the labels disk=of-gold", "correct node_selector")
    state = b.state(plan, b.started("a"), waits, e.AttemptOverdue("a", 1, "too long (queue_timeout)"))
    stopped = b.seen(Phase.FAILED, failure=Failure.LOST, remedy="nobody deletes its pods")
    (end,) = notice(plan, state, stopped, NOW)
    assert isinstance(end, e.StepFailed)
    assert (end.reason, end.remedy) == ("too long (queue_timeout)", "correct node_selector")


def test_a_step_that_committed_while_it_was_stopped_has_succeeded() -> None:
    after = b.state(PLAN, b.started("a"), e.AttemptOverdue("a", 1, "too long"))
    assert b.names(notice(PLAN, after, b.seen(Phase.SUCCEEDED), NOW)) == ["StepSucceeded"]


def test_nothing_is_tried_again_once_the_deadline_has_passed_but_what_always_runs() -> None:
    plan = b.plan(b.step("a"), b.step("b", always=True))
    state = b.state(plan, b.started("a"), b.started("b"), e.RunOverdue("late"))
    lost = {**b.seen(Phase.FAILED, failure=Failure.LOST), **b.seen(Phase.FAILED, "b", failure=Failure.LOST)}
    assert b.names(notice(plan, state, lost, NOW)) == ["StepFailed", "AttemptFailed"]


def test_a_step_whose_place_was_taken_away_waits_again_and_then_runs_again() -> None:
    waiting = notice(PLAN, RUNNING, b.seen(Phase.PENDING, reason="the Job is suspended"), NOW)
    assert waiting == (e.AttemptPending("a", "the Job is suspended"),)
    queued = b.state(PLAN, b.started("a"), e.AttemptRunning("a", b.at(1)), *waiting)
    assert (queued.steps["a"].status, queued.steps["a"].started) == (StepStatus.QUEUED, None)
    assert notice(PLAN, queued, b.seen(Phase.RUNNING, started=b.at(9)), NOW) == (e.AttemptRunning("a", b.at(9)),)
