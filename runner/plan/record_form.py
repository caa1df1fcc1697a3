"""Dataclasses in a pipeline file (pure).

Forms are made from the classes, so that a new field of a plain type is known here at once.
"""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping

from ..model.shapes import dataclasses_of, fields_of, is_union
from .forms import (
    COUNT,
    FLAG,
    NUMBER,
    SCALAR,
    TEXT,
    UNREAD,
    Anything,
    Choice,
    Document,
    Form,
    Maybe,
    Named,
    Several,
    no_form,
)
from .nodes import Leaf, Node, Reading, Table, kind_of, unknown


class Record:
    """A dataclass as a mapping: unknown fields are problems, fields that hold their default are not written.

    Subclasses say other fields than the dataclass has (`forms`, `make`, `parts`).
    """

    def __init__(self, shape: type, **defaults: object) -> None:
        self.shape = shape
        self.defaults = {field.name: field.default for field in fields_of(shape) if not field.required} | defaults
        self.forms: dict[str, Form] = {field.name: form_of(field.hint) for field in fields_of(shape)}
        self.draft_only: frozenset[str] = frozenset()
        self.locked_only: frozenset[str] = frozenset()

    @property
    def known(self) -> tuple[str, ...]:
        """The fields that a file may have here, in order."""
        return tuple(self.forms)

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """The dataclass."""
        return self.read_with(node, path, reading, {})

    def read_with(self, node: Node, path: str, reading: Reading, given: Mapping[str, object]) -> object:
        """The dataclass, some fields of which are `given` by what stands around it."""
        if not isinstance(node, Table):
            reading.wrong(node.line, path, f"expected a mapping, found {kind_of(node)}")
            return UNREAD
        before = reading.count
        values = dict(given)
        for entry in node.entries:
            if self._allowed(entry.key, entry.line, path, reading):
                values[entry.key] = self.forms[entry.key].read(entry.node, f"{path}.{entry.key}".strip("."), reading)
        made = self.make(values, node, path, reading)
        return UNREAD if reading.count > before else made

    def make(self, values: dict[str, object], node: Table, path: str, reading: Reading) -> object:
        """The dataclass of these fields; what is missing or contradicts itself is a problem."""
        missing = [name for name in self.forms if name not in values and name not in self.defaults]
        for name in missing:
            reading.wrong(node.line, path, f"'{name}' is missing", "add it")
        if missing or any(value is UNREAD for value in values.values()):
            return UNREAD
        return self.shape(**{**self._own_defaults(), **values})

    def parts(self, value: object) -> dict[str, object]:
        """What of the value is to be written, by field."""
        return {
            name: getattr(value, name)
            for name in self.forms
            if hasattr(value, name)
            if name not in self.defaults or not _same(getattr(value, name), self.defaults[name])
        }

    def write(self, value: object) -> Document:
        """A dict."""
        return {name: self.forms[name].write(part) for name, part in self.parts(value).items()}

    def _own_defaults(self) -> dict[str, object]:
        fields = {field.name for field in fields_of(self.shape)}
        return {name: value for name, value in self.defaults.items() if name in fields}

    def _allowed(self, name: str, line: int, path: str, reading: Reading) -> bool:
        if name not in self.forms:
            reading.wrong(line, path, *unknown("field", name, self.known))
        elif name in (self.draft_only if reading.locked else self.locked_only):
            other, stage = ("a draft", "locked") if reading.locked else ("a locked step", "a draft")
            reading.wrong(line, path, f"'{name}' is of {other}, and this step is {stage}", "remove it")
        else:
            return True
        return False


class Keyed:
    """Records in a mapping; one field of each is its key there."""

    def __init__(self, record: Record, field: str) -> None:
        self.record = record
        self.field = field

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A tuple of the dataclasses."""
        if not isinstance(node, Table):
            reading.wrong(node.line, path, f"expected a mapping, found {kind_of(node)}")
            return UNREAD
        found = tuple(
            self.record.read_with(_said(each.node), f"{path}.{each.key}", reading, {self.field: each.key})
            for each in node.entries
        )
        return UNREAD if UNREAD in found else found

    def write(self, value: object) -> Document:
        """A dict by key."""
        if not isinstance(value, tuple):
            no_form(value)
        return {str(getattr(each, self.field)): self.record.write(each) for each in value}


def form_of(hint: object) -> Form:
    """The plain form of a type. Raises TypeError for one that has none."""
    simple: dict[object, Form] = {str: TEXT, bool: FLAG, int: COUNT, float: NUMBER, object: Anything()}
    if hint in simple:
        return simple[hint]
    if is_union(hint):
        return _union_form(hint)
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is tuple:
        return Several(form_of(arguments[0]))
    if typing.get_origin(hint) is not None:
        return Named(form_of(arguments[1]))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return Choice(hint)
    return Record(typing.cast("type", hint))


def _union_form(hint: object) -> Form:
    """``X | None``, or a scalar; a union of dataclasses has forms of its own, which stand in `pipeline_file`."""
    arms = [arm for arm in typing.get_args(hint) if arm is not type(None)]
    if len(arms) == 1:
        return Maybe(form_of(arms[0]))
    return Anything() if dataclasses_of(hint) else SCALAR


def _said(node: Node) -> Node:
    """``name:`` with nothing after it says no more than the name."""
    return Table((), node.line) if isinstance(node, Leaf) and node.value is None else node


def _same(value: object, default: object) -> bool:
    return type(value) is type(default) and value == default
