"""Graphs as people see them: golden files in tests/golden/cli; and what other programs get."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.cli.graphformats import dot, mermaid
from runner.cli.graphview import graph_view, plain
from runner.cli.paint import Paint
from runner.model.events import Event
from runner.model.plan import Plan
from runner.model.record import Failure
from runner.model.step import InputSpec, OutputOf, StepSpec
from runner.operations.graph import graph_of
from tests.support import builders as b
from tests.support.examples import examples

Golden = Callable[[str, Sequence[str]], None]


def fan(count: int) -> Plan:
    workers = [b.step(f"score-{number}", "split", script="score.py") for number in range(1, count + 1)]
    return b.plan(b.step("split"), *workers, b.step("merge", *(worker.key for worker in workers)))


def chains(count: int) -> Plan:
    steps = [
        step
        for number in range(1, count + 1)
        for step in (b.step(f"fit-{number}", "split"), b.step(f"test-{number}", f"fit-{number}"))
    ]
    return b.plan(b.step("split"), *steps, b.step("compare", *(f"test-{number}" for number in range(1, count + 1))))


def named(key: str, name: str, *needs: str, script: str = "", after: tuple[str, ...] = ()) -> StepSpec:
    return replace(b.step(key, *needs, after=after), name=name, script=script)


def mixed() -> Plan:
    """Thirty steps as a real project has them: ingestion, features, models, reports, odds and ends."""
    tables = ("orders", "customers", "clicks")
    ingest = [named(f"ingest-{t}", f"ingest {t}", script="ingest.py") for t in tables]
    clean = [named(f"clean-{t}", f"clean {t}", f"ingest-{t}", script="clean.py") for t in tables]
    join = named("join", "join", *(step.key for step in clean), script="join.py")
    features = [
        named(f"features-{k}", f"features {k}", "join", script="features.py") for k in ("basket", "time", "geo")
    ]
    table = named("table", "training table", *(step.key for step in features), script="table.py")
    split = named("split", "split", "table", script="split.py")
    models = ("ridge", "forest", "boost", "net", "knn")
    tune = [named(f"tune-{m}", f"tune {m}", "split", script="tune.py") for m in models]
    fit = [named(f"fit-{m}", f"fit {m}", "split", f"tune-{m}", script="fit.py") for m in models]
    choose = named("choose", "choose", *(step.key for step in fit), script="choose.py")
    check = named("check", "check drift", "table", script="drift.py")
    publish = named("publish", "publish", "choose", script="publish.py", after=("check",))
    report = named("report", "report", "choose", "check", script="report.py")
    notify = named("notify", "notify", script="notify.py", after=("publish", "report"))
    clear = named("clear", "clear caches", script="clear.py")
    return b.plan(
        *ingest, *clean, join, *features, table, split, *tune, *fit, choose, check, publish, report, notify, clear
    )


PLANS = {
    "chain": b.plan(b.step("prep", script="prep.py"), b.step("train", "prep"), b.step("evaluate", "train")),
    "diamond": b.plan(
        b.step("prep"), b.step("ridge", "prep"), b.step("forest", "prep"), b.step("compare", "ridge", "forest")
    ),
    "fan": fan(50),
    "chains": chains(4),
    "after": b.plan(
        b.step("load"), b.step("check", after=("load",)), b.step("use", "load", after=("check",)), b.step("lone")
    ),
    "mixed": mixed(),
}


@pytest.mark.parametrize("name", PLANS)
def test_drawings(name: str, golden: Golden) -> None:
    golden(f"graph-{name}.txt", graph_view(graph_of(PLANS[name]), Paint(), 80))


def test_every_step_of_a_fan(golden: Golden) -> None:
    golden("graph-fan-all.txt", graph_view(graph_of(fan(5)), Paint(), 80, every=True))


def test_a_run_shows_its_states(golden: Golden) -> None:
    plan = PLANS["diamond"]
    events: list[Event] = [
        b.started("prep"),
        b.succeeded("prep"),
        b.started("ridge"),
        b.started("forest"),
        b.failed("ridge", Failure.USER),
    ]
    graph = graph_of(plan, b.state(plan, *events))
    golden("graph-run.txt", graph_view(graph, Paint(), 80))
    golden("graph-run-colour.txt", [repr(line) for line in graph_view(graph, Paint(on=True), 80)])
    golden("graph-run.mmd", list(mermaid(graph)))
    golden("graph-run.dot", list(dot(graph)))


def test_states_of_steps_that_are_one() -> None:
    plan = fan(5)
    state = b.state(plan, b.started("split"), b.succeeded("split"), b.started("score-2"), b.failed("score-2"))
    (line,) = [line for line in graph_view(graph_of(plan, state), Paint()) if "score" in line]
    assert line == "✗ score-1 … score-5  (5 steps)  4 waiting, 1 failed"


def test_an_ascii_terminal_gets_the_same_lines() -> None:
    lines = plain(graph_view(graph_of(PLANS["mixed"]), Paint(), 80))
    assert all(line.isascii() for line in lines)


def test_names_cannot_break_out_of_their_quotes() -> None:
    plan = b.plan(replace(b.step("a"), name='say "hi" <b>#1'), replace(b.step("b", "a"), name="x\\"))
    assert '    s1["say #quot;hi#quot; #lt;b#gt;#35;1"]' in list(mermaid(graph_of(plan)))
    drawn = list(dot(graph_of(plan)))
    assert '  "a" [label="say \\"hi\\" <b>#1"];' in drawn
    assert '  "b" [label="x\\\\"];' in drawn


def test_links_name_data_once_and_order_alone_is_told_apart() -> None:
    twice = (InputSpec(name="x", source=OutputOf("a", "out")), InputSpec(name="y", source=OutputOf("a", "out")))
    links = graph_of(b.plan(b.step("a"), b.step("c"), b.step("b", inputs=twice, after=("a", "c"), command=()))).links
    assert [(link.before, link.data) for link in links] == [("a", ("out",)), ("c", ())]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    steps: list[StepSpec] = []
    for number in range(draw(st.integers(0, 25))):
        keys = [step.key for step in steps[-8:]]
        needs = draw(st.lists(st.sampled_from(keys), max_size=4, unique=True)) if keys else []
        after = draw(st.lists(st.sampled_from(keys), max_size=2, unique=True)) if keys else []
        steps.append(b.step(f"step-{number}", *needs, after=tuple(after)))
    return b.plan(*draw(st.permutations(steps)))


@settings(max_examples=examples(60), deadline=None)
@given(plans(), st.sampled_from([40, 80, 120]), st.booleans())
def test_every_step_is_drawn_once_after_what_it_waits_for(plan: Plan, width: int, every: bool) -> None:
    lines = graph_view(graph_of(plan), Paint(), width, every=True)
    drawn = [
        line.split("● ")[1].split()[-1] for line in graph_view(graph_of(plan), Paint(), every=True) if "● " in line
    ]
    drawn = [word for word in drawn if word.startswith("step-")]
    assert sorted(drawn) == sorted(plan.by_key)
    assert all(drawn.index(need) < drawn.index(step.key) for step in plan.steps for need in step.needs)
    assert all(len(line) <= max(width, len(line.split(" step-")[0]) + 10) for line in lines)
    assert graph_view(graph_of(plan), Paint(), width, every=every) is not None
