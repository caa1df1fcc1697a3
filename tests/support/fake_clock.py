"""Time that passes only when somebody waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.support.builders import T0


class FakeClock:
    """ports.Clock; `advance` makes it later, `jump` puts the wall clock alone forward or back."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.skew = 0.0

    def now(self) -> datetime:
        return T0 + timedelta(seconds=self.seconds + self.skew)

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.seconds += seconds

    def jump(self, seconds: float) -> None:
        self.skew += seconds
