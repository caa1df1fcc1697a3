"""Reading what a store holds: the one place where bytes that are no document become an error of the store."""

from __future__ import annotations

import json
from typing import TypeVar

from ..errors import BadInput, StoreError
from .document import from_document

T = TypeVar("T")


def read_document(shape: type[T], data: bytes, key: str) -> T:
    """The value of type `shape` that the object `key`, whose content is `data`, writes.

    Raises StoreError naming the object: it is no document, or not of that shape.
    """
    try:
        return from_document(shape, json.loads(data))
    except (ValueError, BadInput) as error:
        why = str(error) if data else "it is empty (did the machine lose its power?)"
        raise StoreError(f"the object {key!r} cannot be read: {why}") from error
