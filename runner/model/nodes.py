"""The values of a document that people write, each with its place in the file (pure).

`Table` is a dict and `Items` a list, so `reading` takes them as it takes JSON. JSON has no places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Dict, List

from ..dataclass import dataclass
from ..override import override

if TYPE_CHECKING:
    from typing import TypeAlias


@dataclass(frozen=True)
class Place:
    """A position in a file."""

    file: str
    line: int
    path: str = ""
    """The keys that lead to the value: ``steps.train.inputs``; empty: the whole document."""

    @override
    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}" if self.path else f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Leaf:
    """A scalar."""

    text: str
    """The scalar as it was written: ``0.10`` stays ``0.10``."""
    value: str | int | float | bool | None
    """The scalar as the core schema of YAML 1.2 reads it."""
    place: Place

    @override
    def __str__(self) -> str:
        return self.text


class Items(List["Node"]):
    """A list."""

    def __init__(self, items: Iterable[Node], place: Place) -> None:
        super().__init__(items)
        self.place = place


class Table(Dict[str, "Node"]):
    """A mapping, in the order of the file."""

    def __init__(self, entries: Mapping[str, Node] | Iterable[tuple[str, Node]], place: Place) -> None:
        super().__init__(entries)
        self.place = place

    def at(self, key: str) -> Node | None:
        """Return the value of `key`; None if it is absent or null."""
        found = self.get(key)
        return None if is_null(found) else found


Node: TypeAlias = "Leaf | Items | Table"


def is_null(document: object) -> bool:
    """Return True for a null that somebody wrote into a file."""
    return isinstance(document, Leaf) and document.value is None


def place_of(document: object) -> Place | None:
    """Return the place of a node; None for a value of JSON."""
    return document.place if isinstance(document, (Leaf, Items, Table)) else None


def kind_of(document: object) -> str:
    """Return the noun for a node or a JSON value in messages. The text of JSON is not shown: it may be a secret."""
    if isinstance(document, dict):
        return "a mapping"
    if isinstance(document, (list, tuple)):
        return "a list"
    if document is None or is_null(document):
        return "nothing"
    return "text" if isinstance(document, str) else repr(document.text if isinstance(document, Leaf) else document)


def plain(document: object) -> object:
    """Return a node as None, bool, int, float, str, list and dict; any other value as it is."""
    if isinstance(document, Leaf):
        return document.value
    if isinstance(document, Items):
        return [plain(item) for item in document]
    if isinstance(document, Table):
        return {key: plain(item) for key, item in document.items()}
    return document
