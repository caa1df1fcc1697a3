from __future__ import annotations

from collections.abc import Mapping

from runner.dataclass import dataclass, field
from runner.documents.decoding import Findings, decoded, overlaid
from runner.documents.yamltext import document
from runner.model.nodes import Node, plain
from runner.model.reading import Readers, checked


@dataclass(frozen=True)
class Inner:
    must: str
    count: int = 0


@dataclass(frozen=True)
class Outer:
    inner: Inner
    ratio: float = 1.0
    names: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    either: str | int = ""
    maybe: int | None = None


PLAIN = Readers()
EVEN = Readers({(Inner, "count"): checked(lambda value: ("odd", "do") if value % 2 else None)})


def node(text: str, file: str = "f") -> Node:
    return document(text, file, Findings())


def told(text: str) -> list[str]:
    findings = Findings()
    assert decoded(Outer, node(text), findings, EVEN) is None
    return [f"{problem.where} {problem.what}" for problem in findings.problems]


def test_a_document_that_fits() -> None:
    text = "{inner: {must: 0.10, count: 2}, ratio: 3, names: [a, 1], labels: {x: 2}, either: 5, maybe: ~}"
    found = decoded(Outer, node(text), Findings(), EVEN)
    assert found == Outer(Inner("0.10", 2), 3.0, ("a", "1"), {"x": "2"}, 5)


def test_a_null_leaves_a_field_out() -> None:
    found = decoded(Outer, node("{inner: {must: a, count: }, ratio: , names: , labels: , either: }"), Findings(), EVEN)
    assert found == Outer(Inner("a"))


def test_every_problem_has_its_line_and_path() -> None:
    text = """\
inner: {count: 1}
ratio: high
names: [a, [b]]
labels: {x: {}}
either: []
maybe: one
more:
  it: 1
"""
    assert told(text) == [
        "f:1: inner.count odd",
        "f:1: inner field 'must' is missing",
        "f:2: ratio expected a number, found 'high'",
        "f:3: names[1] expected text, found a list",
        "f:4: labels.x expected text, found a mapping",
        "f:5: either expected text or a whole number, found a list",
        "f:6: maybe expected a whole number, found 'one'",
        "f:7: more unknown field 'more'; known: inner, ratio, names, labels, either, maybe",
    ]


def test_the_stronger_document_wins_field_by_field_and_nodes_keep_their_places() -> None:
    below = node("a: {x: 1, y: {p: 1, q: 2}}\nb: [1]\nc: 1", "below")
    above = node("\na: {y: {q: 3}}\nb: [2]\nd: 4", "above")
    both = overlaid(below, above, whole=lambda *_: False)
    assert plain(both) == {"a": {"x": 1, "y": {"p": 1, "q": 3}}, "b": [2], "c": 1, "d": 4}
    findings = Findings()
    decoded(Inner, both, findings, PLAIN)
    places = [problem.where for problem in findings.problems]
    assert places == ["above:1", "above:2: a", "above:3: b", "above:4: d", "below:3: c"]
    whole = overlaid(below, above, whole=lambda _, strong: strong.place.path == "a")
    assert plain(whole) == {"a": {"y": {"q": 3}}, "b": [2], "c": 1, "d": 4}
