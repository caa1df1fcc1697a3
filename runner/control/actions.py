"""The actions that the controller can decide on, as values."""

from __future__ import annotations

from ..dataclass import dataclass
from ..model.task import TaskId


@dataclass(frozen=True)
class Prepare:
    """Make an environment usable on a target."""

    environment: str
    target: str


@dataclass(frozen=True)
class Start:
    """Create the step's attempt on its target."""

    key: str
    attempt: int
    target: str


@dataclass(frozen=True)
class ReadOutcome:
    """Read the outcome of a started attempt from its records, since its target does not know it."""

    task: TaskId


@dataclass(frozen=True)
class Stop:
    """Stop the attempt: the run is canceled, a time limit has passed, or a search stops its trial."""

    task: TaskId
    uid: str
    target: str


@dataclass(frozen=True)
class Remove:
    """Delete an ended attempt from its target, once the journal has its outcome."""

    task: TaskId
    uid: str
    target: str


Action = Prepare | Start | ReadOutcome | Stop | Remove
