"""A token bucket: a burst of requests, then a fixed rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

RATE = 100.0
"""Requests per second of one process to one cluster."""
BURST = 200
"""Requests that are sent without a delay after a rest. A fan-out of a hundred steps is not slowed down."""


class Budget:
    """A rate limit shared by all threads that use one server."""

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
        """Wait until the next request may be sent. Callers are served in their order."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
            self._at = now
            debt = -self._left
        if debt > 0:
            self._sleep(debt / self._rate)
