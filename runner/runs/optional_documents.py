"""Stored documents that need not exist."""

from __future__ import annotations

from typing import TypeVar

from ..errors import ObjectMissing
from ..model.stored_documents import read_document
from ..ports import ObjectStore

R = TypeVar("R")


def found(shape: type[R], store: ObjectStore, key: str) -> R | None:
    """Return the document at `key`; None if it is absent, or empty as after a power failure. Raise StoreError."""
    try:
        data = store.get(key)
    except ObjectMissing:
        return None
    return read_document(shape, data, key) if data else None
