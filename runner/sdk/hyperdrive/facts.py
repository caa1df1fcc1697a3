"""The facts of an ended search, as its program leaves them for its run."""

from __future__ import annotations

from ...dataclass import dataclass
from ...model.search import Goal
from ...operations.trials import Trial


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A search that has ended."""

    metric: str
    """The primary metric."""
    goal: Goal
    best: str
    """The step run id of the best trial that succeeded."""
    trials: tuple[Trial, ...]
