"""List the objects of a datastore without runner's own records. Steps carry this module."""

from __future__ import annotations

from collections.abc import Iterator

from ...errors import BadInput
from ...model.names import is_reserved
from ...ports import ObjectInfo, ObjectStore


def listed(store: ObjectStore, prefix: str, *, own: bool = True) -> Iterator[ObjectInfo]:
    """Yield the objects whose key begins with `prefix`; runner's own records only if the prefix names them.

    Args:
        store: The store of the datastore.
        prefix: The beginning of the keys.
        own: True if this is the workspace store, the only one with such records.

    Raises:
        BadInput: No key can begin like that.
    """
    try:
        found = store.list(prefix)
    except ValueError as error:
        raise no_place(prefix) from error
    return (info for info in found if not own or is_reserved(prefix) or not is_reserved(info.key))


def no_place(key: str) -> BadInput:
    """Return the error for a text that no key can be."""
    remedy = "write a path without '..' and empty parts, such as data/raw.csv"
    return BadInput(f"'{key}' is no place in a datastore", remedy=remedy)
