"""How values are written in a pipeline file: one form per type reads it and writes it (pure).

`record_form` has those of dataclasses, `port_forms` and `step_form` the short forms that people like to write.
"""

from __future__ import annotations

import enum
import re
import typing
from collections.abc import Mapping, Sequence
from typing import NoReturn, Protocol

from ..model.document import to_document
from .nodes import Items, Leaf, Node, Reading, Table, kind_of

Document = object
"""What a YAML writer takes: None, bool, int, float, str, list or dict of these."""
UNREAD = object()
"""In place of a value that does not fit; the reading holds the problem."""


_PLAIN_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)")


class Verbatim(str):
    """A text that needs no quotes although it looks like a whole number: it is read as it was written."""

    __slots__ = ()


class Form(Protocol):
    """The written form of one type."""

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """The value, or UNREAD once `reading` knows what is wrong."""

    def write(self, value: object) -> Document:
        """The shortest form that `read` takes back."""


class Scalars:
    """A scalar of some types: a text is taken as it was written, so numbers need no quotes."""

    def __init__(self, *types: type, what: str) -> None:
        self.types = types
        self.what = what

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """Raises nothing: what is no such scalar is a problem."""
        if isinstance(node, Leaf):
            if self.types == (str,) and node.value is not None:
                return node.text
            if type(node.value) in self.types:
                return node.value
            if self.types == (float,) and type(node.value) is int:
                return float(node.value)
        reading.wrong(node.line, path, f"expected {self.what}, found {kind_of(node)}")
        return UNREAD

    def write(self, value: object) -> Document:
        """As it is."""
        if self.types == (str,) and _PLAIN_NUMBER.fullmatch(str(value)):
            return Verbatim(value)
        return value


TEXT = Scalars(str, what="text")
FLAG = Scalars(bool, what="true or false")
COUNT = Scalars(int, what="a whole number")
NUMBER = Scalars(float, what="a number")
SCALAR = Scalars(str, int, float, bool, type(None), what="text, a number, true, false or null")


class Anything:
    """Whatever JSON can write: the arguments of datasets."""

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """Always a value."""
        match node:
            case Leaf():
                return node.value
            case Items():
                return [self.read(item, path, reading) for item in node.items]
            case Table():
                return {entry.key: self.read(entry.node, path, reading) for entry in node.entries}

    def write(self, value: object) -> Document:
        """Its JSON form."""
        return typing.cast("Document", to_document(value))


class Choice:
    """A member of an enumeration, by its value."""

    def __init__(self, members: type[enum.Enum]) -> None:
        self.members = {str(member.value): member for member in members}

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """The member."""
        found = self.members.get(node.text) if isinstance(node, Leaf) else None
        if found is None:
            reading.wrong(node.line, path, f"expected one of {', '.join(self.members)}, found {kind_of(node)}")
            return UNREAD
        return found

    def write(self, value: object) -> Document:
        """Its value."""
        return value.value if isinstance(value, enum.Enum) else no_form(value)


class Several:
    """A list."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A tuple."""
        if not isinstance(node, Items):
            reading.wrong(node.line, path, f"expected a list, found {kind_of(node)}")
            return UNREAD
        found = tuple(self.form.read(item, f"{path}[{at}]", reading) for at, item in enumerate(node.items))
        return UNREAD if UNREAD in found else found

    def write(self, value: object) -> Document:
        """A list."""
        return [self.form.write(item) for item in value] if isinstance(value, Sequence) else no_form(value)


class Named:
    """A mapping from names that the user chooses."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """A dict, in the order of the file."""
        if not isinstance(node, Table):
            reading.wrong(node.line, path, f"expected a mapping, found {kind_of(node)}")
            return UNREAD
        found = {each.key: self.form.read(each.node, f"{path}.{each.key}", reading) for each in node.entries}
        return UNREAD if any(value is UNREAD for value in found.values()) else found

    def write(self, value: object) -> Document:
        """A dict."""
        if not isinstance(value, Mapping):
            no_form(value)
        return {str(key): self.form.write(item) for key, item in value.items()}


class Maybe:
    """A value or null."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def read(self, node: Node, path: str, reading: Reading) -> object:
        """None for null."""
        if isinstance(node, Leaf) and node.value is None:
            return None
        return self.form.read(node, path, reading)

    def write(self, value: object) -> Document:
        """Null for None."""
        return None if value is None else self.form.write(value)


def no_form(value: object) -> NoReturn:
    """Refuse a value of another type than the form's."""
    raise TypeError(f"no form for {type(value).__name__}")
