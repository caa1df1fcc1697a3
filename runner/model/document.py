"""Frozen dataclasses to plain JSON values and back.

One codec serves the journal, the Plan, the records and the assignments, so a value has one
written form. Fields that hold their default are left out; an unknown field, a missing one or a
wrong type is an error that names its place. Where a field is a union of dataclasses, the written
form carries ``type``: the class's name.
"""

from __future__ import annotations

import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, TypeVar

from ..errors import BadInput

T = TypeVar("T")
Document = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""


def to_document(value: object) -> Document:
    """The written form of a dataclass, or of a container of them. Raises TypeError for others."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, (tuple, list)):
        return [to_document(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_document(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _write_fields(value)
    raise TypeError(f"no written form for {type(value).__name__}")


def from_document(shape: type[T], document: Document, where: str = "") -> T:
    """The value of type `shape` that `document` writes.

    Raises BadInput naming the place (``steps[2].inputs[0].name``) of what does not fit.
    """
    return typing.cast("T", _read(shape, document, where))


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC to the millisecond."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The time that `format_time` wrote. Raises ValueError, for a time without a zone as well."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at


@dataclasses.dataclass(frozen=True)
class _Field:
    name: str
    shape: object
    default: object
    required: bool
    tagged: bool


def _write_fields(value: Any) -> dict[str, Document]:
    out: dict[str, Document] = {}
    for field in fields_of(type(value)):
        item = getattr(value, field.name)
        if not field.required and item == field.default and type(item) is type(field.default):
            continue
        out[field.name] = _write_tagged(item) if field.tagged else to_document(item)
    return out


def _write_tagged(item: object) -> Document:
    if isinstance(item, (tuple, list)):
        return [_write_tagged(one) for one in item]
    if isinstance(item, Mapping):
        return {str(key): _write_tagged(one) for key, one in item.items()}
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {"type": type(item).__name__, **_write_fields(item)}
    return to_document(item)


_KNOWN: dict[type, tuple[_Field, ...]] = {}


def fields_of(shape: type) -> tuple[_Field, ...]:
    """The fields of a dataclass and how each is written; worked out once per class."""
    if shape not in _KNOWN:
        _KNOWN[shape] = _work_out(shape)
    return _KNOWN[shape]


def _work_out(shape: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(shape)
    return tuple(_field(field, hints[field.name]) for field in dataclasses.fields(shape))


def _field(field: dataclasses.Field[Any], hint: object) -> _Field:
    if field.default is not dataclasses.MISSING:
        default, required = field.default, False
    elif field.default_factory is not dataclasses.MISSING:
        default, required = field.default_factory(), False
    else:
        default, required = None, True
    return _Field(field.name, hint, default, required, _is_tagged(hint))


def _is_tagged(hint: object) -> bool:
    if _is_union(hint):
        return sum(dataclasses.is_dataclass(arm) for arm in typing.get_args(hint)) > 1 or (
            str in typing.get_args(hint) and any(map(dataclasses.is_dataclass, typing.get_args(hint)))
        )
    return any(_is_tagged(arm) for arm in typing.get_args(hint) if arm is not Ellipsis)


def _is_union(hint: object) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _read(hint: Any, document: Document, where: str) -> object:
    if hint is Any or hint is object:
        return document
    if _is_union(hint):
        return _read_union(typing.get_args(hint), document, where)
    origin = typing.get_origin(hint)
    if origin is not None:
        return _CONTAINERS[origin](hint, document, where)
    if dataclasses.is_dataclass(hint):
        return _read_fields(typing.cast("type", hint), document, where)
    return _read_scalar(hint, document, where)


def _read_union(arms: tuple[Any, ...], document: Document, where: str) -> object:
    if document is None and type(None) in arms:
        return None
    shapes = [arm for arm in arms if dataclasses.is_dataclass(arm)]
    if isinstance(document, dict) and shapes:
        if "type" not in document and len(shapes) == 1:
            return _read(shapes[0], document, where)
        by_name = {arm.__name__: arm for arm in shapes if isinstance(arm, type)}
        rest = {key: item for key, item in document.items() if key != "type"}
        shape = by_name.get(str(document.get("type")))
        if shape is None:
            raise _misfit(where, f"type must be one of {', '.join(sorted(by_name))}")
        return _read(shape, rest, where)
    for arm in arms:
        if arm is type(None) or dataclasses.is_dataclass(arm):
            continue
        try:
            return _read(arm, document, where)
        except BadInput:
            continue
    raise _misfit(where, f"{type(document).__name__} does not fit here")


def _read_fields(shape: type, document: Document, where: str) -> object:
    if not isinstance(document, dict):
        raise _misfit(where, f"expected a mapping ({shape.__name__}), found {type(document).__name__}")
    fields = {field.name: field for field in fields_of(shape)}
    unknown = [name for name in document if name not in fields]
    if unknown:
        raise _misfit(where, f"unknown field {unknown[0]!r}; known: {', '.join(fields)}")
    missing = [name for name, field in fields.items() if field.required and name not in document]
    if missing:
        raise _misfit(where, f"field {missing[0]!r} is missing")
    prefix = f"{where}." if where else ""
    return shape(**{name: _read(fields[name].shape, item, prefix + name) for name, item in document.items()})


def _read_tuple(hint: Any, document: Document, where: str) -> object:
    if not isinstance(document, (list, tuple)):
        raise _misfit(where, f"expected a list, found {type(document).__name__}")
    arms = typing.get_args(hint)
    if len(arms) == 2 and arms[1] is Ellipsis:
        return tuple(_read(arms[0], item, f"{where}[{i}]") for i, item in enumerate(document))
    if len(arms) != len(document):
        raise _misfit(where, f"expected {len(arms)} items, found {len(document)}")
    return tuple(_read(arm, item, f"{where}[{i}]") for i, (arm, item) in enumerate(zip(arms, document, strict=True)))


def _read_mapping(hint: Any, document: Document, where: str) -> object:
    if not isinstance(document, dict):
        raise _misfit(where, f"expected a mapping, found {type(document).__name__}")
    _, shape = typing.get_args(hint)
    return {str(key): _read(shape, item, f"{where}.{key}" if where else str(key)) for key, item in document.items()}


_CONTAINERS: dict[Any, Callable[[Any, Document, str], object]] = {
    tuple: _read_tuple,
    dict: _read_mapping,
    Mapping: _read_mapping,
}


def _read_scalar(hint: Any, document: Document, where: str) -> object:
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        try:
            return hint(document)
        except ValueError:
            raise _misfit(where, f"{document!r} is not one of {', '.join(str(m.value) for m in hint)}") from None
    if hint is datetime:
        try:
            return parse_time(document)
        except (TypeError, ValueError, AttributeError):
            raise _misfit(where, f"{document!r} is not an RFC 3339 time") from None
    if hint is float and isinstance(document, int) and not isinstance(document, bool):
        return float(document)
    if type(document) is not hint:
        name = getattr(hint, "__name__", str(hint))
        raise _misfit(where, f"expected {name}, found {type(document).__name__}")
    return document


def _misfit(where: str, what: str) -> BadInput:
    return BadInput(what, where=where, remedy="correct the document")
