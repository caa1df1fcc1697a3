from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.control.actions import Action, Prepare, ReadOutcome, Remove, Start, Stop
from runner.control.decide import Situation, decide, reusable
from runner.control.progress import progress_of
from runner.control.settle import end_of, settle
from runner.model import events as e
from runner.model.observation import Observation, Phase
from runner.model.plan import Plan
from runner.model.policy import RunPolicy
from runner.model.record import Failure
from runner.model.state import RunState, begin
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from tests.support import builders as b
from tests.support.call_count import calls_of

CHAIN = b.plan(b.step("a"), b.step("b", "a"))
PAIR = b.plan(b.step("a"), b.step("b"))
LOST = e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="gone")


def decided(
    plan: Plan,
    state: RunState,
    seen: Mapping[TaskId, Observation] | None = None,
    *,
    journaled: RunState | None = None,
    slots: int = 4,
    just_started: frozenset[TaskId] = frozenset(),
    missed: frozenset[str] = frozenset(),
) -> tuple[Action, ...]:
    return decide(
        Situation(
            draft=progress_of(plan, state),
            journaled=journaled or state,
            seen=seen or {},
            capacity={b.TARGET: slots},
            now=b.at(99),
            just_started=just_started,
            missed=missed,
        )
    )


def test_environments_come_first_each_once() -> None:
    assert decided(PAIR, b.state(PAIR, ready=False)) == (Prepare(b.ENVIRONMENT, b.TARGET),)


def test_no_environment_is_made_for_steps_that_have_ended() -> None:
    assert decided(PAIR, b.state(PAIR, b.failed("a"), b.failed("b"), ready=False)) == ()


def test_a_broken_environment_is_not_made_again() -> None:
    assert decided(PAIR, b.state(PAIR, e.EnvironmentUnavailable(b.ENVIRONMENT, b.TARGET, "no"), ready=False)) == ()


def test_what_is_ready_starts_at_once() -> None:
    assert decided(PAIR, b.state(PAIR)) == (Start("a", 1, b.TARGET), Start("b", 1, b.TARGET))
    assert decided(CHAIN, b.state(CHAIN)) == (Start("a", 1, b.TARGET),)


def test_the_next_starts_when_its_inputs_are_there() -> None:
    done = b.state(CHAIN, b.started("a"), b.succeeded("a"))
    assert decided(CHAIN, done) == (Start("b", 1, b.TARGET),)
    reused = b.state(CHAIN, e.StepReused("a", "other.a", {"out": b.ref()}))
    assert decided(CHAIN, reused) == (Start("b", 1, b.TARGET),)


@pytest.mark.parametrize(("slots", "expected"), [(0, []), (1, []), (2, ["b"]), (3, ["b", "c"]), (9, ["b", "c"])])
def test_a_targets_room_is_kept(slots: int, expected: list[str]) -> None:
    plan = b.plan(b.step("a"), b.step("b"), b.step("c"))
    actions = decided(plan, b.state(plan, b.started("a")), b.seen(Phase.RUNNING), slots=slots)
    assert [action.key for action in actions if isinstance(action, Start)] == expected


@pytest.mark.parametrize(("limit", "expected"), [(1, ["d"]), (2, ["b", "d"]), (9, ["b", "c", "d"])])
def test_a_compute_name_has_a_limit_of_its_own(limit: int, expected: list[str]) -> None:
    small = [b.step(key, compute="small") for key in ("a", "b", "c")]
    plan = b.plan(*small, b.step("d", compute="other"))
    targets = {one.key: b.TARGET for one in plan.steps}
    state = b.state(plan, b.started("a"), limits={"small": limit}, targets=targets)
    actions = decided(plan, state, b.seen(Phase.RUNNING))
    assert [action.key for action in actions if isinstance(action, Start)] == expected


@pytest.mark.parametrize(("limit", "expected"), [(2, []), (3, ["c"]), (4, ["b"]), (5, ["b", "c"])])
def test_the_limit_of_a_compute_name_counts_nodes(limit: int, expected: list[str]) -> None:
    two = Workers(kind=WorkerKind.GANG, nodes=1, nodes_parameter="n")
    small = [b.step(key, compute="small", workers=two) for key in ("a", "b")]
    plan = b.plan(*small, b.step("c", compute="small"), parameters={"n": 9})
    targets = {one.key: b.TARGET for one in plan.steps}
    state = b.state(plan, b.started("a"), limits={"small": limit}, targets=targets, parameters={"n": 2})
    actions = decided(plan, state, b.seen(Phase.RUNNING))
    assert [action.key for action in actions if isinstance(action, Start)] == expected


