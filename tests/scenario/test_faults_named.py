"""Each fault of docs/maintainers/faults.md over fakes. A fault that can happen at any time happens at each in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from runner.model import events as e
from runner.model.plan import Plan
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.record import Failure
from runner.model.state import StepState
from runner.model.status import RunStatus, StepStatus
from runner.model.task import TaskId
from tests.support.builders import RUN, plan, statuses, step
from tests.support.fake_target import Ending
from tests.support.history import Fate, History, Played
from tests.support.rough_world import NIGHT, Jump
from tests.support.verdict import check

CHAIN = plan(step("a"), step("b", "a"))
LIMITS = StepPolicy(queue_timeout=20, start_timeout=20, run_timeout=20, backoff=0)
Script = Mapping[TaskId, tuple[Ending, int]]
JUMPS = [
    Jump(seconds, monotonic, elsewhere)
    for seconds, monotonic in ((NIGHT, False), (NIGHT, True), (-NIGHT, False))
    for elsewhere in (False, True)
]


def script(*endings: Ending, stages: int = 2, key: str = "a") -> Script:
    """How the attempts of a step end, one after the other; all others succeed."""
    return {TaskId(RUN, key, attempt): (ending, stages) for attempt, ending in enumerate(endings, 1)}


def lone(policy: StepPolicy, *endings: Ending, **more: Any) -> tuple[Played, StepState]:
    """A run of a single step."""
    played = Played(History(plan(step("a", policy=policy)), script(*endings), **more))
    return played, check(played).steps["a"]


def instants(what: Plan = CHAIN) -> range:
    """More than an undisturbed run of `what` has."""
    return range(1, 30 + 15 * len(what.steps))


def check_once(played: Played) -> None:
    """Every step has succeeded, by its first attempt, which was executed once."""
    end = check(played)
    assert end.status is RunStatus.SUCCEEDED
    assert {(one.status, one.attempt) for one in end.steps.values()} == {(StepStatus.SUCCEEDED, 1)}
    assert set(played.world.executions.values()) == {1}


def test_no_answer_before_or_after_any_call_costs_nothing_but_time() -> None:
    for instant in instants():
        check_once(Played(History(CHAIN, fates=(Fate(trouble=frozenset({instant})),))))


def test_a_creation_whose_answer_is_lost_again_and_again_is_made_once() -> None:
    for begin in instants():
        check_once(Played(History(CHAIN, fates=(Fate(trouble=frozenset(range(begin, begin + 7, 2))),))))


def test_no_answer_to_any_look_costs_nothing_but_time() -> None:
    for look in range(1, 60):
        check_once(Played(History(CHAIN, fates=(Fate(deaf=frozenset({look, look + 1})),))))


def test_a_store_that_shuts_the_controller_out_fails_no_step_and_the_next_one_goes_on() -> None:
    for instant in instants():
        played = Played(History(CHAIN, fates=(Fate(refusals=frozenset({instant})),)))
        end = check(played)
        refused = [one for one in end.steps.values() if one.status is StepStatus.FAILED]
        assert [one.failure for one in refused] in ([], [Failure.REFUSED])
        assert all("the credentials have expired" in one.reason for one in refused)


def test_a_watch_that_tells_old_news_does_no_harm() -> None:
    what = plan(step("a"), step("b", "a"))
    for begin in range(2, 12):
        fate = Fate(stale=range(begin, begin + 12))
        check_once(Played(History(what, script(Ending.SUCCEEDS, stages=4), (fate,))))


def test_a_look_that_shows_nothing_does_no_harm() -> None:
    for look in range(1, 12):
        check_once(Played(History(CHAIN, script(Ending.SUCCEEDS, stages=4), (Fate(empty=frozenset({look})),))))


def test_what_is_over_its_limit_and_out_of_sight_fails_once() -> None:
    """It is stopped and asked after in one tick: the journal must not hear of its end twice."""
    for look in range(15, 45):
        fate = Fate(empty=frozenset(range(look, look + 4)), trouble=frozenset({20, 21}))
        _, one = lone(replace(LIMITS, infrastructure_retries=0), Ending.HANGS, fates=(fate,))
        assert one.status is StepStatus.FAILED


@pytest.mark.parametrize("jump", JUMPS)
def test_a_laptop_that_sleeps_or_sets_its_clock_does_no_harm(jump: Jump) -> None:
    steps = [replace(one, policy=replace(LIMITS, retries=1)) for one in CHAIN.steps]
    what = plan(*steps, policy=RunPolicy(deadline=60))
    for wait in range(1, 10):
        check_once(Played(History(what, script(Ending.SUCCEEDS, stages=3), jumps={wait: jump})))


def test_a_network_that_wakes_later_than_its_laptop_does_no_harm() -> None:
    """The sleep must not be forgotten with the tick that could not be journaled: the deadline would have passed."""
    what = plan(*CHAIN.steps, policy=RunPolicy(deadline=60))
    for instant in instants():
        fate = Fate(trouble=frozenset(range(instant, instant + 4)), deaf=frozenset(range(instant, instant + 4)))
        check_once(Played(History(what, script(Ending.SUCCEEDS, stages=3), (fate,), {2: Jump(NIGHT)})))


@pytest.mark.parametrize("rival", [Fate(), Fate(end=9), Fate(end=20)])
def test_a_controller_that_is_stopped_at_any_instant_finds_the_run_taken(rival: Fate) -> None:
    what = plan(step("a"), step("b", "a", policy=replace(LIMITS, infrastructure_retries=1)))
    for instant in instants():
        played = Played(
            History(what, script(Ending.EVICTED, key="b"), (Fate(stopped_at=instant, rival=rival),), slots=1)
        )
        assert check(played).status is RunStatus.SUCCEEDED
        assert all(count == 1 for task, count in played.world.executions.items() if task.key == "a")


def test_a_cancel_at_any_instant_is_final() -> None:
    for instant in instants():
        hangs = {**script(Ending.COMMITS_ON_STOP), **script(Ending.HANGS, key="b")}
        end = check(Played(History(CHAIN, hangs, (Fate(cancel_at=instant),), cancel_after=9)))
        assert end.status is RunStatus.CANCELED


def test_a_pod_deleted_while_it_runs_is_made_again() -> None:
    played, one = lone(LIMITS, Ending.VANISHES)
    assert (one.status, one.attempt, one.endings) == (StepStatus.SUCCEEDED, 2, {Failure.LOST: 1})
    assert not played.world.together


def test_a_lost_node_is_made_good_up_to_the_bound_and_then_told_with_a_remedy() -> None:
    _, good = lone(replace(LIMITS, infrastructure_retries=2), Ending.EVICTED, Ending.VANISHES)
    assert (good.status, good.attempt) == (StepStatus.SUCCEEDED, 3)
    _, lost = lone(replace(LIMITS, infrastructure_retries=1), Ending.EVICTED, Ending.VANISHES)
    assert (lost.status, lost.failure) == (StepStatus.FAILED, Failure.LOST)
    assert "infrastructure_retries" in lost.remedy


def test_what_the_cluster_takes_away_by_intent_costs_no_retry() -> None:
    policy = replace(LIMITS, retries=0, infrastructure_retries=0)
    _, one = lone(policy, *[Ending.DISRUPTED] * 6)
    assert (one.status, one.attempt, one.endings) == (StepStatus.SUCCEEDED, 7, {Failure.DISRUPTED: 6})


def test_memory_that_ran_out_is_given_once_where_asked_for() -> None:
    played, one = lone(replace(LIMITS, retry_oom=2.0), Ending.OOM, Ending.OOM)
    assert (one.status, one.attempt) == (StepStatus.SUCCEEDED, 2)
    assert len(played.world.executions) == 2
    _, other = lone(LIMITS, Ending.OOM)
    assert (other.status, other.failure, other.attempt) == (StepStatus.FAILED, Failure.OOM, 1)
    assert "--retry-oom" in other.remedy


def test_an_image_that_cannot_be_had_fails_at_once_in_words() -> None:
    played, one = lone(replace(LIMITS, retries=5), Ending.UNPULLABLE)
    assert (one.failure, one.attempt) == (Failure.IMAGE, 1)
    assert "cannot be pulled" in one.reason
    assert played.world.executions == {}


@pytest.mark.parametrize(
    ("ending", "limit"),
    [
        (Ending.UNSCHEDULABLE, "queue_timeout"),
        (Ending.STUCK, "start_timeout"),
        (Ending.HANGS, "run_timeout"),
    ],
)
def test_each_time_limit_ends_what_would_last_for_ever_and_names_itself(ending: Ending, limit: str) -> None:
    _, one = lone(LIMITS, ending)
    assert (one.status, one.failure) == (StepStatus.FAILED, Failure.TIMEOUT)
    assert limit in one.reason
    assert limit in one.remedy


def test_who_ends_well_when_told_to_end_has_succeeded() -> None:
    _, one = lone(LIMITS, Ending.COMMITS_ON_STOP)
    assert (one.status, one.attempt) == (StepStatus.SUCCEEDED, 1)


def test_a_deadline_stops_all_but_what_always_runs() -> None:
    what = plan(step("a"), step("b", "a"), step("z", always=True, after=("a", "b")), policy=RunPolicy(deadline=10))
    end = check(Played(History(what, script(Ending.HANGS))))
    assert statuses(end) == {"a": "failed", "b": "skipped", "z": "succeeded"}
    assert "deadline" in end.steps["a"].reason
    assert "--deadline" in end.steps["a"].remedy


def test_a_zombie_that_ends_late_changes_nothing_that_was_committed() -> None:
    for stages in range(1, 5):
        endings = {TaskId(RUN, "a", 1): (Ending.ZOMBIE, 1), TaskId(RUN, "a", 2): (Ending.SUCCEEDS, stages)}
        played = Played(History(plan(step("a", policy=LIMITS), step("b", "a")), endings))
        end = check(played)
        assert end.status is RunStatus.SUCCEEDED
        winner = end.steps["a"].attempt
        reported = [event for event in played.events if isinstance(event, e.StepSucceeded) and event.key == "a"]
        assert [event.attempt for event in reported] == [winner]


def test_a_deletion_that_drags_on_is_asked_for_until_it_is_done() -> None:
    played, one = lone(LIMITS, Ending.HANGS, lingers=5)
    assert (one.status, one.failure) == (StepStatus.FAILED, Failure.TIMEOUT)
    assert played.world.attempts == {}


def test_a_step_is_executed_once_however_often_its_target_could_try() -> None:
    for policy in (LIMITS, replace(LIMITS, infrastructure_retries=5, disruption_retries=5)):
        played, one = lone(policy, *[Ending.FAILS] * 5)
        assert (one.failure, one.attempt) == (Failure.USER, 1)
        assert sum(played.world.executions.values()) == 1
