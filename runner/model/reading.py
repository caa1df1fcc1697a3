"""The one reader of documents: stored JSON, the configuration and pipeline files.

Dataclasses describe documents. Each type has one function that reads it, made when the type is first met: a journal of
thousands of entries is read at every look at a run. All problems of a document are collected, each with its path,
and with its file and line where the document is made of `nodes`.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Iterable, KeysView, Sequence
from datetime import datetime
from typing import Any, Callable, Mapping, Tuple

from ..dataclass import dataclass
from .nodes import Leaf, Place, is_null, kind_of, place_of, plain
from .shapes import dataclasses_of, fields_of, is_union
from .times import parse_time

Reader = Callable[[object], object]
Wrong = Tuple[str, str]
"""The description of a wrong value, and the remedy."""
Check = Callable[[Any], "Wrong | None"]
Checks = Mapping[Tuple[type, str], Check]
"""Checks of field values beyond their types, by dataclass and field."""
FieldReaders = Mapping[Tuple[type, str], Callable[[Reader], Reader]]
"""By dataclass and field: makes the reader of the field from the reader of its type."""
_TAG = "type"
"""The key that names the class where more than one fits."""
_NOUNS: Mapping[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    datetime: "a time",
}


@dataclass(frozen=True)
class Fault:
    """One problem of a document."""

    what: str
    remedy: str = ""
    path: str = ""
    """``.steps[2].name``: from the value that is being read."""
    place: Place | None = None
    """The place in the file; None in JSON."""


class DecodeError(Exception):
    """The document does not describe the value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].what)
        self.faults = faults

    def below(self, key: str) -> Iterable[Fault]:
        """Return the faults with their paths from the value that has the key (``.name``, ``[2]``)."""
        return [dataclasses.replace(fault, path=key + fault.path) for fault in self.faults]


def fault(document: object, what: str, remedy: str = "") -> Fault:
    """Return a problem of `document`."""
    return Fault(what, remedy, place=place_of(document))


def checked(check: Check) -> Callable[[Reader], Reader]:
    """Return what adds a check to the reader of a field."""

    def wrap(reader: Reader) -> Reader:
        def read(document: object) -> object:
            value = reader(document)
            wrong = check(value)
            if wrong is not None:
                raise DecodeError([fault(document, *wrong)])
            return value

        return read

    return wrap


def unknown(what: str, name: object, known: Iterable[str]) -> Wrong:
    """Return the problem of a name that is not known, with the nearest one."""
    from difflib import get_close_matches  # costs 5 ms, and most documents are right

    names = tuple(known)
    near = get_close_matches(str(name), names, 1, 0.5)
    remedy = f"did you mean '{near[0]}'?" if near else "correct or remove it"
    return f"unknown {what} {name!r}; known: {', '.join(names) or 'none'}", remedy


