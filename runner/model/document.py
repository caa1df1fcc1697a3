"""Frozen dataclasses to plain JSON values and back.

One codec serves the journal, the Plan, the records and the assignments, so a value has one written form. Fields that
hold their default are left out; an unknown field, a missing one or a wrong type is an error with its path. Where a
field is a union of dataclasses, the written form carries ``type``: the class's name.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from ..backports import without_prefix
from ..errors import BadInput, Problem
from .reading import DecodeError, reader_of
from .times import format_time, parse_time

__all__ = ["Document", "format_time", "from_document", "parse_time", "to_document"]

T = TypeVar("T")
Document = Any
"""A JSON value: None, bool, int, float, str, list or dict of these."""
_PLAIN = frozenset({str, int, bool, float, type(None)})


def to_document(value: object) -> Document:
    """Write a dataclass, or a container of them.

    Raises:
        BadInput: A field holds what its type does not allow, so that the reader would refuse the document.
        TypeError: The value is neither a dataclass nor a container of such.

    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_document(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): to_document(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return format_time(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _of_dataclass(value)
    raise TypeError(f"no written form for {type(value).__name__}")


def _of_dataclass(value: object) -> Document:
    from .writing import EncodeError, writer_of  # not needed for reading

    try:
        return writer_of(type(value))(value)
    except EncodeError as error:
        where = type(value).__name__ + error.path
        raise BadInput(error.what, where=where, remedy="give a value of that type") from error


def from_document(shape: type[T], document: Document, where: str = "") -> T:
    """Return the value of type `shape` that `document` describes.

    Args:
        shape: A dataclass.
        document: A JSON value.
        where: The name of the document, which comes before the path in messages.

    Raises:
        BadInput: With all problems of the document, each with its path (``steps[2].inputs[0].name``).

    """
    try:
        return typing.cast("T", reader_of(shape)(document))
    except DecodeError as error:
        raise BadInput(
            Problem(fault.what, without_prefix(where + fault.path, "."), fault.remedy or "correct the document")
            for fault in error.faults
        ) from error
