"""A pipeline file as it was written, and what it defines (pure)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ..documents import nodes
from ..documents.nodes import Entry, Items, Leaf, Node, Table, kind_of, unknown

__all__ = ["Entry", "Items", "Leaf", "Node", "Reading", "Table", "kind_of", "unknown"]


class Reading(nodes.Reading):
    """A pipeline file being read: also what it defines, since its parts name each other."""

    def __init__(self, file: str, base: str = "") -> None:
        super().__init__(file)
        self.base = base
        """The folder of the file: its paths are relative to it."""
        self.locked = False
        """The stage of the step that is being read: a *locked* one names a snapshot, a *draft* a folder."""
        self.names: dict[str, Mapping[str, None]] = {}
        """What the file defines: ``step``, ``environment``, ``parameter``; ``input``, ``output`` of one step."""
        self.outputs: Mapping[str, tuple[str, ...]] = {}
        """By step."""

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
