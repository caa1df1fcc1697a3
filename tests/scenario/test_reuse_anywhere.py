"""Reuse and publishing under the same deaths: nothing that was done runs again, all that was asked for is there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control.reuse_all import end_if_all_reused
from runner.data import registry
from runner.model.plan import Plan
from runner.model.state import RunState
from runner.model.status import RunStatus, StepStatus
from runner.model.step import OutputSpec, RegisterAs, StepSpec
from runner.model.task import TaskId
from runner.runs import head, records
from tests.scenario.test_crash_anywhere import DEATHS, QUICK, SHAPES, TROUBLE, Shape, shaped
from tests.support.builders import RUN, plan, statuses, step
from tests.support.mortal import Life, MortalStore
from tests.support.run_bench import Bench

AGAIN = "20260103t030405678z-bbbbbbbbbbbbbbbb"
"""A later run."""


def later(first: Bench, what: Plan | None = None, *, regenerate: bool = False) -> Bench:
    """The same plan, or another one, submitted once more in the same workspace."""
    return Bench(what or first.plan, run_id=AGAIN, store=first.store, regenerate=regenerate)


def placed(one: StepSpec) -> StepSpec:
    """The step with its output at a fixed place, registered."""
    spec = replace(one.outputs[0], destination=f"placed/{one.key}", register=(RegisterAs(name=f"made-{one.key}"),))
    return replace(one, outputs=(spec,))


def check_places(bench: Bench, state: RunState) -> None:
    for key, one in state.steps.items():
        (ref,) = one.outputs.values()
        assert bench.store.get(f"placed/{key}") == bench.store.get(ref.key)
        known = registry.latest(bench.store, f"made-{key}")
        assert known is not None
        assert known.definition.version == 1
        assert [path.path for path in known.definition.paths] == [f"placed/{key}"]
        assert registry.find(bench.store, known.definition.id) == known


@QUICK
@given(SHAPES, DEATHS, DEATHS, TROUBLE, st.booleans())
def test_what_was_done_is_not_done_again(
    shape: Shape, deaths: list[int], more_deaths: list[int], trouble: frozenset[int], published: bool
) -> None:
    what = shaped(shape)
    if published:
        what = plan(*(placed(one) for one in what.steps))
    first = Bench(what)
    first.run(*deaths)
    first.check()
    second = later(first)
    end = second.run(*more_deaths, trouble=trouble)
    second.check()
    assert end.status is RunStatus.SUCCEEDED
    assert set(statuses(end).values()) == {"reused"}
    assert second.world.executions == {}
    assert second.environments.made == []
    for key, one in first.state.steps.items():
        assert end.steps[key].outputs == one.outputs
        assert end.steps[key].origin == f"{RUN}.{key}"
    if published:
        check_places(second, end)


@QUICK
@given(SHAPES, st.integers(0, 4), DEATHS, TROUBLE)
def test_only_what_a_change_reaches_runs(
    shape: Shape, changed: int, deaths: list[int], trouble: frozenset[int]
) -> None:
    what = shaped(shape)
    first = Bench(what)
    first.run()
    key = f"s{changed % len(shape)}"
    other = plan(*(replace(one, variables={"WHO": f"new {key}"}) if one.key == key else one for one in what.steps))
    second = later(first, other)
    end = second.run(*deaths, trouble=trouble)
    second.check()
    reached = {key}
    for one in what.steps:  # in topological order
        if one.needs & reached:
            reached.add(one.key)
    assert {one.key for one in second.world.executions} == reached
    assert {name for name, status in statuses(end).items() if status == "reused"} == set(end.steps) - reached


def test_every_instant_of_a_published_chain() -> None:
    what = plan(placed(step("a")), placed(step("b", "a")))
    whole = Life()
    Bench(what).live(whole)
    for instant in range(1, whole.instant + 1):
        rough = Bench(what)
        end = rough.run(instant)
        rough.check()
        check_places(rough, end)
        assert all(count == 1 for count in rough.world.executions.values())


def test_a_lost_output_is_made_again() -> None:
    first = Bench(plan(step("a"), step("b", "a")))
    (ref,) = first.run().steps["a"].outputs.values()
    first.store.delete(ref.key)
    end = later(first).run()
    # What is made again has the same bytes: the next step has been done.
    assert statuses(end) == {"a": "succeeded", "b": "reused"}


def test_a_lost_manifest_is_no_hit() -> None:
    first = Bench(plan(step("a")))
    (ref,) = first.run().steps["a"].outputs.values()
    first.store.delete(f"manifests/{ref.digest}.json")
    assert statuses(later(first).run()) == {"a": "succeeded"}


def test_all_is_done_again_when_asked_for() -> None:
    first = Bench(plan(step("a"), step("b", "a")))
    first.run()
    assert statuses(later(first, regenerate=True).run()) == {"a": "succeeded", "b": "succeeded"}


def test_a_step_that_may_not_be_reused_runs_and_those_it_feeds_need_not() -> None:
    what = plan(step("a", reuse=False), step("b", "a"))
    first = Bench(what)
    first.run()
    assert statuses(later(first).run()) == {"a": "succeeded", "b": "reused"}


def test_a_commit_of_its_own_is_no_reuse() -> None:
    bench = Bench(plan(step("a")))
    end = bench.run()
    commit = records.committed(bench.store, TaskId(RUN, "a"))
    assert commit is not None
    assert records.origin_of(commit) == f"{RUN}.a"
    assert end.steps["a"].status is StepStatus.SUCCEEDED


def test_what_was_done_as_a_whole_needs_no_controller() -> None:
    first = Bench(plan(step("a"), step("b", "a"), step("c", "b")))
    first.run()
    second = later(first)
    assert end_if_all_reused(second.store, lambda _: second.store, second.plan, second.state, second.world.clock)
    assert set(statuses(second.state).values()) == {"reused"}
    assert second.state.status is RunStatus.SUCCEEDED
    shown = head.read(second.store, AGAIN)
    assert shown is not None
    assert (shown.status, shown.succeeded) == (RunStatus.SUCCEEDED, 3)


def test_a_run_that_was_ended_at_once_has_ended_whatever_becomes_of_its_summary() -> None:
    first = Bench(plan(step("a")))
    first.run()
    whole = Life()
    second = later(first)
    assert end_if_all_reused(
        MortalStore(second.store, whole), lambda _: second.store, second.plan, second.state, second.world.clock
    )
    third = Bench(first.plan, run_id=AGAIN.replace("03t", "04t"), store=first.store)
    cut = MortalStore(third.store, Life(trouble=frozenset({whole.instant})))
    assert end_if_all_reused(cut, lambda _: third.store, third.plan, third.state, third.world.clock)
    assert third.state.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("changed", [step("c", "b", snapshot="t" * 64), placed(step("c", "b")), step("c", reuse=False)])
def test_one_step_to_do_and_all_is_left_to_the_controller(changed: StepSpec) -> None:
    first = Bench(plan(step("a"), step("b", "a"), step("c", "b")))
    first.run()
    second = later(first, plan(step("a"), step("b", "a"), changed))
    assert not end_if_all_reused(second.store, lambda _: second.store, second.plan, second.state, second.world.clock)
    assert second.state.number == 1
    end = second.run()
    assert [statuses(end)[key] for key in ("a", "b")] == ["reused", "reused"]


@pytest.mark.parametrize("name", ["a/b", "-x"])
def test_an_output_that_cannot_be_registered_fails_its_step_in_words(name: str) -> None:
    bad = replace(step("a"), outputs=(OutputSpec(name="out", register=(RegisterAs(name=name),)),))
    end = Bench(plan(bad, step("b", "a"))).run()
    assert statuses(end) == {"a": "failed", "b": "skipped"}
    assert "could not be published" in end.steps["a"].reason
    assert repr(name) in end.steps["a"].reason
