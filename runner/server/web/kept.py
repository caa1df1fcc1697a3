"""Values that were read a moment ago. Live pages ask every second: viewers of the same run share what was read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
SECONDS = 0.9
_MOST = 500


class Kept(Generic[T]):
    """Values by name, each for less than a second. Several threads may use it."""

    def __init__(self, seconds: float = SECONDS) -> None:
        """Begin with none.

        Args:
            seconds: The time for which a value holds. Default: 0.9.

        """
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def get(self, name: str, now: float, read: Callable[[], T]) -> T:
        """Return a value, read now or a moment ago.

        Args:
            name: The name of the value.
            now: Seconds that never go back.
            read: Reads the value.

        """
        with self._lock:
            known = self._known.get(name)
        if known is not None and now - known[0] < self._seconds:
            return known[1]
        value = read()
        with self._lock:
            self._known[name] = (now, value)
            self._known.move_to_end(name)
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        return value
