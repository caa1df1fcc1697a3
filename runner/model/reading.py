"""Readers of written forms: one function per type, made when the type is first met.

A journal of thousands of entries is read at every look at a run, so a type is taken apart once and
not once per value; and a place (``steps[2].name``) is put together only when something does not fit.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NoReturn

from .shapes import dataclasses_of, fields_of, is_union
from .times import parse_time

Reader = Callable[[object], object]


class Misfit(Exception):
    """The document does not fit; `path` is completed on the way out, innermost first."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what
        self.path: list[str] = []

    @property
    def place(self) -> str:
        """``steps[2].inputs[0].name``."""
        return "".join(reversed(self.path)).removeprefix(".")


def _make(hint: object) -> Reader:
    if hint is Any or hint is object:
        return lambda document: document
    if is_union(hint):
        return _union(hint)
    origin = typing.get_origin(hint)
    if origin is tuple:
        return _tuple(typing.get_args(hint))
    if origin is not None:
        return _mapping(typing.get_args(hint)[1])
    if dataclasses.is_dataclass(hint):
        return _fields(typing.cast("type", hint))
    scalar = typing.cast("type", hint)
    if issubclass(scalar, enum.Enum):
        return _enum(scalar)
    return _time if scalar is datetime else _scalar(scalar)


def _fields(shape: type) -> Reader:
    def read(document: object) -> object:
        readers, required = _readers(shape)
        if not isinstance(document, dict):
            _refuse(f"expected a mapping ({shape.__name__}), found {type(document).__name__}")
        values = {}
        for name, item in document.items():
            reader = readers.get(name)
            if reader is None:
                _refuse(f"unknown field {name!r}; known: {', '.join(readers)}")
            try:
                values[name] = reader(item)
            except Misfit as misfit:
                misfit.path.append(f".{name}")
                raise
        for name in required:
            if name not in values:
                _refuse(f"field {name!r} is missing")
        return shape(**values)

    return read


@cache
def _readers(shape: type) -> tuple[Mapping[str, Reader], Sequence[str]]:
    """Return a dataclass's readers by field, and the required fields; asked for late, as a type may contain itself."""
    known = fields_of(shape)
    return {field.name: reader_of(field.hint) for field in known}, [field.name for field in known if field.required]


def _union(hint: object) -> Reader:
    arms = typing.get_args(hint)
    shapes = {shape.__name__: reader_of(shape) for shape in dataclasses_of(hint)}
    plain = {arm: reader_of(arm) for arm in arms if arm is not type(None) and arm not in dataclasses_of(hint)}

    def read(document: object) -> object:
        if document is None and type(None) in arms:
            return None
        if isinstance(document, dict) and shapes:
            return _read_tagged(shapes, document)
        if type(document) in plain:
            return plain[type(document)](document)
        for reader in plain.values():
            try:
                return reader(document)
            except Misfit:
                continue
        return _refuse(f"{type(document).__name__} does not fit here")

    return read


def _read_tagged(shapes: Mapping[str, Reader], document: Mapping[str, object]) -> object:
    if "type" not in document and len(shapes) == 1:
        return next(iter(shapes.values()))(document)
    rest = dict(document)
    reader = shapes.get(str(rest.pop("type", "")))
    if reader is None:
        _refuse(f"type must be one of {', '.join(sorted(shapes))}")
    return reader(rest)


def _tuple(arms: tuple[object, ...]) -> Reader:
    endless = len(arms) == 2 and arms[1] is Ellipsis
    readers = [reader_of(arm) for arm in arms if arm is not Ellipsis]

    def read(document: object) -> object:
        if not isinstance(document, (list, tuple)):
            _refuse(f"expected a list, found {type(document).__name__}")
        if not endless and len(readers) != len(document):
            _refuse(f"expected {len(readers)} items, found {len(document)}")
        each = readers * len(document) if endless else readers
        out = []
        for reader, item in zip(each, document, strict=True):
            try:
                out.append(reader(item))
            except Misfit as misfit:
                misfit.path.append(f"[{len(out)}]")
                raise
        return tuple(out)

    return read


def _mapping(value: object) -> Reader:
    reader = reader_of(value)

    def read(document: object) -> object:
        if not isinstance(document, dict):
            _refuse(f"expected a mapping, found {type(document).__name__}")
        out = {}
        for key, item in document.items():
            try:
                out[str(key)] = reader(item)
            except Misfit as misfit:
                misfit.path.append(f".{key}")
                raise
        return out

    return read


def _enum(shape: type[enum.Enum]) -> Reader:
    members = {member.value: member for member in shape}

    def read(document: object) -> object:
        try:
            return members[document]
        except (KeyError, TypeError):
            return _refuse(f"{document!r} is not one of {', '.join(map(str, members))}")

    return read


def _time(document: object) -> datetime:
    try:
        return parse_time(str(document))
    except ValueError:
        return _refuse(f"{document!r} is not an RFC 3339 time")


def _scalar(hint: type) -> Reader:
    def read(document: object) -> object:
        if type(document) is hint:
            return document
        if hint is float and type(document) is int:
            return float(document)
        return _refuse(f"expected {hint.__name__}, found {type(document).__name__}")

    return read


def _refuse(what: str) -> NoReturn:
    raise Misfit(what)


reader_of: Callable[[object], Reader] = cache(_make)
"""The function that reads values of a type. It raises Misfit."""
