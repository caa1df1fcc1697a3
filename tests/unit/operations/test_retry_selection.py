"""Which steps of an ended run stand, run and are left out: a table, and what holds of every DAG."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model import events as e
from runner.model.plan import Plan
from runner.model.state import RunState
from runner.model.status import DELIVERED, StepStatus
from runner.operations.retry_selection import Choice, Part, Scope, choose, reached
from tests.support import builders as b
from tests.support import search_plans as s

CHAIN = b.plan(b.step("a"), b.step("b", "a"), b.step("c", "b"), b.step("d", "a"), b.step("e"))
EVENTS: dict[str, e.Event] = {
    "a": e.StepReused("a", "earlier.a", {"out": b.ref()}),
    "b": b.failed("b"),
    "c": e.StepSkipped("c", "it needs 'b', which failed"),
    "d": e.StepReused("d", "earlier.d", {"out": b.ref()}),
    "e": e.StepCanceled("e"),
}
FAILED = b.state(CHAIN, *EVENTS.values())
DONE = b.state(CHAIN, *(e.StepReused(key, f"earlier.{key}", {"out": b.ref()}) for key in "abcde"))


def part(scope: Scope, keys: str) -> Part:
    return Part(scope, tuple(keys))


@pytest.mark.parametrize(
    ("state", "wanted", "gone", "expected"),
    [
        pytest.param(FAILED, Part(), "", ("ad", "bce", "", ""), id="what failed, was skipped or canceled"),
        pytest.param(FAILED, Part(), "a", ("", "abcde", "", ""), id="what is gone takes what stood on it along"),
        pytest.param(FAILED, Part(), "d", ("a", "bcde", "", ""), id="a leaf that is gone runs"),
        pytest.param(DONE, Part(), "", ("abcde", "", "", ""), id="nothing to do"),
        pytest.param(DONE, Part(), "e", ("abcd", "e", "", ""), id="done, but no longer there"),
        pytest.param(DONE, part(Scope.FROM, "b"), "", ("ade", "bc", "", "bc"), id="from a step on"),
        pytest.param(FAILED, part(Scope.FROM, "d"), "", ("a", "bcde", "", "d"), id="from a step, and what failed"),
        pytest.param(DONE, part(Scope.FROM, "bd"), "", ("ae", "bcd", "", "bcd"), id="from two"),
        pytest.param(DONE, part(Scope.ONLY, "b"), "", ("acde", "b", "", "b"), id="only one: the others stand"),
        pytest.param(FAILED, part(Scope.ONLY, "b"), "", ("ad", "b", "ce", "b"), id="only one, the rest is left out"),
        pytest.param(FAILED, part(Scope.ONLY, "bc"), "", ("ad", "bc", "e", "bc"), id="one feeds the other"),
        pytest.param(DONE, part(Scope.ONLY, "e"), "d", ("abc", "e", "d", "e"), id="what is gone is left out"),
    ],
)
def test_choice(state: RunState, wanted: Part, gone: str, expected: tuple[str, str, str, str]) -> None:
    made = choose(CHAIN, state, wanted, frozenset(gone))
    assert (made.stand, made.run, tuple(made.skipped), made.forced) == tuple(map(tuple, expected))


def test_what_is_left_out_says_why() -> None:
    reasons = choose(CHAIN, FAILED, part(Scope.ONLY, "b")).skipped
    assert reasons == {
        "c": f"only 'b' was to run, and it was not run in {b.RUN}",
        "e": f"only 'b' was to run, and it was canceled in {b.RUN}",
    }


@pytest.mark.parametrize(
    ("state", "gone", "words"),
    [
        (FAILED, "", "it needs 'b', and it failed"),
        (DONE, "b", "it needs 'b', and its outputs are gone or were changed"),
    ],
)
def test_a_step_that_cannot_run_alone_names_where_to_begin(state: RunState, gone: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        choose(CHAIN, state, part(Scope.ONLY, "c"), frozenset(gone))
    assert caught.value.problems[0].remedy == "say --from b"


SEARCH = b.plan(*s.searching(s.search(4), "a"), b.step("a"), b.step("z", s.TUNE))
SEARCHED = b.state(
    SEARCH,
    *[e.StepReused(key, f"earlier.{key}", {"out": b.ref()}) for key in ("a", "t0")],
    b.failed("t1"),
    e.StepCanceled("t2", "early termination"),
    e.StepCanceled("t3"),
    b.started(s.TUNE),
    b.succeeded(s.TUNE),
    b.started("z"),
    b.succeeded("z"),
)


@pytest.mark.parametrize(
    ("wanted", "gone", "stand", "run", "ended"),
    [
        (Part(), "", "t0 a", "t1 t3 tune z", "t2"),
        (Part(Scope.FROM, ("t2",)), "", "t0 a", "t1 t2 t3 tune z", ""),
        (Part(Scope.FROM, ("tune",)), "", "t0 a", "t1 t3 tune z", "t2"),
        (Part(Scope.ONLY, ("tune",)), "", "t0 a z", "tune", ""),
        (Part(), "a", "", "t0 t1 t2 t3 tune a z", ""),
    ],
)
def test_what_a_retry_does_with_the_trials_of_a_search(
    wanted: Part, gone: str, stand: str, run: str, ended: str
) -> None:
    made = choose(SEARCH, SEARCHED, wanted, frozenset(gone.split()))
    assert (" ".join(made.stand), " ".join(made.run), " ".join(made.ended)) == (stand, run, ended)
    assert all(reason == "early termination" for reason in made.ended.values())


def test_a_search_does_not_run_alone_without_a_successful_trial() -> None:
    plan = s.search_plan(1)
    state = b.state(plan, b.failed("t0"), b.failed(s.TUNE))
    with pytest.raises(BadInput, match="none of its trials has succeeded"):
        choose(plan, state, Part(Scope.ONLY, (s.TUNE,)))
    assert choose(plan, state, Part(Scope.ONLY, ("t0",))).run == ("t0",)


def test_a_cleanup_step_runs_again_with_what_it_cleans_up_after() -> None:
    plan = b.plan(b.step("a"), b.step("z", after=("a",), always=True))
    state = b.state(plan, b.failed("a"), b.started("z"), b.succeeded("z"))
    assert choose(plan, state, Part()).run == ("a", "z")
    assert choose(plan, state, part(Scope.ONLY, "z")).run == ("z",), "it reads nothing of a's"


COUNT = 7
SHAPES = st.integers(1, COUNT).flatmap(
    lambda count: st.tuples(
        *(st.frozensets(st.integers(0, max(0, n - 1)), max_size=3 if n else 0) for n in range(count))
    )
)
ENDS = st.lists(st.sampled_from([StepStatus.REUSED, StepStatus.FAILED, StepStatus.SKIPPED]), min_size=COUNT)
KEYS = st.frozensets(st.integers(0, COUNT - 1).map("s{}".format))


def ended(shape: tuple[frozenset[int], ...], ends: list[StepStatus]) -> tuple[Plan, RunState]:
    """A plan, and a run of it that ended like this; nothing delivered that waits for something that did not."""
    plan = b.plan(*(b.step(f"s{n}", *(f"s{need}" for need in sorted(needs))) for n, needs in enumerate(shape)))
    told: dict[str, e.Event] = {}
    for step, end in zip(plan.steps, ends, strict=False):
        if any(not isinstance(told[need], e.StepReused) for need in step.needs):
            told[step.key] = e.StepSkipped(step.key, "no")
        elif end is StepStatus.REUSED:
            told[step.key] = e.StepReused(step.key, f"earlier.{step.key}")
        else:
            told[step.key] = b.failed(step.key)
    return plan, b.state(plan, *told.values())


@given(SHAPES, ENDS, st.sampled_from(Scope), KEYS, KEYS)
def test_every_step_has_one_fate_and_what_runs_is_fed(
    shape: tuple[frozenset[int], ...],
    ends: list[StepStatus],
    scope: Scope,
    chosen: frozenset[str],
    gone: frozenset[str],
) -> None:
    plan, state = ended(shape, ends)
    wanted = Part(scope, () if scope is Scope.FAILED else tuple(sorted(chosen & plan.by_key.keys())))
    assume(wanted.steps or scope is Scope.FAILED)
    try:
        made = choose(plan, state, wanted, gone)
    except BadInput:
        assert scope is Scope.ONLY
        return
    assert sorted([*made.stand, *made.run, *made.skipped]) == sorted(plan.by_key)
    assert set(made.forced) <= set(made.run)
    assert all(state.steps[key].status in DELIVERED and key not in gone for key in made.stand)
    fed = {*made.stand, *made.run}
    assert all(plan.by_key[key].needs <= fed for key in made.run), "something that runs would never be fed"
    (_check_only if scope is Scope.ONLY else _check_closed)(plan, state, wanted, made, gone)


def _check_closed(plan: Plan, state: RunState, wanted: Part, made: Choice, gone: frozenset[str]) -> None:
    assert not made.skipped
    assert reached(plan, made.run) == set(made.run), "something stands on what runs again"
    undelivered = {key for key, step in state.steps.items() if step.status not in DELIVERED}
    assert {*wanted.steps, *undelivered, *(gone & plan.by_key.keys())} <= set(made.run)
    assert set(made.forced) == reached(plan, wanted.steps)
    begun = {key for key in made.run if not plan.by_key[key].needs & set(made.run)}
    assert begun <= {*wanted.steps, *undelivered, *gone}, "something runs for no reason"


def _check_only(_plan: Plan, state: RunState, wanted: Part, made: Choice, gone: frozenset[str]) -> None:
    assert set(made.run) == set(made.forced) == set(wanted.steps)
    assert all(state.steps[key].status not in DELIVERED or key in gone for key in made.skipped)
