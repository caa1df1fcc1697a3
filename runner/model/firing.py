"""The firing of one due time of a schedule, as the history of the schedule holds it."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from ..dataclass import dataclass


class FiringState(str, Enum):
    """The progress of a firing."""

    CLAIMED = "claimed"
    """Its run is being submitted. The next look at the schedule completes the submission."""
    SUBMITTED = "submitted"
    MISSED = "missed"
    """Nobody looked at the schedule in time."""
    REFUSED = "refused"
    """Its run could not be submitted, as the published pipeline is disabled, for example."""


@dataclass(frozen=True, kw_only=True)
class Firing:
    """A due time, and what became of it. Older due times that were missed with it are counted."""

    due: datetime
    state: FiringState
    run: str
    """The id of its run. It is computed: submitting it twice makes one run."""
    decided: datetime
    manual: bool = False
    """True: somebody asked for it (`runner schedules run-now`); it is no due time of the schedule."""
    missed: int = 0
    """The number of older due times that were missed."""
    missed_since: datetime | None = None
    """The first of these."""
    changed: tuple[str, ...] = ()
    """A datastore trigger's new and changed files: the first 100 by name."""
    newest: str = ""
    """Of these files the one that was written last."""
    why: str = ""
    """The reason, if the run was refused."""
