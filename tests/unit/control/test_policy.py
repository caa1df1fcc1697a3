"""What a policy grants, row by row."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.control import policy as p
from runner.model import events as e
from runner.model.observation import Observation, Phase
from runner.model.policy import DEFAULT, LONGEST_PAUSE, RunPolicy, StepPolicy, merge_policies, merge_run_policies
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.task import TaskId
from tests.support import builders as b

F = Failure
NO_OVERRIDES = StepPolicy()


@pytest.mark.parametrize(
    ("policy", "endings", "failure", "again"),
    [
        (NO_OVERRIDES, {}, F.LOST, True),
        (NO_OVERRIDES, {F.LOST: 2}, F.STORE, True),
        (NO_OVERRIDES, {F.LOST: 2, F.STORE: 1}, F.LOST, False),
        (NO_OVERRIDES, {F.LOST: 3}, F.DISRUPTED, True),
        (NO_OVERRIDES, {F.DISRUPTED: 19}, F.DISRUPTED, True),
        (NO_OVERRIDES, {F.DISRUPTED: 20}, F.DISRUPTED, False),
        (NO_OVERRIDES, {F.DISRUPTED: 20}, F.LOST, True),
        (NO_OVERRIDES, {F.UNSTARTED: 99}, F.UNSTARTED, True),
        (NO_OVERRIDES, {}, F.USER, False),
        (NO_OVERRIDES, {}, F.TIMEOUT, False),
        (NO_OVERRIDES, {}, F.OOM, False),
        (StepPolicy(retries=2), {F.USER: 1}, F.USER, True),
        (StepPolicy(retries=2), {F.USER: 1, F.TIMEOUT: 1}, F.USER, False),
        (StepPolicy(retries=1), {}, F.OOM, True),
        (StepPolicy(retry_oom=2), {}, F.OOM, True),
        (StepPolicy(retry_oom=2), {F.OOM: 1}, F.OOM, False),
        (StepPolicy(retry_oom=2), {F.OOM: 1}, F.USER, False),
        (StepPolicy(retries=9), {}, F.IMAGE, False),
        (StepPolicy(retries=9), {}, F.REFUSED, False),
        (StepPolicy(retries=9), {}, F.UNSCHEDULABLE, False),
        (StepPolicy(retries=9), {}, F.INPUT, False),
        (StepPolicy(infrastructure_retries=0), {}, F.LOST, False),
    ],
)
def test_may_retry(policy: StepPolicy, endings: dict[Failure, int], failure: Failure, again: bool) -> None:
    assert p.may_retry(policy, endings, failure) is again


def test_an_attempt_that_never_began_is_no_loss() -> None:
    """However often controllers are killed before they have started it."""
    plan, events = b.plan(b.step("a")), list[e.Event]()
    for attempt in range(1, 9):
        events += [
            b.started("a", attempt),
            e.AttemptFailed(key="a", attempt=attempt, failure=F.UNSTARTED, reason="its controller ended"),
        ]
    assert p.may_retry(NO_OVERRIDES, b.state(plan, *events).steps["a"].endings, F.LOST)


def test_pauses_double_are_spread_and_are_the_same_when_asked_again() -> None:
    task = TaskId("r", "a")
    pauses = [p.pause_before(StepPolicy(backoff=2), {F.LOST: many}, F.LOST, task) for many in range(12)]
    for many, pause in enumerate(pauses):
        whole = min(LONGEST_PAUSE, 2 * 2.0**many)
        assert whole / 2 <= pause <= whole
    assert pauses[3] == p.pause_before(StepPolicy(backoff=2), {F.LOST: 3}, F.LOST, task)
    others = {p.pause_before(StepPolicy(backoff=2), {}, F.LOST, TaskId("r", f"s{i}")) for i in range(50)}
    assert len(others) == 50
    assert p.pause_before(NO_OVERRIDES, {F.LOST: 3}, F.UNSTARTED, task) == 0
    assert p.pause_before(StepPolicy(backoff=0), {F.LOST: 3}, F.LOST, task) == 0


def test_a_pause_ends_also_when_the_clock_was_put_back() -> None:
    assert p.is_due(None, b.at(0))
    assert not p.is_due(b.at(10), b.at(9))
    assert p.is_due(b.at(10), b.at(10))
    assert p.is_due(b.at(10), b.at(10) - timedelta(hours=8))


@pytest.mark.parametrize(
    ("endings", "factor", "memory", "limit"),
    [({}, 2.0, "256Mi", "2Gi"), ({F.OOM: 1}, 2.0, "512Mi", "4Gi"), ({F.OOM: 1}, 0.0, "256Mi", "2Gi")],
)
def test_more_memory_after_memory_ran_out(endings: dict[Failure, int], factor: float, memory: str, limit: str) -> None:
    asked = p.resources_for(Resources(), StepPolicy(retry_oom=factor), endings)
    assert (asked.memory, asked.memory_limit) == (memory, limit)


def test_without_a_limit_there_is_none_to_raise() -> None:
    asked = p.resources_for(Resources(memory_limit=""), StepPolicy(retry_oom=2), {F.OOM: 1})
    assert (asked.memory, asked.memory_limit) == ("512Mi", "")


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Observation(phase=Phase.PENDING, uid="", elapsed=5), ""),
        (Observation(phase=Phase.PENDING, uid="", elapsed=None), ""),
        (
            Observation(phase=Phase.PENDING, uid="", reason="no room", elapsed=11),
            "waiting for a place for more than 10 s",
        ),
        (Observation(phase=Phase.PENDING, uid="", placed=True, elapsed=11), ""),
        (Observation(phase=Phase.PENDING, uid="", placed=True, elapsed=121), "starting for more than 2 min"),
        (Observation(phase=Phase.RUNNING, uid="", elapsed=7200), ""),
        (Observation(phase=Phase.RUNNING, uid="", elapsed=7201), "running for more than 2 h"),
    ],
)
def test_time_limits(seen: Observation, words: str) -> None:
    limits = StepPolicy(queue_timeout=10, start_timeout=120, run_timeout=7200)
    assert words in p.overdue(limits, seen)
    assert bool(words) == bool(p.overdue(limits, seen))


def test_no_run_is_too_long_unless_somebody_says_so() -> None:
    assert p.overdue(NO_OVERRIDES, Observation(phase=Phase.RUNNING, uid="", elapsed=1e9)) == ""


def test_a_runs_deadline_does_not_count_sleep() -> None:
    plan = b.plan(b.step("a"), policy=RunPolicy(deadline=600))
    state = b.state(plan)
    assert p.run_overdue(plan, state, b.at(600)) == ""
    assert p.run_overdue(plan, state, b.at(602)) == "the run's deadline of 10 min has passed"
    assert p.run_overdue(plan, b.state(plan, e.MachineSlept(100)), b.at(602)) == ""
    assert p.run_overdue(b.plan(b.step("a")), state, b.at(1e6)) == ""


def test_the_first_word_that_is_stated_holds() -> None:
    said = merge_policies(StepPolicy(retries=0), StepPolicy(retries=5, backoff=3), DEFAULT)
    assert (said.retries, said.backoff, said.run_timeout) == (0, 3, 0)
    assert None not in vars(DEFAULT).values()
    assert merge_run_policies(RunPolicy(), RunPolicy(deadline=5)) == RunPolicy(deadline=5)
