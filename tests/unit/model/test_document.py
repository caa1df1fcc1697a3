from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runner.errors import BadInput
from runner.model import events as e
from runner.model.data import DataRef
from runner.model.document import format_time, from_document, parse_time, to_document
from runner.model.plan import Plan, Submission
from runner.model.step import OutputOf
from runner.runs.head import Head
from tests.support import builders as b
from tests.support.any_value import WRITTEN, values
from tests.support.examples import examples

ANY = {shape: values(shape) for shape in WRITTEN}


@pytest.mark.parametrize("shape", WRITTEN, ids=lambda shape: shape.__name__)
def test_what_is_written_is_read(shape: type) -> None:
    @settings(max_examples=examples(15), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(ANY[shape])
    def check(value: object) -> None:
        document = json.loads(json.dumps(to_document(value)))
        assert from_document(shape, document) == value

    check()


@pytest.mark.parametrize("event", typing.get_args(e.Event), ids=lambda event: event.__name__)
def test_every_event_has_a_written_form(event: type) -> None:
    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(values(event))
    def check(value: e.Event) -> None:
        whole = e.JournalEntry(1, b.T0, "c", (value,))
        document = to_document(whole)
        assert document["events"][0]["type"] == event.__name__
        assert from_document(e.JournalEntry, json.loads(json.dumps(document))) == whole

    check()


def test_defaults_are_left_out() -> None:
    assert to_document(b.ref("k")) == {
        "datastore": "workspaceblobstore",
        "key": "k",
        "digest": "d" * 64,
        "files": 1,
        "bytes": 10,
    }
    assert to_document(DataRef(datastore="s", key="k", digest="d")) == {"datastore": "s", "key": "k", "digest": "d"}


def test_a_field_of_another_type_than_its_default_is_written() -> None:
    """1 == True, and yet they are two values."""
    submitted = Submission(plan="p", experiment="x", parameters={"flag": True, "count": 1, "rate": 1.0, "none": None})
    read = from_document(Submission, json.loads(json.dumps(to_document(submitted))))
    assert [type(value) for value in read.parameters.values()] == [bool, int, float, type(None)]


def test_only_values_have_a_written_form() -> None:
    with pytest.raises(TypeError, match="no written form for set"):
        to_document({1})
    with pytest.raises(TypeError, match="no written form for type"):
        to_document(Plan)


STEP = {"key": "a", "name": "a", "command": [{"type": "Interpreter"}, "x"], "environment": "e", "compute": ""}


def step(**changes: object) -> dict[str, object]:
    return {"steps": [STEP, {**STEP, **changes}]}


@pytest.mark.parametrize(
    ("document", "where", "what"),
    [
        ([], "", "expected a mapping, found a list"),
        ({}, "", "field 'steps' is missing"),
        ({"steps": [], "stepz": 1}, "stepz", "unknown field 'stepz'; known: steps, "),
        ({"steps": {}}, "steps", "expected a list, found a mapping"),
        (step(key=1), "steps[1].key", "expected text, found 1"),
        (step(reuse=1), "steps[1].reuse", "expected true or false, found 1"),
        (step(reuse="yes"), "steps[1].reuse", "expected true or false, found text"),
        (step(resources={"gpu": True}), "steps[1].resources.gpu", "expected a whole number, found True"),
        (step(variables=[]), "steps[1].variables", "expected a mapping, found a list"),
        (step(variables={"A": 1}), "steps[1].variables.A", "expected text, found 1"),
        (step(command=["x", {"type": "Nothing"}]), "steps[1].command[1]", "type must be one of InputPath, Interpreter"),
        (step(command=[{}]), "steps[1].command[0]", "type must be one of"),
        (step(command=[{"type": []}]), "steps[1].command[0]", "type must be one of"),
        (step(command=[{"type": "InputPath"}]), "steps[1].command[0]", "field 'name' is missing"),
        (step(command=[7]), "steps[1].command[0]", "expected text or a mapping, found 7"),
        (step(inputs=[{"name": "x", "source": {"type": "OutputOf", "step": 1, "output": "o"}}]),
         "steps[1].inputs[0].source.step", "expected text, found 1"),
        (step(outputs=[{"name": "x", "mode": "teleport"}]), "steps[1].outputs[0].mode", "'teleport' is not one of"),
        (step(outputs=[{"name": "x", "mode": []}]), "steps[1].outputs[0].mode", "[] is not one of"),
        ({"steps": [], "parameters": {"p": []}}, "parameters.p",
         "expected text, a whole number, a number or true or false, found a list"),
    ],
)  # fmt: skip
def test_misfits_name_their_place(document: object, where: str, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_document(Plan, document)
    (problem,) = caught.value.problems
    assert problem.where == where
    assert problem.what.startswith(what)
    assert problem.remedy


def test_all_problems_of_a_document_are_collected() -> None:
    document = {1: 1, "steps": [{}, {**STEP, "reuse": 0, "inputs": [7]}], "parameters": []}
    with pytest.raises(BadInput) as caught:
        from_document(Plan, document, "plan")
    assert [(problem.where, problem.what.partition(";")[0]) for problem in caught.value.problems] == [
        ("plan.1", "unknown field 1"),
        *[("plan.steps[0]", f"field {name!r} is missing") for name in STEP],
        ("plan.steps[1].reuse", "expected true or false, found 0"),
        ("plan.steps[1].inputs[0]", "expected a mapping, found 7"),
        ("plan.parameters", "expected a mapping, found a list"),
    ]
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize("text", [None, 7, "yesterday", "2026-01-02T03:04:05", "2026-01-02"])
def test_times_have_a_zone(text: object) -> None:
    with pytest.raises(BadInput, match="is not an RFC 3339 time"):
        from_document(Head, {"number": 1, "status": "running", "time": text})


def test_times_are_utc_to_the_millisecond() -> None:
    east = datetime(2026, 1, 2, 5, 4, 5, 678999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(east) == "2026-01-02T03:04:05.678Z"
    assert parse_time("2026-01-02T03:04:05.678Z") == b.T0


@dataclasses.dataclass(frozen=True)
class Odd:
    """Shapes that no value of ours has yet."""

    pair: tuple[int, str] = (1, "one")
    maybe: DataRef | None = None
    either: OutputOf | DataRef | None = None
    lists: tuple[tuple[OutputOf | DataRef, ...], ...] = ()
    by_name: Mapping[str, OutputOf | str] = dataclasses.field(default_factory=dict)
    anything: Any = None


@dataclasses.dataclass(frozen=True)
class Nested:
    """A type that contains itself."""

    weight: float
    inner: tuple[Nested, ...] = ()


def test_a_type_may_contain_itself() -> None:
    nested = Nested(0.5, (Nested(1.0), Nested(2.0, (Nested(3.0),))))
    assert from_document(Nested, to_document(nested)) == nested
    with pytest.raises(BadInput) as caught:
        from_document(Nested, {"weight": 1, "inner": [{"weight": 1}, {"weight": True}]})
    assert caught.value.problems[0].where == "inner[1].weight"


def test_a_whole_number_is_a_number() -> None:
    read = from_document(Nested, {"weight": 1})
    assert (read.weight, type(read.weight)) == (1.0, float)


def test_other_shapes() -> None:
    odd = Odd(
        (2, "two"),
        DataRef(datastore="s", key="k", digest="d"),
        OutputOf("s", "o"),
        ((OutputOf("s", "o"),), ()),
        {"x": OutputOf("s", "o")},
    )
    document = to_document(odd)
    assert document["maybe"] == {"datastore": "s", "key": "k", "digest": "d"}
    assert document["either"]["type"] == document["lists"][0][0]["type"] == document["by_name"]["x"]["type"]
    assert from_document(Odd, document) == odd
    assert from_document(Odd, {"maybe": None, "anything": [1]}) == Odd(anything=[1])
    with pytest.raises(BadInput, match="expected 2 items, found 1"):
        from_document(Odd, {"pair": [1]})
