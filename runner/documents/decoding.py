"""Decode nodes to values. The problems of one document, or of several, are collected."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from ..errors import BadInput, Problem
from ..model.nodes import Node, Place, Table, is_null, kind_of
from ..model.reading import DecodeError, Fault, Readers

T = TypeVar("T")


class Findings:
    """The problems of a document."""

    def __init__(self) -> None:
        self._found: list[tuple[Place, Problem]] = []

    def wrong(self, place: Place, what: str, remedy: str = "") -> None:
        """Add a problem."""
        self._found.append((place, Problem(what, str(place), remedy or "correct the file")))

    def add(self, faults: Iterable[Fault], outer: Place) -> None:
        """Add the problems that a reader found in the value at `outer`."""
        for fault in faults:
            self.wrong(fault.place or outer, fault.what, fault.remedy)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems by file and line."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda each: (each[0].file, each[0].line)))

    def check(self) -> None:
        """Raise BadInput with all problems, if there are any."""
        if self._found:
            raise BadInput(self.problems)


def decoded(shape: type[T], node: Node, findings: Findings, readers: Readers) -> T | None:
    """Return the value that a node describes; None, and problems in `findings`, if it describes none.

    Args:
        shape: A dataclass or another type that `Readers` know.
        node: The node. A field that is null in the file is left out.
        findings: Takes all problems, each with its line and path.
        readers: The readers of this kind of document.

    """
    try:
        return cast("T", readers.of(shape)(node))
    except DecodeError as error:
        findings.add(error.faults, node.place)
        return None


def overlaid(below: Node, above: Node, *, whole: Callable[[Table, Table], bool]) -> Node:
    """Return two documents as one, where `above` wins field by field.

    Args:
        below: The weaker document.
        above: The stronger one. A null of it stays, and hides the value below it.
        whole: Returns True if a mapping of `above` replaces the one of `below` as a whole.

    Returns:
        The document; each node keeps its place.
    """
    if not isinstance(below, Table) or not isinstance(above, Table) or whole(below, above):
        return above
    both = {key: overlaid(below[key], above[key], whole=whole) for key in below if key in above}
    return Table({**below, **above, **both}, above.place)


def table(node: Node, findings: Findings, what: str = "a mapping") -> Table:
    """Return the node if it is a mapping; else an empty one, and add a problem unless it is null."""
    if isinstance(node, Table):
        return node
    if not is_null(node):
        findings.wrong(node.place, f"expected {what}, found {kind_of(node)}")
    return Table({}, node.place)