class Readers:
    """The readers of one kind of document.

    Args:
        fields: Fields that are read or checked in another way than their types say.

    """

    def __init__(self, fields: FieldReaders | None = None) -> None:
        self._fields = fields or {}
        self._made: dict[object, Reader] = {}

    def of(self, hint: object) -> Reader:
        """Return the function that reads values of a type. It raises DecodeError."""
        if hint not in self._made:
            self._made[hint] = self._make(hint)
        return self._made[hint]

    def _make(self, hint: object) -> Reader:
        if hint is Any or hint is object:
            return plain
        if is_union(hint):
            return self._union(hint)
        origin = typing.get_origin(hint)
        if origin is tuple:
            return self._tuple(typing.get_args(hint))
        if origin is not None:
            return self._mapping(typing.get_args(hint)[1])
        if dataclasses.is_dataclass(hint):
            return self._dataclass(typing.cast("type", hint))
        scalar = typing.cast("type", hint)
        if issubclass(scalar, enum.Enum):
            return _enum(scalar)
        return _time if scalar is datetime else _scalar(scalar)

    def _readers(self, shape: type) -> tuple[Mapping[str, Reader], KeysView[str]]:
        """Return the readers of a dataclass's fields, and its required fields."""
        known = fields_of(shape)
        readers = {field.name: self.of(field.hint) for field in known}
        own = {name: self._fields[shape, name](readers[name]) for name in readers if (shape, name) in self._fields}
        return {**readers, **own}, {field.name: None for field in known if field.required}.keys()

    def _dataclass(self, shape: type, tag: str = "") -> Reader:
        made: list[tuple[Mapping[str, Reader], KeysView[str]]] = []

        def read(document: object) -> object:
            if not made:  # late, as a type may contain itself
                made.append(self._readers(shape))
            readers, required = made[0]
            if not isinstance(document, dict):
                raise _refusal("a mapping", document, f"write its fields: {', '.join(readers)}")
            values: dict[str, object] = {}
            faults: list[Fault] = []
            for name, item in document.items():
                reader = readers.get(name)
                if reader is None:
                    if name != tag:
                        faults.extend(_unknown_field(name, item, readers))
                    continue
                try:
                    values[name] = reader(item)
                except DecodeError as error:
                    if not is_null(item):  # a null in a file leaves the field out
                        values[name] = None
                        faults.extend(error.below(f".{name}"))
            if not required <= values.keys():
                missing = (name for name in required if name not in values)
                faults.extend(fault(document, f"field {name!r} is missing", f"add '{name}:'") for name in missing)
            if faults:
                raise DecodeError(faults)
            return shape(**values)

        return read

    def _union(self, hint: object) -> Reader:
        arms = typing.get_args(hint)
        shapes = {shape.__name__: self._dataclass(shape, _TAG) for shape in dataclasses_of(hint)}
        others = {arm: self.of(arm) for arm in arms if arm is not type(None) and arm not in dataclasses_of(hint)}
        optional = type(None) in arms

        def read(document: object) -> object:
            if document is None and optional:
                return None
            if isinstance(document, dict) and shapes:
                return _read_tagged(shapes, document)
            reader = others.get(type(document)) or others.get(type(plain(document)))
            if reader is not None:
                return reader(document)
            if is_null(document) and optional:
                return None
            if len(others) == 1 and not shapes:
                return next(iter(others.values()))(document)
            for reader in others.values():
                try:
                    return reader(document)
                except DecodeError:
                    continue
            raise _refusal(_noun(hint), document)

        return read

    def _tuple(self, arms: tuple[object, ...]) -> Reader:
        endless = len(arms) == 2 and arms[1] is Ellipsis
        readers = [self.of(arm) for arm in arms if arm is not Ellipsis]
        only = readers[0]

        def read(document: object) -> object:
            if not isinstance(document, (list, tuple)):
                raise _refusal("a list", document)
            if not endless and len(readers) != len(document):
                raise DecodeError([fault(document, f"expected {len(readers)} items, found {len(document)}")])
            out: list[object] = []
            faults: list[Fault] = []
            for item in document:
                try:
                    out.append((only if endless else readers[len(out)])(item))
                except DecodeError as error:
                    faults.extend(error.below(f"[{len(out)}]"))
                    out.append(None)
            if faults:
                raise DecodeError(faults)
            return tuple(out)

        return read

    def _mapping(self, hint: object) -> Reader:
        reader = self.of(hint)

        def read(document: object) -> object:
            if not isinstance(document, dict):
                raise _refusal("a mapping", document)
            out = {}
            faults: list[Fault] = []
            for key, item in document.items():
                try:
                    out[str(key)] = reader(item)
                except DecodeError as error:
                    faults.extend(error.below(f".{key}"))
            if faults:
                raise DecodeError(faults)
            return out

        return read


def _read_tagged(shapes: Mapping[str, Reader], document: Mapping[str, object]) -> object:
    if len(shapes) == 1 and _TAG not in document:
        return next(iter(shapes.values()))(document)
    reader = shapes.get(str(document.get(_TAG, "")))
    if reader is None:
        raise DecodeError([fault(document, f"type must be one of {', '.join(sorted(shapes))}")])
    return reader(document)


def _enum(shape: type[enum.Enum]) -> Reader:
    members = {member.value: member for member in shape}

    def read(document: object) -> object:
        value = document.value if isinstance(document, Leaf) else document
        try:
            return members[value]
        except (KeyError, TypeError):
            what = f"{plain(document)!r} is not one of {', '.join(map(str, members))}"
            raise DecodeError([fault(document, what)]) from None

    return read


def _time(document: object) -> datetime:
    try:
        return parse_time(str(document))
    except ValueError:
        raise DecodeError([fault(document, f"{document!r} is not an RFC 3339 time")]) from None


def _scalar(hint: type) -> Reader:
    def read(document: object) -> object:
        return document if type(document) is hint else _converted(hint, document)

    return read


def _converted(hint: type, document: object) -> object:
    """Return the value of a number for a float, and of a leaf. A number in a file is text as well, as it is written."""
    value = document.value if isinstance(document, Leaf) else document
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(document, Leaf):
        if hint is str and type(value) in (str, int, float):
            return document.text
        if type(value) is hint:
            return value
    raise _refusal(_noun(hint), document)


def _unknown_field(name: object, item: object, readers: Mapping[str, Reader]) -> list[Fault]:
    what, remedy = unknown("field", name, readers)
    return [Fault(what, remedy, f".{name}", place_of(item))]


def _noun(hint: object) -> str:
    """Return the noun for a type in messages."""
    if is_union(hint):
        nouns = [_noun(arm) for arm in typing.get_args(hint) if arm is not type(None)]
        *first, last = dict.fromkeys(nouns)
        return f"{', '.join(first)} or {last}" if first else last
    if typing.get_origin(hint) is tuple:
        return "a list"
    return _NOUNS.get(hint, "a mapping")


def _refusal(expected: str, document: object, remedy: str = "") -> DecodeError:
    return DecodeError([fault(document, f"expected {expected}, found {kind_of(document)}", remedy)])


reader_of: Callable[[object], Reader] = Readers().of
"""The function that reads values of a type from JSON. It raises DecodeError."""
