"""Kill the controller before or after any effect, start another from the journal, again and again: the same end."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.control.loop import IDLE, STALE, Controller
from runner.control.sleep import ASLEEP
from runner.errors import RunTaken, StoreDenied, TargetDenied, TargetError, TargetUnreachable
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.policy import DEFAULT
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.runs import head, records
from tests.support.builders import ENVIRONMENT, RUN, T0, plan, statuses, step
from tests.support.fake_clock import FakeClock
from tests.support.fake_target import Ending
from tests.support.mortal import Life, MortalTarget
from tests.support.run_bench import Bench

QUICK = settings(
    max_examples=int(os.environ.get("RUNNER_TEST_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)

Shape = tuple[frozenset[int], ...]
"""The numbers of the steps that each step needs: smaller than its own."""
SHAPES = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        *(st.frozensets(st.integers(0, max(0, n - 1)), max_size=2 if n else 0) for n in range(count))
    )
)


def shaped(shape: Shape, *, backwards: bool = False) -> Plan:
    steps = [step(f"s{n}", *(f"s{need}" for need in sorted(needs))) for n, needs in enumerate(shape)]
    return plan(*reversed(steps)) if backwards else plan(*steps)


def endings(*kinds: Ending) -> st.SearchStrategy[dict[TaskId, tuple[Ending, int]]]:
    tasks = st.builds(TaskId, st.just(RUN), st.sampled_from([f"s{n}" for n in range(5)]), st.integers(1, 3))
    return st.dictionaries(tasks, st.tuples(st.sampled_from(kinds), st.integers(1, 4)), max_size=6)


LOSSES = (Ending.SUCCEEDS, Ending.EVICTED, Ending.VANISHES, Ending.FORGOTTEN)
DEATHS = st.lists(st.integers(1, 40), max_size=6)
TROUBLE = st.frozensets(st.integers(3, 80), max_size=8)


@QUICK
@given(SHAPES, endings(*LOSSES), DEATHS, TROUBLE, st.integers(1, 3))
def test_the_end_is_that_of_an_undisturbed_run(
    shape: Shape,
    script: dict[TaskId, tuple[Ending, int]],
    deaths: list[int],
    trouble: frozenset[int],
    slots: int,
) -> None:
    what = shaped(shape, backwards=slots == 3)
    calm, rough = Bench(what, script, slots), Bench(what, script, slots)
    calm.run()
    rough.run(*deaths, trouble=trouble)
    calm.check()
    rough.check()
    assert rough.state.status is calm.state.status is RunStatus.SUCCEEDED
    assert set(rough.world.executions) == set(calm.world.executions)
    for key, one in calm.state.steps.items():
        assert rough.state.steps[key].outputs == one.outputs
        assert rough.state.steps[key].attempt == one.attempt


@QUICK
@given(SHAPES, endings(*LOSSES, Ending.FAILS), DEATHS, st.booleans())
def test_failures_end_the_same_whoever_sees_them(
    shape: Shape, script: dict[TaskId, tuple[Ending, int]], deaths: list[int], go_on: bool
) -> None:
    calm, rough = (Bench(shaped(shape), script, go_on=go_on) for _ in range(2))
    calm.run()
    rough.run(*deaths)
    calm.check()
    rough.check()
    assert rough.state.status is calm.state.status
    if go_on:
        assert statuses(rough.state) == statuses(calm.state)
        assert set(rough.world.executions) == set(calm.world.executions)


@QUICK
@given(SHAPES, endings(*LOSSES, Ending.FAILS, Ending.HANGS), DEATHS, TROUBLE, st.integers(0, 12))
def test_a_cancel_at_any_time_leaves_nothing_running(
    shape: Shape,
    script: dict[TaskId, tuple[Ending, int]],
    deaths: list[int],
    trouble: frozenset[int],
    cancel_at: int,
) -> None:
    hanging = {**script, TaskId(RUN, "s0"): (Ending.HANGS, 1)}
    bench = Bench(shaped(shape), hanging, cancel_at=cancel_at)
    if cancel_at == 0:
        records.cancel(bench.store, RUN)
    bench.run(*deaths, trouble=trouble)
    bench.check()
    assert bench.state.status is RunStatus.CANCELED


@QUICK
@given(SHAPES, endings(*LOSSES), st.lists(st.booleans(), max_size=30), st.integers(0, 8))
def test_of_two_controllers_one_loses(
    shape: Shape, script: dict[TaskId, tuple[Ending, int]], turns: list[bool], head_start: int
) -> None:
    bench = Bench(shaped(shape), script)
    first = bench.controller(Life())
    first.take("host", 1)
    lone = [first]
    for _ in range(head_start):
        turn(first)
    if first.state.over:
        return
    second = bench.controller(Life())
    second.take("host", 2)
    for is_first in turns:
        if is_first and lone:
            try:
                turn(first)
            except RunTaken:
                lone.clear()
        elif not second.state.over:
            turn(second)
    while not second.state.over:
        turn(second)
    if lone and not first.state.over:
        with pytest.raises(RunTaken):
            first.drive()
    bench.world.pass_time(1)  # what the loser has started in a finished run is swept
    assert bench.state.status is RunStatus.SUCCEEDED
    bench.check()


def turn(controller: Controller) -> None:
    if not controller.state.over and not controller.tick():
        next(iter(controller.effects.targets.values())).wait(IDLE)


def test_every_instant_of_a_small_run() -> None:
    """Exhaustively: each single instant at which the controller of a chain with a loss can die."""
    what = plan(step("a"), step("b", "a"))
    script = {TaskId(RUN, "b", 1): (Ending.EVICTED, 2)}
    whole = Life()
    bench = Bench(what, script)
    bench.live(whole)
    assert whole.instant > 20
    for instant in range(1, whole.instant + 1):
        rough = Bench(what, script)
        rough.run(instant)
        rough.check()
        assert rough.lives == 2 - (instant > whole.instant - 4 and rough.lives == 1)
        assert rough.world.executions == bench.world.executions


def test_a_failed_step_takes_down_what_needs_it_and_says_why() -> None:
    what = plan(step("a"), step("b", "a"), step("c", "b"), step("d"))
    bench = Bench(what, {TaskId(RUN, "a"): (Ending.FAILS, 1)})
    end = bench.run()
    bench.check()
    assert statuses(end) == {"a": "failed", "b": "skipped", "c": "skipped", "d": "succeeded"}
    assert end.steps["a"].exit_code == 3
    assert end.steps["b"].reason == "it needs 'a', which failed"
    assert end.steps["c"].reason == "it needs 'b', which was not run"
    assert end.status is RunStatus.FAILED


def test_without_leave_to_go_on_the_first_failure_stops_the_run() -> None:
    what = plan(step("a"), step("b"), step("c", "b"))
    end = Bench(what, {TaskId(RUN, "a"): (Ending.FAILS, 1), TaskId(RUN, "b"): (Ending.SUCCEEDS, 3)}, go_on=False).run()
    assert statuses(end) == {"a": "failed", "b": "succeeded", "c": "skipped"}
    assert end.steps["c"].reason == "'a' failed, and the run stops at its first failure"


@pytest.mark.parametrize("ending", [Ending.EVICTED, Ending.VANISHES])
def test_lost_attempts_are_made_again_up_to_the_limit(ending: Ending) -> None:
    script = {TaskId(RUN, "a", attempt): (ending, 1) for attempt in range(1, 9)}
    bench = Bench(plan(step("a")), script)
    end = bench.run()
    bench.check()
    assert end.status is RunStatus.FAILED
    assert sum(end.steps["a"].endings.values()) == DEFAULT.infrastructure_retries
    assert end.steps["a"].attempt == (DEFAULT.infrastructure_retries or 0) + 1
    assert sum(bench.world.executions.values()) == (DEFAULT.infrastructure_retries or 0) + 1


def test_an_environment_that_cannot_be_made_fails_its_steps() -> None:
    spec = EnvironmentSpec(pip=("nonsense",))
    what = plan(step("a"), step("b", "a"), environments={ENVIRONMENT: NamedEnvironment(ENVIRONMENT, spec)})
    bench = Bench(what, broken=("nonsense",))
    end = bench.run()
    bench.check()
    assert statuses(end) == {"a": "failed", "b": "failed"}
    assert "nonsense cannot be installed" in end.steps["a"].reason
    assert bench.world.executions == {}


def test_after_a_sleep_the_first_tick_only_observes() -> None:
    bench = Bench(plan(step("a")))
    controller = bench.controller(Life())
    controller.take("host", 1)
    assert not controller.state.environments
    bench.world.clock.advance(ASLEEP + 1)
    controller.tick()
    assert bench.world.attempts == {}
    assert controller.state.slept == ASLEEP + 1
    while not controller.state.over:
        turn(controller)
    bench.check()


def test_a_controller_that_slept_proves_its_hold_before_it_acts() -> None:
    bench = Bench(plan(step("a"), step("b", "a")))
    first = bench.controller(Life())
    first.take("host", 1)
    second = bench.controller(Life())
    second.take("host", 2)
    bench.world.clock.advance(STALE + 1)
    with pytest.raises(RunTaken, match="driven by host"):
        first.drive()
    assert bench.world.executions == {}


def test_one_that_has_nothing_to_do_sees_that_it_lost_the_run_and_leaves_the_head_alone() -> None:
    bench = Bench(plan(step("a")), {TaskId(RUN, "a", 1): (Ending.SUCCEEDS, 100)})
    first = bench.controller(Life())
    first.take("laptop", 1)
    turn(first)
    turn(first)  # the step runs, and goes on for long
    second = bench.controller(Life())
    second.take("pod", 2)
    second.tick()
    before = head.read(bench.store, RUN)
    bench.world.clock.advance(STALE + 1)
    with pytest.raises(RunTaken, match="driven by pod"):
        first.tick()
    assert head.read(bench.store, RUN) == before


def test_a_controller_that_cannot_go_on_says_why_and_another_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_key: str) -> None:
        raise StoreDenied("the key has expired")

    bench = Bench(plan(step("a"), step("b", "a")))
    controller = bench.controller(Life())
    controller.take("host", 1)
    turn(controller)
    monkeypatch.setattr(bench.store, "stat", deny)
    with pytest.raises(StoreDenied):
        controller.drive()
    shown = head.read(bench.store, RUN)
    assert shown is not None
    assert shown.error == "the key has expired"
    monkeypatch.undo()
    bench.run()
    bench.check()


def test_what_cannot_be_removed_does_not_keep_the_run_from_going_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(_target: MortalTarget, task: TaskId, _uid: str) -> None:
        raise TargetUnreachable(f"the kubelet of {task.key} does not answer")

    bench = Bench(plan(step("a"), step("b", "a")))
    monkeypatch.setattr(MortalTarget, "remove", no_answer)
    end = bench.run()
    assert end.status is RunStatus.SUCCEEDED
    bench.world.pass_time(1)
    bench.check()


@pytest.mark.parametrize("error", [TargetDenied, TargetError])
def test_a_cancel_outlives_what_will_not_stop_at_once(
    monkeypatch: pytest.MonkeyPatch, error: type[TargetError]
) -> None:
    stop, refused = MortalTarget.stop, [error("not now")] * 3

    def late(target: MortalTarget, task: TaskId, uid: str) -> None:
        if refused:
            raise refused.pop()
        stop(target, task, uid)

    bench = Bench(plan(step("a"), step("b")), {TaskId(RUN, "a"): (Ending.HANGS, 1)}, cancel_at=3)
    monkeypatch.setattr(MortalTarget, "stop", late)
    end = bench.run()
    bench.check()
    assert (end.status, refused) == (RunStatus.CANCELED, [])


def test_who_loses_the_run_does_not_speak_for_it() -> None:
    bench = Bench(plan(step("a")))
    first, second = bench.controller(Life()), bench.controller(Life())
    first.take("host", 1)
    with pytest.raises(RunTaken):
        second.take("host", 2)
    with pytest.raises(RunTaken):
        second.drive()
    shown = head.read(bench.store, RUN)
    assert shown is None or shown.error == ""


def test_the_clock_of_these_tests_stands_still() -> None:
    clock = FakeClock()
    assert (clock.now(), clock.monotonic()) == (T0, 0.0)
