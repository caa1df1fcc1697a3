"""Incremental reading of a run: its new journal entries, and the resulting state."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BadInput
from ..model.events import JournalEntry
from ..model.state import begin, fold
from ..ports import ObjectStore
from ..runs import journal, plans
from .values import RunView


@dataclass
class Follower:
    """A reader of one run that remembers its position in the journal."""

    store: ObjectStore
    view: RunView

    def advance(self) -> tuple[JournalEntry, ...]:
        """Return the entries written since the last call. `view` includes them afterwards."""
        fresh = tuple(journal.read(self.store, self.view.state.run, self.view.state.number))
        if fresh:
            self.view = RunView(fold(self.view.state, fresh), self.view.plan)
        return fresh


def follower_of(store: ObjectStore, run: str) -> Follower:
    """Return a follower that starts at the newest snapshot, or at the first entry. Raise BadInput for an unknown id."""
    known = plans.recent(store, run)
    if known is None:
        raise BadInput(f"there is no run '{run}' here", remedy="see: runner list")
    plan, state = known
    unread = state if state.number > 1 else begin(run, plan)
    return Follower(store, RunView(unread, plan))
