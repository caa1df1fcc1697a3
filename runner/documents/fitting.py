"""Reading nodes as frozen dataclasses: every field is looked at, and all problems are told together."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..errors import BadInput, Problem
from ..model.reading import Misfit, reader_of
from ..model.shapes import Field, fields_of, is_union
from .nodes import Items, Leaf, Node, Table, kind_of, plain, unknown

T = TypeVar("T")
UNREAD = object()
"""In place of a value that does not fit; the findings hold the problem."""
Wrong = tuple[str, str]
"""What is wrong with a value, and what to do."""
Check = Callable[[Any], Wrong | None]
Checks = Mapping[tuple[type, str], Check]
"""By the dataclass and the name of its field."""
_WORDS: Mapping[object, str] = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


class Findings:
    """The problems of a document that may come from several files."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, Problem]] = []

    def wrong(self, node: Node, path: str, what: str, remedy: str = "correct the file") -> None:
        """Note a problem of the node at `path` (``targets.team.workers``)."""
        place = f"{node.file}:{node.line}"
        self._found.append((node.file, node.line, Problem(what, f"{place}: {path}" if path else place, remedy)))

    def add(self, node: Node, problems: tuple[Problem, ...]) -> None:
        """Note problems that hold their place already; they are sorted as those of `node`."""
        self._found.extend((node.file, node.line, problem) for problem in problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All of them, by file and line."""
        return tuple(problem for _, _, problem in sorted(self._found, key=lambda each: each[:2]))

    def check(self) -> None:
        """Raise BadInput with all of them, if there are any."""
        if self._found:
            raise BadInput(self.problems)


def overlaid(below: Node, above: Node, *, whole: Callable[[str, Table, Table], bool], path: str = "") -> Node:
    """Two documents as one, where `above` wins field by field.

    Args:
        below: The weaker document.
        above: The stronger one. What it says to be null is left out of both.
        whole: Whether the mapping at a path is replaced as a whole, given both mappings.
        path: The place of both.

    Returns:
        The document; each node keeps the place of the file that says it.
    """
    if not isinstance(below, Table) or not isinstance(above, Table) or whole(path, below, above):
        return above
    own = {entry.key: entry for entry in above.entries}
    old = {entry.key: entry for entry in below.entries}
    entries = []
    for key in {**old, **own}:
        if key in own and key in old:
            node = overlaid(old[key].node, own[key].node, whole=whole, path=f"{path}.{key}".strip("."))
            entries.append(dataclasses.replace(own[key], node=node))
        else:
            entries.append(own.get(key) or old[key])
    return Table(tuple(entries), above.line, above.file)


def table(node: Node, path: str, findings: Findings, what: str = "a mapping") -> Table:
    """The node, if it is a mapping; else an empty one, and a problem."""
    if isinstance(node, Table):
        return node
    if not (isinstance(node, Leaf) and node.value is None):
        findings.wrong(node, path, f"expected {what}, found {kind_of(node)}")
    return Table((), node.line, node.file)


def fit(shape: type[T], node: Node, path: str, findings: Findings, checks: Checks) -> T | None:
    """The dataclass that a mapping writes.

    Args:
        shape: The dataclass.
        node: The mapping. A field that is null is not said.
        path: Its place, for the problems.
        findings: Takes all problems: unknown and missing fields, wrong types, and what `checks` refuse.
        checks: What a value of the right type must meet as well.

    Returns:
        The value; None when something is wrong.
    """
    if not isinstance(node, Table):
        findings.wrong(node, path, f"expected a mapping, found {kind_of(node)}")
        return None
    known = {field.name: field for field in fields_of(shape)}
    values: dict[str, object] = {}
    for entry in node.entries:
        place = f"{path}.{entry.key}".strip(".")
        if entry.key not in known:
            findings.wrong(entry.node, place, *unknown("field", entry.key, tuple(known)))
            values[entry.key] = UNREAD
        elif not (isinstance(entry.node, Leaf) and entry.node.value is None):
            values[entry.key] = _field(shape, known[entry.key], entry.node, place, findings, checks)
    for name, field in known.items():
        if field.required and name not in values:
            findings.wrong(node, path, f"field '{name}' is missing", f"add '{name}:'")
            values[name] = UNREAD
    return None if UNREAD in values.values() else shape(**values)


def value(hint: object, node: Node, path: str, findings: Findings, checks: Checks) -> object:
    """The value of a type that a node writes, or UNREAD. A number is good text, as it was written."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        found: object = fit(hint, node, path, findings, checks)
        return UNREAD if found is None else found
    origin, arms = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and arms[1:] == (Ellipsis,) and isinstance(node, Items):
        items = tuple(value(arms[0], item, f"{path}[{at}]", findings, checks) for at, item in enumerate(node.items))
        return UNREAD if UNREAD in items else items
    if len(arms) == 2 and origin is not tuple and not is_union(hint) and isinstance(node, Table):
        entries = {e.key: value(arms[1], e.node, f"{path}.{e.key}", findings, checks) for e in node.entries}
        return UNREAD if UNREAD in entries.values() else entries
    return _scalar(hint, node, path, findings)


def _field(shape: type, field: Field, node: Node, path: str, findings: Findings, checks: Checks) -> object:
    found = value(field.hint, node, path, findings, checks)
    check = checks.get((shape, field.name))
    wrong = check(found) if check and found is not UNREAD else None
    if wrong is None:
        return found
    findings.wrong(node, path, *wrong)
    return UNREAD


def _scalar(hint: object, node: Node, path: str, findings: Findings) -> object:
    if isinstance(node, Leaf) and not isinstance(node.value, bool):
        if hint is str and isinstance(node.value, (str, int, float)):
            return node.text
        if hint is float and isinstance(node.value, (int, float)) and math.isfinite(node.value):
            return float(node.value)
    if hint not in (str, float):
        try:
            return reader_of(hint)(plain(node))
        except Misfit as misfit:
            if misfit.path:
                findings.wrong(node, f"{path}{misfit.place}" if misfit.place[0] == "[" else path, misfit.what)
                return UNREAD
    expected = _WORDS.get(hint) or ("a list" if typing.get_origin(hint) is tuple else "")
    expected = expected or (
        " or ".join(_WORDS[arm] for arm in typing.get_args(hint) if arm in _WORDS) if is_union(hint) else ""
    )
    findings.wrong(node, path, f"expected {expected or 'a mapping'}, found {kind_of(node)}")
    return UNREAD
