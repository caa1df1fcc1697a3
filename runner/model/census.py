"""How many steps of a run are in which state, and which are under way: kept up with each event, never counted anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..dataclass import dataclass, field
from .status import IN_FLIGHT, STEP_ENDS, UNDELIVERED, StepStatus


@dataclass(frozen=True)
class Census:
    """The steps of a run by state."""

    count: Mapping[StepStatus, int] = field(default_factory=dict)
    live: frozenset[str] = frozenset()
    """Keys of the steps in flight."""
    attempts: int = 0
    """Made so far, of all steps together."""

    @property
    def open(self) -> int:
        """Steps that have not ended."""
        return sum(many for status, many in self.count.items() if status not in STEP_ENDS)

    @property
    def undelivered(self) -> int:
        """Steps that have ended without outputs."""
        return sum(many for status, many in self.count.items() if status in UNDELIVERED)

    def after(self, moves: Iterable[tuple[str, StepStatus, StepStatus]], attempts: int = 0) -> Census:
        """The census after steps have gone from one state to another, in order, and so many attempts were made."""
        count, live = dict(self.count), set(self.live)
        for key, old, new in moves:
            count[old] -= 1
            count[new] = count.get(new, 0) + 1
            (live.add if new in IN_FLIGHT else live.discard)(key)
        there = {status: many for status, many in count.items() if many}
        return Census(there, frozenset(live), self.attempts + attempts)


def census_of(statuses: Mapping[str, StepStatus], attempts: int) -> Census:
    """The census of steps that nobody has counted yet."""
    count: dict[StepStatus, int] = {}
    for status in statuses.values():
        count[status] = count.get(status, 0) + 1
    live = frozenset(key for key, status in statuses.items() if status in IN_FLIGHT)
    return Census(count, live, attempts)
