"""Several reads of a store at a time, where each one has a latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from ..ports import FolderStore, ObjectStore

T = TypeVar("T")
R = TypeVar("R")
THREADS = 16
"""The most requests at a time."""
_FEW = 8
"""So few reads are not worth the start of threads."""


def read_each(store: ObjectStore, read: Callable[[T], R], items: Sequence[T]) -> Iterable[R]:
    """Return what `read` returns for each item, in the order of the items.

    Args:
        store: The store that `read` reads. A folder is read by one thread.
        read: The function. It is called by several threads at a time.
        items: The items.

    Raises:
        Exception: What `read` raises.

    """
    if len(items) < _FEW or isinstance(store, FolderStore):
        return map(read, items)
    from concurrent.futures import ThreadPoolExecutor  # slow to load

    with ThreadPoolExecutor(min(THREADS, len(items))) as pool:
        return list(pool.map(read, items))
