"""The critical path of any run."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runner.model.plan import Plan
from runner.model.step import StepSpec
from runner.operations.critical_path import Span, critical_path, waits_for
from tests.support import builders as b


@st.composite
def finished(draw: st.DrawFn) -> tuple[Plan, dict[str, Span]]:
    """A DAG whose steps begin after those that they wait for have ended; some have not begun."""
    count = draw(st.integers(0, 12))
    steps: list[StepSpec] = []
    spans: dict[str, Span] = {}
    for number in range(count):
        needs = draw(st.sets(st.integers(0, number - 1), max_size=4)) if number else set()
        steps.append(b.step(f"s{number}", *(f"s{need}" for need in sorted(needs))))
        if any(f"s{need}" not in spans for need in needs) or draw(st.integers(0, 9)) == 0:
            continue
        ready = max((spans[f"s{need}"].ended for need in needs), default=b.T0)
        began = ready + draw(st.sampled_from([b.at(n) - b.T0 for n in (0, 1, 5)]))
        spans[f"s{number}"] = Span(began, began + draw(st.sampled_from([b.at(n) - b.T0 for n in (0, 1, 7)])))
    return b.plan(*steps), spans


@given(finished())
def test_the_path_is_a_chain_that_ends_at_the_last_step_to_end(known: tuple[Plan, dict[str, Span]]) -> None:
    plan, spans = known
    path = critical_path(plan, spans)
    assert bool(path) == bool(spans)
    if not path:
        return
    assert spans[path[-1]].ended == max(span.ended for span in spans.values())
    assert not any(need in spans for need in waits_for(plan, path[0]))
    for before, after in pairwise(path):
        needs = waits_for(plan, after)
        assert before in needs
        assert spans[before].ended == max(spans[need].ended for need in needs if need in spans)
        assert spans[before].ended <= spans[after].began
    assert len(set(path)) == len(path)


def test_a_step_that_always_runs_waits_for_all_others() -> None:
    plan = b.plan(b.step("a"), b.step("b"), b.step("clean", always=True))
    spans = {
        "a": Span(b.at(0), b.at(9)),
        "b": Span(b.at(0), b.at(3)),
        "clean": Span(b.at(10), b.at(11)),
    }
    assert critical_path(plan, spans) == ("a", "clean")


def test_of_steps_that_ended_together_the_one_that_began_last_counts() -> None:
    plan = b.plan(b.step("a"), b.step("b"), b.step("c", "a", "b"))
    spans = {"a": Span(b.at(2), b.at(4)), "b": Span(b.at(1), b.at(4)), "c": Span(b.at(5), b.at(6))}
    assert critical_path(plan, spans) == ("a", "c")


def test_nothing_has_begun() -> None:
    assert critical_path(b.plan(b.step("a")), {}) == ()