def test_a_step_of_more_nodes_than_its_limit_has_starts_alone() -> None:
    """Submission refuses it; a limit that a plan meets later must not make the run wait for ever."""
    many = Workers(kind=WorkerKind.POOL, nodes=9)
    plan = b.plan(*(b.step(key, compute="small", workers=many) for key in ("a", "b")))
    state = b.state(plan, limits={"small": 2}, targets={"a": b.TARGET, "b": b.TARGET})
    assert [action.key for action in decided(plan, state) if isinstance(action, Start)] == ["a"]


def test_nothing_is_made_or_started_that_may_have_been_done_before() -> None:
    fresh = b.state(PAIR, ready=False, regenerate_outputs=False)
    assert decided(PAIR, fresh) == ()
    assert decided(PAIR, fresh, missed=frozenset({"a"})) == (Prepare(b.ENVIRONMENT, b.TARGET),)
    ready = b.state(PAIR, regenerate_outputs=False)
    assert decided(PAIR, ready) == ()
    assert decided(PAIR, ready, missed=frozenset({"b"})) == (Start("b", 1, b.TARGET),)


@pytest.mark.parametrize("reported", [{"regenerate_outputs": True}, {}])
def test_when_equals_are_looked_for(reported: dict[str, bool]) -> None:
    state = b.state(CHAIN, **{"regenerate_outputs": False, **reported})
    assert [step.key for step in reusable(progress_of(CHAIN, state), set())] == ([] if reported else ["a"])
    assert reusable(progress_of(CHAIN, state), {"a"}) == []
    tried = b.state(CHAIN, b.started("a"), LOST, regenerate_outputs=False)
    assert reusable(progress_of(CHAIN, tried), set()) == []


def test_a_new_attempt_waits_until_the_loss_is_journaled() -> None:
    running, lost = b.state(CHAIN, b.started("a")), b.state(CHAIN, b.started("a"), LOST)
    seen = b.seen(Phase.FAILED)
    assert decided(CHAIN, lost, seen, journaled=running) == ()
    assert decided(CHAIN, lost, seen) == (Start("a", 2, b.TARGET), Remove(b.task_id("a"), "uid-a-1", b.TARGET))


def test_what_is_stopped_is_not_inquired_after_as_well() -> None:
    """Both would tell its end, and a step ends once."""
    state = b.state(CHAIN, b.started("a"), e.AttemptOverdue("a", 1, "it was running for more than 30 s (run_timeout)"))
    assert decided(CHAIN, state) == (Stop(b.task_id("a"), "uid-a-1", b.TARGET),)
    before = b.state(CHAIN, b.started("a"))
    assert decided(CHAIN, state, journaled=before) == (ReadOutcome(b.task_id("a")),)


def test_what_the_target_does_not_know_is_inquired_after() -> None:
    state = b.state(CHAIN, b.started("a"))
    assert decided(CHAIN, state) == (ReadOutcome(b.task_id("a")),)
    assert decided(CHAIN, state, b.seen(Phase.PENDING)) == ()
    assert decided(CHAIN, state, just_started=frozenset({b.task_id("a")})) == ()
    ran = b.state(CHAIN, b.started("a"), e.AttemptRunning("a", b.at(1)))
    assert decided(CHAIN, ran, just_started=frozenset({b.task_id("a")})) == (ReadOutcome(b.task_id("a")),)


def test_an_ended_attempt_is_removed_once_its_end_is_journaled() -> None:
    running = b.state(CHAIN, b.started("a"))
    ended = b.state(CHAIN, b.started("a"), b.failed("a"), e.StepSkipped("b", ""))
    seen = b.seen(Phase.FAILED)
    assert decided(CHAIN, ended, seen, journaled=running) == ()
    assert decided(CHAIN, ended, seen) == (Remove(b.task_id("a"), "uid-a-1", b.TARGET),)


def test_an_attempt_that_was_given_up_and_runs_is_stopped() -> None:
    second = b.state(CHAIN, b.started("a"), LOST, b.started("a", 2))
    seen = {**b.seen(Phase.RUNNING, attempt=1), **b.seen(Phase.RUNNING, attempt=2)}
    assert decided(CHAIN, second, seen) == (Stop(b.task_id("a"), "uid-a-1", b.TARGET),)


