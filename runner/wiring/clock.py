"""The clock of this machine."""

from __future__ import annotations

from datetime import datetime, timezone


class SystemClock:
    """The clock of this machine, as a `ports.Clock`."""

    def now(self) -> datetime:
        """Return the time in UTC, with its time zone."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Return the seconds of a monotonic clock."""
        import time

        return time.monotonic()
