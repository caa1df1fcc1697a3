"""Reading what a store holds: the one place where bytes that are no document become an error of the store."""

from __future__ import annotations

import json
from typing import TypeVar

from ..errors import BadInput, StoreError
from .document import Document, from_document

T = TypeVar("T")
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, BadInput)
"""The errors of reading JSON that anybody may have written: it may be nested without end, or hold any number."""


def read_document(shape: type[T], data: bytes, key: str) -> T:
    """The value of type `shape` that the object `key`, whose content is `data`, writes.

    A document whose meaning a later version of runner changes has a field ``document_format``, which is greater
    than 1; none has one today.

    Raises StoreError naming the object: it is no document, not of that shape, or of a later version.
    """
    try:
        document = json.loads(data)
        _check_format(document)
        return from_document(shape, document)
    except UNREADABLE as error:
        why = str(error) if data else "it is empty (did the machine lose its power?)"
        raise StoreError(f"the object {key!r} cannot be read: {why}") from error


def _check_format(document: Document) -> None:
    """Raise BadInput for a document of a later version."""
    if isinstance(document, dict) and document.get("document_format", 1) != 1:
        raise BadInput(f"a later version of runner wrote it (document_format {document['document_format']})")
