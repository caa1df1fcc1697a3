"""Bytes on their way between this process and its stores, for whoever shows how far a large file is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, Iterator

Hear = Callable[[int], None]
_sent: list[Hear] = []
_received: list[Hear] = []


def sent(size: int) -> None:
    """Tell of bytes that were given to a connection; those of a request that is made again count twice.

    Args:
        size: The number of bytes.

    """
    for hear in tuple(_sent):
        hear(size)


def received(size: int) -> None:
    """Tell of bytes of a body that have arrived.

    Args:
        size: The number of bytes.

    """
    for hear in tuple(_received):
        hear(size)


@contextmanager
def heard(hear: Hear, *, incoming: bool) -> Iterator[None]:
    """Call a function with each number of bytes while the block is open, from any thread.

    Args:
        hear: The function.
        incoming: True: bytes that arrive. False: bytes that are sent.

    """
    listeners = _received if incoming else _sent
    listeners.append(hear)
    try:
        yield
    finally:
        listeners.remove(hear)
