"""Limits of the server: calls per second of one caller, and submissions at the same time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from threading import Lock

import anyio

from .problems import too_busy

_CALLERS = 10_000
"""The number of callers that a limit remembers."""
_WAIT = 60.0
"""The longest time in seconds for which a submission waits for its turn."""


class Rate:
    """Limits the calls of each caller: a token bucket (https://en.wikipedia.org/wiki/Token_bucket)."""

    def __init__(self, per_second: float, burst: float, monotonic: Callable[[], float]) -> None:
        """Set the limit.

        Args:
            per_second: Calls per second on average.
            burst: The most calls at once.
            monotonic: Returns seconds that never go back.

        """
        self._per_second = per_second
        self._burst = max(burst, 1.0)
        self._monotonic = monotonic
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, caller: str) -> None:
        """Count a call. Raise `Refusal` (429) if the caller has made too many.

        Args:
            caller: The caller's id.

        """
        with self._lock:
            now = self._monotonic()
            left, since = self._left.pop(caller, (self._burst, now))
            left = min(self._burst, left + (now - since) * self._per_second)
            granted = left >= 1
            self._left[caller] = (left - granted, now)
            if len(self._left) > _CALLERS:
                self._left.popitem(last=False)
        if not granted:
            raise too_busy(429, "this token has made too many calls", (1 - left) / self._per_second)

    def give_back(self, caller: str) -> None:
        """Undo a `take`: the call was none of those that the limit counts.

        Args:
            caller: The caller's id.

        """
        with self._lock:
            if caller in self._left:
                left, since = self._left[caller]
                self._left[caller] = (min(self._burst, left + 1), since)


class Turns:
    """Lets a few at the same time go on, and a few more wait."""

    def __init__(self, at_once: int, waiting: int, longest: float = _WAIT) -> None:
        """Set the limit.

        Args:
            at_once: The number of those that go on.
            waiting: The number of those that wait.
            longest: The longest wait in seconds.

        """
        self._at_once = at_once
        self._free: anyio.Semaphore | None = None
        self._places = at_once + waiting
        self._longest = longest
        self._present = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn. Raise `Refusal` (503) if too many wait, or it takes too long."""
        if self._present >= self._places:
            raise too_busy(503, "too many submissions wait for their turn", 1 + self._present / 20)
        self._present += 1
        try:
            free = self._free = self._free or anyio.Semaphore(self._at_once)  # made in the event loop
            try:
                with anyio.fail_after(self._longest):
                    await free.acquire()
            except TimeoutError:
                raise too_busy(503, "the submission waited too long for its turn", self._longest) from None
            try:
                yield
            finally:
                free.release()
        finally:
            self._present -= 1
