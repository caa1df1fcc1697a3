"""Many calls at a time, as many as there are threads."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event, Lock
from typing import TYPE_CHECKING, Callable, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")
THREADS = 16
"""Enough to hide the way to a store; more only compete for the interpreter."""


def each(items: Iterable[T], work: Callable[[T], None], threads: int = THREADS) -> None:
    """Call `work` for each item. After a failure no other call begins; those that run are awaited.

    Args:
        items: The items; 100,000 take no more memory than their own.
        work: The call.
        threads: The most calls at a time.

    Raises:
        Exception: That of the first call that failed, after all that had begun have ended.

    """
    todo = tuple(items)
    if len(todo) < 2:
        for item in todo:
            work(item)
        return
    from concurrent.futures import ThreadPoolExecutor  # only transfers need it

    waiting, lock, stopped = iter(todo), Lock(), Event()
    nothing = object()

    def drain() -> None:
        while not stopped.is_set():
            with lock:
                item = next(waiting, nothing)
            if item is nothing:
                return
            try:
                work(item)  # type: ignore[arg-type]  # it is no sentinel
            except BaseException:
                stopped.set()
                raise

    pool = ThreadPoolExecutor(min(threads, len(todo)))
    futures: list[Future[None]] = []
    try:
        futures.extend(pool.submit(drain) for _ in range(min(threads, len(todo))))
        for future in futures:
            future.result()
    except Exception:
        pool.shutdown()  # what is discarded afterwards must not come back
        raise
    finally:
        stopped.set()
        pool.shutdown(wait=False)  # a process that must stop does not wait
