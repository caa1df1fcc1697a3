"""Detect from the clocks that the controller's machine has slept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..model import events as e
from ..ports import Clock

ASLEEP = 30.0
"""Seconds between two looks from which sleep is assumed."""


class _Look(NamedTuple):
    monotonic: float
    wall: datetime


@dataclass
class Sleep:
    """The slept time that no journal entry has yet. Right after it neither the store nor a target may answer."""

    clock: Clock
    seconds: float = 0.0
    _last: _Look | None = None

    def look(self) -> None:
        """Note the time since the last look by the clock that has advanced more: some clocks stop during sleep."""
        before, now = self._last, _Look(self.clock.monotonic(), self.clock.now())
        self._last = now
        if before is not None:
            gap = max(now.monotonic - before.monotonic, (now.wall - before.wall).total_seconds())
            self.seconds = round(self.seconds + gap, 1) if gap > ASLEEP else self.seconds

    @property
    def events(self) -> tuple[e.MachineSlept, ...]:
        """Return the event of the slept time, if there is any."""
        return (e.MachineSlept(self.seconds),) if self.seconds else ()

    def reported(self, events: Iterable[e.Event]) -> None:
        """Note that the journal has the events."""
        reported = sum(event.seconds for event in events if isinstance(event, e.MachineSlept))
        self.seconds = max(0.0, round(self.seconds - reported, 1))
