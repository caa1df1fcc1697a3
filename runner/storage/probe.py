"""A test of conditional puts, which journal, lock and commit need."""

from __future__ import annotations

from ..ports import ObjectStore


def refuses_overwrite(store: ObjectStore, entropy: str) -> bool:
    """Return True if the store refuses to overwrite an object by a conditional put.

    Some servers of the S3 protocol ignore ``If-None-Match`` without an error.

    Args:
        store: The store.
        entropy: Random text that makes the key of the probe unique.

    Raises:
        StoreError: The store cannot be used.
    """
    key = f"probe/{entropy}"
    try:
        first = store.put_if_absent(key, b"first")
        second = store.put_if_absent(key, b"second")
        return first and not second and store.get(key) == b"first"
    finally:
        store.delete(key)
