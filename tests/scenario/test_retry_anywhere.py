"""Runs made again, with whoever submits or drives them killed at any instant: no run is left, or one that ends well."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.compute import ResourceRequest as ResourceWish
from runner.model.names import new_run_id
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.policy_overrides import PolicyOverrides
from runner.model.state import RunState
from runner.model.status import DELIVERED, RunStatus, StepStatus
from runner.model.task import TaskId
from runner.operations import watch
from runner.operations.listing import is_begun
from runner.operations.retry import prepare_retry, resubmit
from runner.operations.retry_selection import Part, Scope
from runner.operations.run_pages import RunFilter, page
from runner.operations.submit import Submitter
from runner.operations.values import WorkspaceFacts
from runner.runs import journal, records
from tests.scenario.test_crash_anywhere import DEATHS, QUICK, SHAPES, TROUBLE, Shape, endings, shaped
from tests.support.builders import RUN, T0, plan, statuses, step
from tests.support.fake_target import Ending
from tests.support.memory_store import MemoryStore
from tests.support.mortal import Killed, Life, MortalStore
from tests.support.run_bench import Bench

WHO = Submitter("ada", T0 + timedelta(days=1), b"0123456789", WorkspaceFacts(name="w"))
NEW = new_run_id(WHO.now, WHO.entropy)
CHAIN = plan(step("a"), step("b", "a"), step("c", "b"), step("d"))
B_FAILS = {TaskId(RUN, "b"): (Ending.FAILS, 1)}


def ended(bench: Bench) -> Bench:
    bench.run()
    return bench


def again(origin: Bench, part: Part, life: Life | None = None) -> Bench | None:
    """The bench of the new run; None if whoever submitted it was killed before there was one."""
    store = origin.store
    made = prepare_retry(store, lambda _name: store, watch.view(store, RUN), part)
    try:
        assert resubmit(MortalStore(store, life) if life else store, made, WHO) == NEW
    except Killed:
        if not is_begun(store, NEW):
            return None
    # That the bench would submit the run finds the first entry there.
    return Bench(origin.plan, run_id=NEW, store=store, go_on=origin.go_on)


def begun(origin: Bench, part: Part) -> Bench:
    made = again(origin, part)
    assert made is not None
    return made


@QUICK
@given(SHAPES, endings(Ending.SUCCEEDS, Ending.FAILS, Ending.EVICTED), DEATHS, TROUBLE, st.integers(0, 8))
def test_what_failed_is_made_again_and_only_that(
    shape: Shape, script: dict[TaskId, tuple[Ending, int]], deaths: list[int], trouble: frozenset[int], killed: int
) -> None:
    origin = ended(Bench(shaped(shape), script))
    before = dict(origin.store.objects)
    delivered = {key for key, one in origin.state.steps.items() if one.status in DELIVERED}
    bench = again(origin, Part(), Life(killed))
    if bench is None:
        assert [run.run for run in page(origin.store, RunFilter()).runs] == []
        assert {key: data for key, data in origin.store.objects.items() if not key.startswith("index/")} == before
        bench = begun(origin, Part())
    end = bench.run(*deaths, trouble=trouble)
    if delivered != end.steps.keys():
        bench.check()
    assert end.status is RunStatus.SUCCEEDED
    assert {key for key, one in end.steps.items() if one.status is StepStatus.REUSED} == delivered
    assert {task.key for task in bench.world.executions} == end.steps.keys() - delivered
    for key in delivered:
        assert end.steps[key].outputs == origin.state.steps[key].outputs
        assert end.steps[key].origin == f"{RUN}.{key}"


def test_every_instant_of_the_submission() -> None:
    left: list[bool] = []
    for instant in range(1, 7):
        bench = again(ended(Bench(CHAIN, B_FAILS)), Part(), Life(instant))
        left.append(bench is not None)
        if bench is not None:
            assert bench.run().status is RunStatus.SUCCEEDED
            bench.check()
    assert left == [False, False, False, True, True, True], "two writes, the second of which is the run"


def test_only_that_step_runs_whoever_is_killed() -> None:
    origin = ended(Bench(CHAIN, {TaskId(RUN, "d"): (Ending.FAILS, 1)}))
    for instant in range(1, 30):
        bench = begun(Bench(CHAIN, store=_copy(origin)), Part(Scope.ONLY, ("b",)))
        end = bench.run(instant)
        assert statuses(end) == {"a": "reused", "b": "succeeded", "c": "reused", "d": "skipped"}
        assert end.steps["d"].reason == f"only 'b' was to run, and it failed in {RUN}"
        assert end.status is RunStatus.SUCCEEDED, "what was left out is no failure"
        assert list(bench.world.executions) == [TaskId(NEW, "b")], "it runs though an equal has been done"


def test_what_was_left_out_runs_when_what_failed_is_made_again() -> None:
    origin = ended(Bench(CHAIN, B_FAILS))
    first = begun(origin, Part(Scope.ONLY, ("b",)))
    first.run()
    made = prepare_retry(origin.store, lambda _name: origin.store, watch.view(origin.store, NEW), Part())
    assert made.choice.stand == ("a", "b", "d")
    assert made.choice.run == ("c",)
    assert made.standing["a"].origin == f"{RUN}.a", "who made it, not who reused it"


def test_from_a_step_on_runs_though_all_was_done() -> None:
    bench = begun(ended(Bench(CHAIN)), Part(Scope.FROM, ("b",)))
    assert statuses(bench.run()) == {"a": "reused", "b": "succeeded", "c": "succeeded", "d": "reused"}
    bench.check()


def test_a_failure_of_what_is_made_again_is_one() -> None:
    bench = begun(ended(Bench(CHAIN)), Part(Scope.ONLY, ("b",)))
    bench.endings = {TaskId(NEW, "b"): (Ending.FAILS, 1)}
    assert bench.run().status is RunStatus.FAILED


@pytest.mark.parametrize("what", ["commit", "manifest", "file"])
def test_what_is_gone_runs_again_and_is_told(what: str) -> None:
    origin = ended(Bench(CHAIN, B_FAILS))
    (lost,) = origin.state.steps["d"].outputs.values()
    task = TaskId(RUN, "d")
    key = {"commit": task.commit, "manifest": f"manifests/{lost.digest}.json", "file": lost.key}[what]
    origin.store.delete(key)
    made = prepare_retry(origin.store, lambda _name: origin.store, watch.view(origin.store, RUN), Part())
    assert made.gone == ("d",)
    assert made.choice.run == ("b", "c", "d")
    bench = begun(origin, Part())
    end = bench.run()
    assert end.status is RunStatus.SUCCEEDED
    assert end.steps["a"].status is StepStatus.REUSED


def test_many_are_looked_for_at_a_time() -> None:
    origin = ended(Bench(CHAIN, B_FAILS))
    known = watch.view(origin.store, RUN)
    one, many = (
        prepare_retry(origin.store, lambda _name: origin.store, known, Part(), threads=threads) for threads in (1, 4)
    )
    assert one == many


def test_a_run_that_has_not_ended_is_not_made_again() -> None:
    bench = Bench(CHAIN)
    bench.live(Life(9))
    with pytest.raises(BadInput, match="has not ended") as caught:
        prepare_retry(bench.store, lambda _name: bench.store, watch.view(bench.store, RUN), Part())
    assert f"runner resume {RUN[-6:]}" in caught.value.problems[0].remedy
    assert f"runner cancel {RUN[-6:]}" in caught.value.problems[0].remedy


def test_the_new_run_is_what_the_first_one_was() -> None:
    bench = begun(ended(Bench(CHAIN, B_FAILS)), Part())
    first, new = watch.view(bench.store, RUN).state.submission, bench.state.submission
    assert first is not None
    assert new is not None
    assert (new.plan, new.parameters, new.tags, new.targets) == (
        first.plan,
        first.parameters,
        first.tags,
        first.targets,
    )
    assert (new.origin, new.user) == (RUN, "ada")
    (listed,) = (run for run in page(bench.store, RunFilter()).runs if run.run == NEW)
    assert listed.origin == RUN


def test_a_run_that_has_ended_never_goes_on() -> None:
    bench = ended(Bench(CHAIN, B_FAILS))
    before = dict(bench.store.objects)
    state: RunState = bench.state
    records.cancel(bench.store, RUN)
    bench.run(3)
    controller = bench.controller(Life())
    assert controller.drive() is RunStatus.FAILED
    entries = tuple(journal.read(bench.store, RUN))
    assert bench.state == state
    assert entries[-1].number == state.number
    assert bench.store.objects.keys() - before.keys() == {f"runs/{RUN}/cancelled"}


def _copy(origin: Bench) -> MemoryStore:
    store = MemoryStore()
    store.objects.update(origin.store.objects)
    return store


def test_words_of_the_command_line_go_before_what_the_plan_states() -> None:
    origin = ended(Bench(CHAIN, B_FAILS))
    made = prepare_retry(origin.store, lambda _name: origin.store, watch.view(origin.store, RUN), Part())
    words = PolicyOverrides(
        policy=StepPolicy(retry_oom=2.0), run=RunPolicy(deadline=60.0), request=ResourceWish(memory="4Gi")
    )
    resubmit(origin.store, made, WHO, replace(words, continue_on_failure=True))
    new = watch.view(origin.store, NEW)
    assert {one.policy.retry_oom for one in new.plan.steps} == {2.0}
    assert {one.resources.memory for one in new.plan.steps} == {"4Gi"}
    assert new.plan.policy.deadline == 60.0
    assert new.state.submission is not None
    assert new.state.submission.continue_on_step_failure
    assert statuses(new.state) == {"a": "reused", "b": "waiting", "c": "waiting", "d": "reused"}
