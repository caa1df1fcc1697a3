"""A document as it was written: values with their places, so that a problem can name its line (pure)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int


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


class Reading:
    """A file being read: what is wrong with it is collected, so that it can be told together."""

    def __init__(self, file: str, base: str = "") -> None:
        self.file = file
        self.base = base
        """The folder of the file: its paths are relative to it."""
        self.locked = False
        """The stage of the step that is being read: a *locked* one names a snapshot, a *draft* a folder."""
        self.names: dict[str, Mapping[str, None]] = {}
        """What the file defines: ``step``, ``environment``, ``parameter``; ``input``, ``output`` of one step."""
        self.outputs: Mapping[str, tuple[str, ...]] = {}
        """By step."""
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

    def define(self, **names: Iterable[str]) -> None:
        """Note the names of these kinds, in order, in place of those known so far."""
        self.names.update({kind: dict.fromkeys(each) for kind, each in names.items()})

    def knows(self, kind: str, name: str, line: int, path: str) -> bool:
        """Whether the file defines that name; if not, that is a problem."""
        known = self.names.get(kind, {})
        if name not in known:
            self.wrong(line, path, *unknown(kind, name, tuple(known)))
        return name in known

    def makes(self, step: str, output: str, line: int, path: str) -> bool:
        """Whether the step has that output; if not, that is a problem."""
        known = self.outputs.get(step, ())
        if output not in known:
            _, remedy = unknown("output", output, known)
            self.wrong(line, path, f"'{step}' has no output '{output}'; it has: {', '.join(known) or 'none'}", remedy)
        return output in known

    def beside(self, path: str) -> str:
        """A path of the file as this process reaches it."""
        return os.path.normpath(os.path.join(self.base, path))  # noqa: PTH118 - text, of no machine yet


def unknown(what: str, name: str, known: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong and what to do about a name that nobody knows: the nearest one, and all."""
    near = get_close_matches(name, known, 1, 0.5)
    remedy = f"did you mean '{near[0]}'?" if near else "correct or remove it"
    return f"unknown {what} '{name}'; known: {', '.join(known) or 'none'}", remedy
