"""The rule by which ``runner gc`` keeps runs (pure)."""

from __future__ import annotations

from datetime import timedelta

from ..dataclass import dataclass

EVERY_TAG = "*"


@dataclass(frozen=True)
class KeepRule:
    """The runs that are kept whatever refers to them."""

    age: timedelta = timedelta(days=90)
    """The time after its end for which a run is kept."""
    last: int = 20
    """The number of newest runs that are kept."""
    tags: frozenset[str] = frozenset({EVERY_TAG})
    """The names of the tags that keep a run; `EVERY_TAG` stands for all."""

    def keeps_tagged(self, tags: frozenset[str]) -> bool:
        """Return True if a run with these tags is kept."""
        return bool(tags) if EVERY_TAG in self.tags else not tags.isdisjoint(self.tags)
