"""Several reads of a store at a time, where each one has a latency."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
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


def read_ahead(store: ObjectStore, items: Iterator[T], size: int, most: int) -> Iterator[T]:
    """Yield the items of a listing, and go on reading it meanwhile.

    Args:
        store: The store that is listed. A folder is read by one thread.
        items: The items.
        size: The items of a part.
        most: The most parts that are read ahead, at least 1.

    Raises:
        Exception: What the iterator raises.

    """
    if isinstance(store, FolderStore):
        yield from items
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to load

    stopped = False

    def part() -> list[T]:
        return [] if stopped else list(islice(items, size))

    with ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(part) for _ in range(most)]
        try:
            while found := coming.pop(0).result():
                coming.append(pool.submit(part))
                yield from found
        finally:
            stopped = True
