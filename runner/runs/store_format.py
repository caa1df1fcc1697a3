"""The format of a workspace store. ``store.json`` states it, beside the store's id.

Raise `FORMAT` when the previous version of runner would misread or refuse what this one writes. A store without a
number has format 1. A store of another format is refused before anything in it is read or written. A single document
whose meaning changes carries a version of its own (`model.stored_documents`).
"""

from __future__ import annotations

import json

from .. import __version__
from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing, StoreError
from ..ports import ObjectStore

STORE_KEY = "store.json"
FORMAT = 2


@dataclass(frozen=True)
class StoreMark:
    """The content of ``store.json``."""

    id: str
    format: int
    version: str = ""
    """The version of runner that wrote the mark; empty: one before 0.1.0."""


def check(store: ObjectStore, where: str) -> str:
    """Refuse a store of another format.

    Args:
        store: A workspace store.
        where: The place of the store, for error messages.

    Returns:
        The store's id; empty: it has none yet.

    Raises:
        BadInput: Another version of runner wrote the store.
        StoreError: The store cannot be used.
    """
    try:
        data = store.get(STORE_KEY)
    except ObjectMissing:
        return ""
    if not data:  # a power failure emptied it: it is written again
        return ""
    found = _parse(data)
    if found.format != FORMAT:
        writer = f", written by runner {found.version}" if found.version else ""
        raise BadInput(
            f"the store has format {found.format}{writer}; runner {__version__} reads format {FORMAT} only",
            where,
            "use the version of runner that wrote it, or name another workspace or store",
        )
    return found.id


def claim(store: ObjectStore, entropy: bytes, where: str) -> str:
    """Write the id and the current format of a store, unless it has them.

    Args:
        store: A workspace store.
        entropy: Random bytes for the id.
        where: The place of the store, for error messages.

    Returns:
        The store's immutable id.

    Raises:
        BadInput: Another version of runner wrote the store.
        StoreError: The store cannot be used.
    """
    known = check(store, where)
    if known:
        return known
    mark = {"id": entropy.hex(), "format": FORMAT, "version": __version__}
    store.put_if_absent(STORE_KEY, json.dumps(mark).encode())
    known = check(store, where)
    if not known:
        raise StoreError(f"the object {STORE_KEY!r} was written and is empty; remove it")
    return known


def _parse(data: bytes) -> StoreMark:
    """Return the parsed mark. Unknown fields are ignored: only the format decides whether the store can be read."""
    try:
        document = json.loads(data)
        identity, number, version = document["id"], document.get("format", 1), document.get("version", "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(f"the object {STORE_KEY!r} cannot be read: {type(error).__name__}: {error}") from error
    if not identity or type(identity) is not str or type(number) is not int:
        raise StoreError(f"the object {STORE_KEY!r} cannot be read: it needs a text 'id' and a whole number 'format'")
    return StoreMark(identity, number, str(version))
