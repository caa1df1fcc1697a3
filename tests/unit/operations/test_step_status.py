"""What is said of a step that is tried again, takes too long, or has failed."""

from __future__ import annotations

from datetime import datetime

import pytest

from runner.model import events as e
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.record import Failure
from runner.operations.step_status import attempts_of, class_of, failure_of, why
from runner.operations.values import RunView
from tests.support import builders as b

POLICY = StepPolicy(retries=1, infrastructure_retries=3, retry_oom=2.0)
PLAN = b.plan(b.step("a", policy=POLICY), b.step("b", "a"))
NODE = "its node is gone"


def lost(
    attempt: int, failure: Failure = Failure.LOST, reason: str = NODE, again: datetime | None = None
) -> e.AttemptFailed:
    return e.AttemptFailed(key="a", attempt=attempt, failure=failure, reason=reason, not_before=again)


def view(*events: e.Event, plan: Plan = PLAN) -> RunView:
    return RunView(b.state(plan, *events), plan)


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ([b.started("a"), lost(1, again=b.at(17.5))], f"attempt 2 of 4 in 8 s; lost: {NODE}"),
        ([b.started("a"), lost(1, again=b.at(280))], f"attempt 2 of 4 in 4 m 30 s; lost: {NODE}"),
        ([b.started("a"), lost(1, again=b.at(9))], f"attempt 2 of 4 comes next; lost: {NODE}"),
        ([b.started("a"), lost(1)], f"attempt 2 of 4 comes next; lost: {NODE}"),
        ([b.started("a"), lost(1, Failure.UNSTARTED, "it never began")], "attempt 2 of 2 comes next; it never began"),
        (
            [b.started("a"), lost(1), b.started("a", 2), lost(2, Failure.OOM, "OOMKilled")],
            "attempt 3 of 3 comes next; oom: OOMKilled",
        ),
        ([b.started("a"), lost(1), b.started("a", 2)], "attempt 2 of 4"),
        (
            [b.started("a"), e.AttemptOverdue("a", 1, "it was running for more than 2 h (run_timeout)")],
            "it was running for more than 2 h (run_timeout); it is being stopped",
        ),
        ([b.started("a"), e.AttemptPending("a", "no node has 8 CPUs free", "ask for less")], "no node has 8 CPUs free"),
    ],
)
def test_why(events: list[e.Event], words: str) -> None:
    assert why(view(*events), "a", b.at(10)) == words


def test_a_cleanup_step_waits_for_ends_not_for_outputs() -> None:
    plan = b.plan(b.step("a"), b.step("x"), b.step("z", after=("a", "x"), always=True))
    assert why(view(b.failed("x"), plan=plan), "z", b.at(10)) == "waits for a"


@pytest.mark.parametrize(
    ("events", "words", "attempts"),
    [
        ([], "", 0),
        ([b.started("a")], "", 1),
        ([b.failed("a")], "user, attempt 1 of 2", 2),
        ([b.started("a"), b.failed("a", Failure.INPUT)], "input", 1),
        ([b.started("a"), b.failed("a", Failure.LOST)], "lost, attempt 1 of 4", 4),
        ([b.started("a"), lost(1), b.started("a", 2), b.failed("a")], "user, attempt 2 of 3", 3),
        ([b.started("a"), lost(1), b.started("a", 2), b.succeeded("a", 2)], "", 4),
    ],
)
def test_class_and_attempts(events: list[e.Event], words: str, attempts: int) -> None:
    if events and isinstance(events[0], e.StepFailed):
        events = [b.started("a"), *events]
    known = view(*events)
    assert attempts_of(known, "a") == attempts
    assert (class_of(known, "a") if failure_of(known.state.steps["a"]) else "") == words


def test_what_a_wait_calls_for_is_forgotten_with_the_wait() -> None:
    waits = e.AttemptPending("a", "no node has 8 CPUs free", "ask for less")
    assert view(b.started("a"), waits).state.steps["a"].remedy == "ask for less"
    assert view(b.started("a"), waits, e.AttemptRunning("a", b.at(1))).state.steps["a"].remedy == ""
    assert view(b.started("a"), waits, b.succeeded("a")).state.steps["a"].remedy == ""
    assert view(b.started("a"), waits, lost(1)).state.steps["a"].remedy == ""
