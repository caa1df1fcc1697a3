"""Whether a store honours put-if-absent: journal, lock and commit stand on it."""

from __future__ import annotations

from ..ports import ObjectStore


def refuses_overwrite(store: ObjectStore, entropy: str) -> bool:
    """Write one key twice, conditionally: the second must be refused and the first content kept.

    `entropy` makes the key one that nobody else probes with. Some servers of the S3 protocol
    ignore ``If-None-Match`` without a word. Raises StoreError.
    """
    key = f"probe/{entropy}"
    try:
        first = store.put_if_absent(key, b"first")
        second = store.put_if_absent(key, b"second")
        return first and not second and store.get(key) == b"first"
    finally:
        store.delete(key)