def test_strangers_are_left_alone() -> None:
    assert decided(CHAIN, b.state(CHAIN, b.started("a")), {**b.seen(Phase.RUNNING), **b.seen(Phase.FAILED, "x")}) == ()


def test_a_cancel_stops_what_runs_and_starts_nothing_once_it_is_journaled() -> None:
    running = b.state(PAIR, b.started("a"))
    canceling = b.state(PAIR, b.started("a"), e.CancelRequested())
    seen = b.seen(Phase.RUNNING)
    assert decided(PAIR, canceling, seen, journaled=running) == ()
    assert decided(PAIR, canceling, seen) == (Stop(b.task_id("a"), "uid-a-1", b.TARGET),)


def test_a_cancel_does_not_stop_what_has_just_ended() -> None:
    canceling = b.state(PAIR, b.started("a"), e.CancelRequested())
    ended = b.state(PAIR, b.started("a"), e.CancelRequested(), b.succeeded("a"))
    assert decided(PAIR, ended, b.seen(Phase.SUCCEEDED), journaled=canceling) == ()


def test_before_it_is_submitted_nothing_is_done() -> None:
    assert decided(PAIR, begin(b.RUN, PAIR)) == ()


def test_what_a_failure_means_for_the_rest() -> None:
    plan = b.plan(b.step("a"), b.step("b", "a"), b.step("c"))
    failed = b.state(plan, b.started("a"), b.failed("a"), continue_on_step_failure=True)
    assert settle(plan, failed) == (e.StepSkipped("b", "it needs 'a', which failed"),)
    strict = b.state(plan, b.started("a"), b.failed("a"))
    assert settle(plan, strict) == (
        e.StepSkipped("b", "it needs 'a', which failed"),
        e.StepSkipped("c", "'a' failed, and the run stops at its first failure"),
    )


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (e.StepSkipped("a", ""), "which was not run"),
        (e.StepCanceled("a"), "which canceled"),
        (b.failed("a"), "which failed"),
    ],
)
def test_why_a_step_is_skipped(event: e.Event, words: str) -> None:
    (skipped,) = settle(CHAIN, b.state(CHAIN, event))
    assert isinstance(skipped, e.StepSkipped)
    assert skipped.reason.startswith("it needs 'a', ")
    assert words.rsplit(maxsplit=1)[-1] in skipped.reason


def test_steps_without_an_environment_fail() -> None:
    lost = e.EnvironmentUnavailable(b.ENVIRONMENT, b.TARGET, "no such package")
    assert settle(PAIR, b.state(PAIR, lost, ready=False)) == tuple(
        e.StepFailed(key=key, failure=Failure.IMAGE, reason="no such package") for key in "ab"
    )


def test_a_cancel_takes_down_what_waits() -> None:
    state = b.state(CHAIN, b.started("a"), e.CancelRequested())
    assert settle(CHAIN, state) == (e.StepCanceled("b"),)


def test_nothing_follows_while_all_is_well() -> None:
    assert settle(CHAIN, b.state(CHAIN, b.started("a"))) == ()


@pytest.mark.parametrize(
    ("events", "end"),
    [
        ([b.started("a"), b.succeeded("a")], None),
        ([b.started("a"), b.succeeded("a"), b.started("b"), b.succeeded("b")], RunStatus.SUCCEEDED),
        ([e.StepReused("a", "o"), e.StepReused("b", "o")], RunStatus.SUCCEEDED),
        ([b.started("a"), b.succeeded("a"), b.failed("b")], RunStatus.FAILED),
        ([b.failed("a"), e.StepSkipped("b", "")], RunStatus.FAILED),
        ([e.CancelRequested(), e.StepCanceled("a"), e.StepCanceled("b")], RunStatus.CANCELED),
        ([e.StepReused("a", "o"), e.CancelRequested(), e.StepReused("b", "o")], RunStatus.SUCCEEDED),
        ([b.failed("a"), e.CancelRequested(), b.failed("b")], RunStatus.FAILED),
        ([b.failed("a"), e.StepSkipped("b", ""), e.RunEnded(RunStatus.FAILED)], None),
    ],
)
def test_the_end_of_a_run(events: list[e.Event], end: RunStatus | None) -> None:
    found = end_of(CHAIN, b.state(CHAIN, *events))
    assert (found.status if found else None) is end


