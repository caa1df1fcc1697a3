"""The number of steps of a run in each state, updated with each event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..dataclass import dataclass, field
from .status import IN_FLIGHT, STEP_ENDS, UNDELIVERED, StepStatus


@dataclass(frozen=True)
class StepCounts:
    """The number of steps of a run in each state."""

    count: Mapping[StepStatus, int] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    """Keys of the steps in flight."""
    attempts: int = 0
    """The number of attempts so far, of all steps together."""

    @property
    def open(self) -> int:
        """The number of steps that have not ended."""
        return sum(many for status, many in self.count.items() if status not in STEP_ENDS)

    @property
    def undelivered(self) -> int:
        """The number of steps that ended without outputs."""
        return sum(many for status, many in self.count.items() if status in UNDELIVERED)

    def after(self, moves: Iterable[tuple[str, StepStatus, StepStatus]], attempts: int = 0) -> StepCounts:
        """Return the counts after steps have moved between states, in order, and after `attempts` more attempts."""
        count, live = dict(self.count), set(self.live)
        for key, old, new in moves:
            count[old] -= 1
            count[new] = count.get(new, 0) + 1
            (live.add if new in IN_FLIGHT else live.discard)(key)
        there = {status: many for status, many in count.items() if many}
        return StepCounts(there, frozenset(live), self.attempts + attempts)


def step_counts_of(statuses: Mapping[str, StepStatus], attempts: int) -> StepCounts:
    """Count the steps of a run."""
    count: dict[StepStatus, int] = {}
    for status in statuses.values():
        count[status] = count.get(status, 0) + 1
    live = frozenset(key for key, status in statuses.items() if status in IN_FLIGHT)
    return StepCounts(count, live, attempts)
