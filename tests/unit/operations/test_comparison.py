"""Runs side by side, and their receipts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.data import packing, snapshot
from runner.errors import BadInput
from runner.model import events as e
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.search import Expression, Goal, Sampling, Search
from runner.model.step import Interpreter, ParameterValue, SampledArguments
from runner.model.task import TaskId
from runner.operations.comparison import MOST, Row, compare
from runner.operations.receipt import receipt
from runner.operations.values import RunView
from runner.runs import plans, records
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

OTHER = "20260203t040506789z-bbbbbbbbbbbbbbbb"


def ran(store: MemoryStore, run: str, plan: Plan, *happened: e.Event, loss: float = 0.5, **submitted: Any) -> RunView:
    """Store the records of a run that has logged a metric in its step ``train``, and return its view."""
    plans.save(store, plan)
    state = replace(b.state(plan, *happened, **submitted), run=run)
    task = TaskId(run, "train")
    given = b.task("train", id=task, inputs=(b.binding("raw", ref=b.ref(digest=("1" if run == b.RUN else "2") * 64)),))
    records.assign(store, given)
    store.put(task.record, canonical_json(to_document(b.record(python="3.11.4", host="node-7"))))
    store.put(task.reports + "metrics.jsonl", b'{"name": "loss", "value": %f, "kind": "scalar"}\n' % loss)
    return RunView(state, plan)


def test_two_runs_side_by_side(tmp_path: Path) -> None:
    store = MemoryStore()
    (tmp_path / "train.py").write_text("rate = 1\n")
    old = packing.keep(store, snapshot.take(tmp_path))
    (tmp_path / "train.py").write_text("rate = 2\n")
    new = packing.keep(store, snapshot.take(tmp_path))
    first = b.plan(b.step("train", snapshot=old), parameters={"rate": 0.1, "epochs": 3})
    second = b.plan(
        b.step("train", snapshot=new, command=(Interpreter(), "train.py", "--fast")),
        b.step("score", "train", snapshot=new),
        parameters={"rate": 0.1, "epochs": 3},
        environments={b.ENVIRONMENT: NamedEnvironment(b.ENVIRONMENT, EnvironmentSpec(pip=("pandas==2.0.3",)))},
    )
    done = (b.started("train"), b.succeeded("train"))
    one = ran(store, b.RUN, first, *done, tags={"stage": "test"})
    two = ran(store, OTHER, second, *done, loss=0.25, parameters={"epochs": 5})
    found = compare(store, (one, two))
    assert [each.run for each in found.runs] == [b.RUN, OTHER]
    assert found.parameters == (Row("rate", (0.1, 0.1)), Row("epochs", (3, 5)))
    assert [row.same for row in found.parameters] == [True, False]
    assert found.tags == (Row("stage", ("test", None)),)
    assert found.states == (Row("train", ("succeeded", "succeeded")), Row("score", (None, "waiting")))
    assert found.seconds == (Row("train", (1.0, 1.0)), Row("score", (None, None)))
    assert [(row.name, row.values, row.same, row.note) for row in found.metrics] == [
        ("train: loss", (0.5, 0.25), False, "")
    ]
    assert found.inputs == (Row("train: raw", ("1" * 64, "2" * 64)),)
    assert [row.name for row in found.outputs] == ["train: out"]
    (pair,) = found.pairs
    assert (pair.before, pair.after) == (b.RUN, OTHER)
    (code,) = pair.code
    assert (code.steps, code.note, [change.path for change in code.files]) == (("train",), "", ["train.py"])
    assert code.files[0].diff[-2:] == ("-rate = 1", "+rate = 2")
    assert [(change.name, change.kind) for change in pair.steps] == [("train", "changed"), ("score", "added")]
    assert [(change.name, change.kind) for change in pair.environments] == [("env", "changed")]
    assert [each.field for each in pair.environments[0].differences] == ["pip"]


def test_equal_runs_have_no_differences() -> None:
    store, plan = MemoryStore(), b.plan(b.step("train"))
    one, two = (ran(store, run, plan, b.started("train"), b.succeeded("train")) for run in (b.RUN, OTHER))
    found = compare(store, (one, two), diffs=False)
    assert all(row.same for row in (*found.parameters, *found.states, *found.metrics, *found.outputs))
    assert (found.pairs[0].steps, found.pairs[0].code, found.pairs[0].environments) == ((), (), ())


@pytest.mark.parametrize(
    ("one", "other", "same", "note"),
    [
        ([1, 2, 0.5], [9, 9, 0.5], False, "the last value is the same, others differ"),
        ([1, 2], [1.0, 2.0], True, ""),
        ([float("nan")], [float("nan")], True, ""),
        ([True], [1], False, ""),
        ([0.5], [0.5, 0.5], False, "the last value is the same, others differ"),
    ],
)
def test_metrics_are_compared_by_all_their_values(
    one: list[object], other: list[object], same: bool, note: str
) -> None:
    store, plan = MemoryStore(), b.plan(b.step("train"))
    views = [ran(store, run, plan, b.started("train"), b.succeeded("train")) for run in (b.RUN, OTHER)]
    for view, values in zip(views, (one, other), strict=True):
        lines = [json.dumps({"name": "m", "value": value, "kind": "scalar"}) for value in values]
        store.put(TaskId(view.state.run, "train").reports + "metrics.jsonl", "\n".join(lines).encode())
    (row,) = compare(store, views).metrics
    assert (row.same, row.note) == (same, note)


def test_a_run_whose_steps_were_all_reused_has_the_environments_of_its_plan() -> None:
    store, plan = MemoryStore(), b.plan(b.step("train"))
    one = ran(store, b.RUN, plan, b.started("train"), b.succeeded("train"))
    reused = e.StepReused("train", f"{b.RUN}.train", {"out": b.ref()})
    plans.save(store, plan)
    two = RunView(replace(b.state(plan, reused, ready=False), run=OTHER), plan)
    assert compare(store, (one, two)).pairs[0].environments == ()


@pytest.mark.parametrize(
    ("runs", "message"), [((0,), "two runs or more"), ((0, 1, 0), "is named twice"), (range(MOST + 1), "too many")]
)
def test_runs_that_cannot_be_compared(runs: tuple[int, ...], message: str) -> None:
    plan = b.plan(b.step("a"))
    views = [RunView(replace(b.state(plan), run=f"{b.RUN[:-2]}{n:02d}"), plan) for n in runs]
    with pytest.raises(BadInput, match=message):
        compare(MemoryStore(), views)


def test_the_receipt_of_a_run() -> None:
    store = MemoryStore()
    search = Search(
        sampling=Sampling.RANDOM,
        space={"--x": Expression("uniform", (0, 1))},
        metric="loss",
        goal=Goal.MINIMIZE,
        trials=("t-1",),
        concurrent=1,
        minutes=1,
        seed=17,
    )
    command = (Interpreter(), "train.py", "--seed", "4", "--random-state=5", "--token", "https://a:b@c.example/x")
    trial = b.step("t-1", trial_of="s", command=(Interpreter(), "t.py", SampledArguments()))
    plan = b.plan(
        b.step("train", command=command, variables={"PYTHONHASHSEED": "0", "SEEDLING": "oak"}),
        trial,
        b.step("s", search=search),
        b.step("late", "train", command=(Interpreter(), ParameterValue("seed"))),
        parameters={"seed": 3, "rate": 0.1},
    )
    sampled = e.TrialSampled("t-1", {"--x": 0.5, "--seed": 9})
    view = ran(store, b.RUN, plan, b.started("train"), b.succeeded("train"), sampled)
    records.assign(store, b.task("late", id=TaskId(b.RUN, "late", 7)))
    found = receipt(store, view)
    assert (found.run, found.user, found.plan) == (b.RUN, "somebody", plan.digest)
    assert found.parameters == {"seed": 3, "rate": 0.1}
    assert found.seeds == {"seed": 3, "search s": 17}
    assert set(found.specifications) == {b.ENVIRONMENT}
    train, first, _, late = found.steps
    assert (train.code, train.reference, train.python, train.host) == ("s" * 64, b.REFERENCE, "3.11.4", "node-7")
    assert train.fingerprint == "fingerprint-train"
    assert [(each.name, each.digest) for each in train.inputs] == [("raw", "1" * 64)]
    assert [(each.name, each.digest, each.files) for each in train.outputs] == [("out", "d" * 64, 1)]
    assert train.seeds == {"PYTHONHASHSEED": "0"}
    assert first.seeds == {"--seed": 9}
    assert (late.code, late.reference, late.inputs, late.status) == ("s" * 64, b.REFERENCE, (), "waiting")
    assert late.command == ("python", "<parameter seed>")


def test_seeds_on_the_command_line_and_no_secret() -> None:
    store = MemoryStore()
    command = (Interpreter(), "train.py", "--seed", "4", "--random-state=5", "--from", "https://a:b@c.example/x")
    plan = b.plan(b.step("a", command=command))
    (step,) = receipt(store, RunView(b.state(plan), plan)).steps
    assert step.seeds == {"--seed": "4", "--random-state": "5"}
    assert "a:b@" not in " ".join(step.command)
