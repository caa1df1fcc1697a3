"""Whether the controller's machine has been asleep, by its clocks alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..model import events as e
from ..ports import Clock

ASLEEP = 30.0
"""Seconds between two looks from which the machine may have slept."""


class _Look(NamedTuple):
    monotonic: float
    wall: datetime


@dataclass
class Sleep:
    """What was slept and no journal entry tells of yet: right after it neither store nor target may answer."""

    clock: Clock
    seconds: float = 0.0
    _last: _Look | None = None

    def look(self) -> None:
        """Note the time since the last look, by whichever clock has gone further: not every one goes on in sleep."""
        before, now = self._last, _Look(self.clock.monotonic(), self.clock.now())
        self._last = now
        if before is not None:
            gap = max(now.monotonic - before.monotonic, (now.wall - before.wall).total_seconds())
            self.seconds = round(self.seconds + gap, 1) if gap > ASLEEP else self.seconds

    @property
    def events(self) -> tuple[e.Slept, ...]:
        """What is to be told of it."""
        return (e.Slept(self.seconds),) if self.seconds else ()

    def told(self, events: Iterable[e.Event]) -> None:
        """The journal has these."""
        told = sum(event.seconds for event in events if isinstance(event, e.Slept))
        self.seconds = max(0.0, round(self.seconds - told, 1))
