"""A document as it was written: values with their places, so that a problem can name its line (pure)."""

from __future__ import annotations

from difflib import get_close_matches

from ..dataclass import dataclass
from ..errors import Problem


@dataclass(frozen=True)
class Leaf:
    """One scalar."""

    text: str
    """As it was written: ``0.10`` stays ``0.10``."""
    value: str | int | float | bool | None
    """As the core schema of YAML 1.2 reads it."""
    line: int
    file: str = ""


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int
    file: str = ""


@dataclass(frozen=True)
class Entry:
    """One key of a mapping, and what it says."""

    key: str
    node: Node
    line: int


@dataclass(frozen=True)
class Table:
    """A mapping, in the order of the file; no key is there twice."""

    entries: tuple[Entry, ...]
    line: int
    file: str = ""

    def get(self, key: str) -> Node | None:
        """What the key says; None: it is absent, or says null."""
        found = next((entry.node for entry in self.entries if entry.key == key), None)
        return None if isinstance(found, Leaf) and found.value is None else found


Node = Leaf | Items | Table


def kind_of(node: Node) -> str:
    """What the node is, in words for errors."""
    match node:
        case Items():
            return "a list"
        case Table():
            return "a mapping"
        case Leaf(value=None):
            return "nothing"
        case Leaf():
            return repr(node.text)


def plain(node: Node) -> object:
    """The node as None, bool, int, float, str, list and dict."""
    match node:
        case Leaf():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Table():
            return {entry.key: plain(entry.node) for entry in node.entries}


class Reading:
    """A file being read: what is wrong with it is collected, so that it can be told together."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: list[tuple[int, Problem]] = []

    def wrong(self, line: int, path: str, what: str, remedy: str = "correct the file") -> None:
        """Note a problem of the node at `path` (``steps.train.inputs``)."""
        place = f"{self.file}:{line}"
        self._found.append((line, Problem(what, f"{place}: {path}" if path else place, remedy)))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What has been found so far, in the order of the file."""
        return tuple(problem for _, problem in sorted(self._found, key=lambda each: each[0]))

    @property
    def count(self) -> int:
        """How many problems have been found so far."""
        return len(self._found)


def unknown(what: str, name: str, known: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong and what to do about a name that nobody knows: the nearest one, and all."""
    near = get_close_matches(name, known, 1, 0.5)
    remedy = f"did you mean '{near[0]}'?" if near else "correct or remove it"
    return f"unknown {what} '{name}'; known: {', '.join(known) or 'none'}", remedy
