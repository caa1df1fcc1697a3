"""Writers of values: one function per type, made when the type is first met.

They accept exactly what the readers (`reading`) accept, so that no document is written that its reader refuses. A value
of another type, such as the number 1 for an environment variable, is an error where it is written.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Callable, NoReturn

from .shapes import Field, dataclasses_of, fields_of, is_union
from .times import format_time

Writer = Callable[[Any], Any]


class EncodeError(Exception):
    """A value has no written form: it is not of the type of its field."""

    def __init__(self, what: str, path: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.path = path
        """``.steps[2].name``: from the value that is being written."""

    def below(self, key: str) -> EncodeError:
        """Return the error with its path from the value that has the key (``.name``, ``[2]``)."""
        return EncodeError(self.what, key + self.path)


_EXACT = frozenset({str, int, float, bool, type(None)})


def _make(hint: object) -> Writer:
    if hint is Any or hint is object:
        return _json
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
    return _time if scalar is datetime else _SCALARS[scalar]


def _fields(shape: type) -> Writer:
    # A cached function takes hashable values alone, and mypy takes no class for one whose instances it compares.
    writers_of = typing.cast("Callable[[type], Sequence[tuple[Field, Writer]]]", _writers)

    def write(value: object) -> object:
        if type(value) is not shape:
            _refuse(shape.__name__, value)
        out = {}
        for field, writer in writers_of(shape):
            item = getattr(value, field.name)
            if not field.required and type(item) is type(field.default) and item == field.default:
                continue
            try:
                written = writer(item)
            except EncodeError as error:
                raise error.below(f".{field.name}") from error
            if field.required or type(written) is not type(field.default) or written != field.default:
                out[field.name] = written
        return out

    return write


@lru_cache(maxsize=None)
def _writers(shape: type) -> Sequence[tuple[Field, Writer]]:
    """Return a dataclass's fields and their writers; asked for late, as a type may contain itself."""
    return [(field, writer_of(field.hint)) for field in fields_of(shape)]


def _union(hint: object) -> Writer:
    arms = typing.get_args(hint)
    shapes = dataclasses_of(hint)
    tagged = len(shapes) > 1 or str in arms
    by_type: dict[type, Writer] = {
        shape: _tagged(shape.__name__, writer_of(shape)) if tagged else writer_of(shape) for shape in shapes
    }
    by_type.update({arm: writer_of(arm) for arm in arms if arm in _EXACT})
    others = [writer_of(arm) for arm in arms if arm not in shapes]
    names = ", ".join(sorted(getattr(arm, "__name__", str(arm)) for arm in arms))

    def write(value: object) -> object:
        writer = by_type.get(type(value))
        if writer is not None:
            return writer(value)
        for other in others:
            try:
                return other(value)
            except EncodeError:
                continue
        return _refuse(f"one of {names}", value)

    return write


def _tagged(name: str, writer: Writer) -> Writer:
    return lambda value: {"type": name, **writer(value)}


def _tuple(arms: tuple[object, ...]) -> Writer:
    endless = len(arms) == 2 and arms[1] is Ellipsis
    writers = [writer_of(arm) for arm in arms if arm is not Ellipsis]

    def write(value: object) -> object:
        if not isinstance(value, (list, tuple)) or (not endless and len(value) != len(writers)):
            _refuse("a tuple" if endless else f"a tuple of {len(writers)}", value)
        out: list[object] = []
        for writer, item in zip(writers * len(value) if endless else writers, value):
            try:
                out.append(writer(item))
            except EncodeError as error:
                raise error.below(f"[{len(out)}]") from error
        return out

    return write


def _mapping(hint: object) -> Writer:
    writer = writer_of(hint)

    def write(value: object) -> object:
        if not isinstance(value, Mapping):
            _refuse("a mapping", value)
        out = {}
        for key, item in value.items():
            try:
                out[_text(key)] = writer(item)
            except EncodeError as error:
                raise error.below(f".{key}") from error
        return out

    return write


def _json(value: object) -> object:
    """Write a value of no stated type: a JSON value. A tuple is read back as a list."""
    if type(value) in _EXACT:
        return value
    if isinstance(value, (list, tuple)):
        return _json_list(value)
    if isinstance(value, Mapping):
        return _json_mapping(value)
    for writer in _SCALARS.values():
        try:
            return writer(value)
        except EncodeError:
            continue
    return _refuse("a JSON value", value)


def _enum(shape: type[enum.Enum]) -> Writer:
    members = [member.value for member in shape]

    def write(value: object) -> object:
        written = value.value if isinstance(value, shape) else value
        return written if written in members else _refuse(f"one of {', '.join(map(str, members))}", value)

    return write


def _time(value: object) -> object:
    if not isinstance(value, datetime) or value.tzinfo is None:
        _refuse("a time with a time zone", value)
    return format_time(value)


def _text(value: object) -> str:
    return str.__str__(value) if isinstance(value, str) else _refuse("str", value)


def _integer(value: object) -> int:
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else _refuse("int", value)


def _float(value: object) -> float:
    return float(value) if isinstance(value, float) else float(_integer(value))


def _exactly(shape: type) -> Writer:
    return lambda value: value if type(value) is shape else _refuse(shape.__name__, value)


_SCALARS: Mapping[type, Writer] = {
    str: _text,
    int: _integer,
    float: _float,
    bool: _exactly(bool),
    type(None): _exactly(type(None)),
}


def _refuse(expected: str, value: object) -> NoReturn:
    """Raise EncodeError. Text is not shown: nobody knows what it is."""
    shown = f"{value!r} " if isinstance(value, (bool, int, float)) and abs(value) < 1e15 else ""
    raise EncodeError(f"expected {expected}, found {shown}({type(value).__name__})")


writer_of: Callable[[object], Writer] = lru_cache(maxsize=None)(_make)
"""The function that writes values of a type. It raises EncodeError for any other value."""
_json_list = _tuple((object, ...))
_json_mapping = _mapping(object)