def test_a_failure_is_carried_through_in_one_go() -> None:
    plan = b.plan(b.step("a"), b.step("b", "a"), b.step("c", "b"), b.step("d"))
    failed = b.state(plan, b.started("a"), b.failed("a"), continue_on_step_failure=True)
    reported = (e.StepSkipped("b", "it needs 'a', which failed"), e.StepSkipped("c", "it needs 'b', which was not run"))
    assert settle(plan, failed) == reported
    assert settle(plan, b.state(plan, b.started("a"), b.failed("a"), *reported, continue_on_step_failure=True)) == ()


def test_an_attempt_that_takes_too_long_is_stopped_once_that_is_journaled() -> None:
    late = e.AttemptOverdue("a", 1, "too long")
    running, known = b.state(CHAIN, b.started("a")), b.state(CHAIN, b.started("a"), late)
    seen = b.seen(Phase.RUNNING)
    assert decided(CHAIN, known, seen, journaled=running) == ()
    assert decided(CHAIN, known, seen) == (Stop(b.task_id("a"), "uid-a-1", b.TARGET),)


def test_the_next_attempt_waits_for_its_pause() -> None:
    early = b.state(
        PAIR,
        b.started("a"),
        e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="gone", not_before=b.at(100)),
    )
    assert [action.key for action in decided(PAIR, early) if isinstance(action, Start)] == ["b"]
    due = b.state(
        PAIR,
        b.started("a"),
        e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="gone", not_before=b.at(99)),
    )
    assert [action.key for action in decided(PAIR, due) if isinstance(action, Start)] == ["a", "b"]


@pytest.mark.parametrize(("most", "expected"), [(1, []), (2, ["b"]), (0, ["b", "c"])])
def test_a_run_has_a_limit_of_its_own(most: int, expected: list[str]) -> None:
    plan = b.plan(b.step("a"), b.step("b"), b.step("c"), policy=RunPolicy(max_parallel=most))
    actions = decided(plan, b.state(plan, b.started("a")), b.seen(Phase.RUNNING))
    assert [action.key for action in actions if isinstance(action, Start)] == expected


CLEANED = b.plan(b.step("a"), b.step("b", "a"), b.step("c", always=True, after=("a", "b")))


def test_what_always_runs_waits_for_the_end_of_what_it_needs_whatever_that_is() -> None:
    assert [action.key for action in decided(CLEANED, b.state(CLEANED)) if isinstance(action, Start)] == ["a"]
    failed = b.state(CLEANED, b.started("a"), b.failed("a"))
    reported = settle(CLEANED, failed)
    assert reported == (e.StepSkipped("b", "it needs 'a', which failed"),)
    over = b.state(CLEANED, b.started("a"), b.failed("a"), *reported)
    assert decided(CLEANED, over) == (Start("c", 1, b.TARGET),)


def test_what_always_runs_is_skipped_without_the_outputs_it_reads_and_canceled_with_the_run() -> None:
    plan = b.plan(b.step("a"), b.step("c", "a", always=True))
    assert settle(plan, b.state(plan, b.started("a"), b.failed("a"))) == (
        e.StepSkipped("c", "it needs 'a', which failed"),
    )
    assert b.names(settle(CLEANED, b.state(CLEANED, e.CancelRequested()))) == ["StepCanceled"] * 3


def test_after_the_deadline_all_but_what_always_runs_is_stopped_or_skipped() -> None:
    late = b.state(CLEANED, b.started("a"), e.RunOverdue("late"))
    reported = settle(CLEANED, late)
    assert reported == (e.AttemptOverdue("a", 1, "late"), e.StepSkipped("b", "late"))
    assert settle(CLEANED, b.state(CLEANED, b.started("a"), e.RunOverdue("late"), *reported)) == ()


def tick_calls(finished: int) -> int:
    """Calls made to decide while one step runs and so many have ended."""
    plan = b.plan(*(b.step(f"s{i}") for i in range(finished)), b.step("a"), b.step("z", "a"))
    ended = (event for i in range(finished) for event in (b.started(f"s{i}"), b.succeeded(f"s{i}")))
    progress = progress_of(plan, b.state(plan, *ended, b.started("a")))
    situation = Situation(
        draft=progress, journaled=progress.state, seen=b.seen(Phase.RUNNING), capacity={b.TARGET: 4}, now=b.at(99)
    )
    event = b.entry(progress.state.number + 1, e.AttemptRunning("a", b.at(1)))
    return calls_of(lambda: (decide(situation), progress.after(event), settle(plan, progress.state, event.events)))


def test_a_tick_does_not_look_at_steps_that_have_ended() -> None:
    assert tick_calls(1000) <= tick_calls(10) + 5
