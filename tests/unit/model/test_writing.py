"""No document is written that its own reader refuses, whatever values the constructors let through."""

from __future__ import annotations

import ast
import dataclasses
import enum
import json
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import runner
from runner.errors import BadInput
from runner.model import events as e
from runner.model.data import DataRef, Mode
from runner.model.digest import canonical_json
from runner.model.document import from_document, to_document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Scalar, Submission
from runner.model.step import OutputOf, OutputSpec
from runner.model.transforms import Filter, Take
from tests.support import builders as b
from tests.support.any_value import JSON, TEXT, WRITTEN, parts_of, smallest
from tests.support.builders import T0
from tests.support.examples import examples


def naive() -> datetime:
    """A time without a time zone, which no document can express."""
    return datetime(2026, 1, 2)  # noqa: DTZ001 - that is the point


class Text(str):
    """As numpy's text is one."""

    __slots__ = ()


class Size(enum.IntEnum):
    """A number with a name."""

    LARGE = 3


class Real(float):
    """As numpy's 64-bit floats are."""


ODD: tuple[Any, ...] = (
    0, 1, -1, True, None, 1.5, "", "x", "\udcff", b"x", Decimal(1), Path("x"), Text("x"), Size.LARGE, Real(0.5),
    Mode.MOUNT, (), ("x",), ("x", 1), {"a": 1}, {"a": "x"}, {1: "x"}, {"a": {3}}, {"a": {"b": [None, 1.5, "x"]}},
    object(), naive(), T0, b.ref(), OutputOf("s", "o"),
)  # fmt: skip
"""What a constructor takes for any field, since Python checks no types."""
PARTS = sorted({part for shape in (*WRITTEN, e.Event) for part in parts_of(shape)}, key=lambda part: part.__name__)


@pytest.mark.parametrize("shape", PARTS, ids=lambda shape: shape.__name__)
def test_a_field_of_any_type_is_refused_or_read_back(shape: type) -> None:
    least = smallest(shape)
    for field in dataclasses.fields(shape):
        written = [odd for odd in ODD if check(shape, least, field.name, odd)]
        assert len(written) < len(ODD) or field.type == "object"


def plain(value: Any) -> Any:
    """The value with lists for its tuples: a list in the place of a tuple is read back as a tuple, and vice versa."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def check(shape: type, least: Any, name: str, odd: object) -> bool:
    try:
        value = dataclasses.replace(least, **{name: odd})
        data = canonical_json(to_document(value))
    except (BadInput, ValueError, TypeError, AttributeError):  # the constructor, or the codec
        return False
    read: Any = from_document(shape, json.loads(data))
    assert plain(read) == plain(value), (name, odd)
    assert canonical_json(to_document(read)) == data, (name, odd)
    return True


@pytest.mark.parametrize(
    "hint", [str, int, float, bool, object, Scalar, Mapping[str, Scalar], tuple[Scalar, ...]], ids=str
)
def test_values_of_any_shape_are_refused_or_read_back(hint: Any) -> None:
    made = dataclasses.make_dataclass("Made", [("item", hint)], frozen=True)

    @settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(ANYTHING)
    def check_one(value: object) -> None:
        check(made, made(value), "item", value)

    check_one()


LEAVES = JSON | st.sampled_from(ODD) | st.binary(max_size=2) | st.decimals(allow_nan=False) | st.dates()
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT | st.integers(), inner, max_size=2),
    max_leaves=4,
)


READS = {"from_document", "read_document", "checked_document"}


def test_every_shape_that_is_read_is_among_the_written() -> None:
    """A new kind of stored document is not forgotten here: what the code reads by name is in the list."""
    read: set[str] = set()
    for path in Path(runner.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in READS and node.args:
                name = getattr(node.args[0], "id", "")
                read |= {name} if name[:1].isupper() else set()
    assert read - {shape.__name__ for shape in WRITTEN} == set()
    assert len(read) > 10


def named(variables: Any) -> NamedEnvironment:
    """An environment with these variables."""
    return NamedEnvironment("e", EnvironmentSpec(), variables)


@pytest.mark.parametrize(
    ("value", "where", "what"),
    [
        (named({"N": 1}), "NamedEnvironment.variables.N", "expected str, found 1 (int)"),
        (named({1: "x"}), "NamedEnvironment.variables.1", "expected str, found 1"),
        (b.step("a", version=2), "StepSpec.version", "expected str, found 2 (int)"),
        (b.step("a", reuse=1), "StepSpec.reuse", "expected bool, found 1 (int)"),
        (b.step("a", command=("x", 3)), "StepSpec.command[1]", "expected one of InputPath, Interpreter"),
        (DataRef(datastore="s", key="k", digest="d", files=True), "DataRef.files", "expected int, found True (bool)"),
        (OutputSpec(name="o", mode="teleport"), "OutputSpec.mode", "expected one of mount"),  # type: ignore[arg-type]
        (Submission(plan="p", experiment="x", parameters={"p": b"1"}), "Submission.parameters.p", "found (bytes)"),  # type: ignore[dict-item]
        (Filter({3}), "Filter.expression", "expected a JSON value, found (set)"),
        (Take("3"), "Take.count", "expected int, found (str)"),  # type: ignore[arg-type]
        (e.JournalEntry(1, naive(), "c", ()), "JournalEntry.time", "expected a time with a time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_by_its_place(value: object, where: str, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        to_document(value)
    (problem,) = caught.value.problems
    assert problem.where.startswith(where.partition(".")[0])
    assert (problem.where, what in problem.what) == (where, True)


def test_kinds_of_text_and_numbers_are_written_as_plain_ones() -> None:
    value = Submission(
        plan="p", experiment=Text("x"), parameters={"t": Text("a"), "n": Size.LARGE, "f": Real(0.5), "m": Mode.MOUNT}
    )
    document = to_document(value)
    assert document["parameters"] == {"t": "a", "n": 3, "f": 0.5, "m": "mount"}
    assert {type(found) for found in document["parameters"].values()} == {str, int, float}
    assert type(document["experiment"]) is str
    assert from_document(Submission, document) == value


def test_text_that_utf_8_cannot_express_is_read_back() -> None:
    """Python has such text for file names that are no UTF-8."""
    value = NamedEnvironment("e", EnvironmentSpec(), {"NAME": "a\udcffä"})
    assert from_document(NamedEnvironment, json.loads(canonical_json(to_document(value)))) == value
    assert canonical_json({"b": "ä", "a": 1}) == '{"a":1,"b":"ä"}'.encode()


def test_times_keep_their_moment() -> None:
    at = datetime.fromisoformat("2026-01-02T05:04:05.678+02:00")
    entry = e.JournalEntry(1, at, "c", ())
    assert from_document(e.JournalEntry, to_document(entry)) == entry
