"""A token bucket: so many requests at once, then so many a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

RATE = 100.0
"""Requests a second, of one process to one cluster."""
BURST = 200
"""Requests that may come at once after a rest: a fan-out of a hundred steps is not slowed down."""


class Budget:
    """Shared by all threads that ask one server."""

    def __init__(
        self,
        rate: float = RATE,
        burst: int = BURST,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._left = float(burst)
        self._at = clock()

    def take(self) -> None:
        """Wait until the next request may be sent; those who wait are let go in their order."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
            self._at = now
            debt = -self._left
        if debt > 0:
            self._sleep(debt / self._rate)
