"""What the controller can do next, as values."""

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
    """Make the step's attempt and hand it to its target."""

    key: str
    attempt: int
    target: str


@dataclass(frozen=True)
class Inquire:
    """The target knows nothing of a started attempt: ask its records how it ended."""

    task: TaskId


@dataclass(frozen=True)
class Stop:
    """Kill the attempt: the run is being canceled."""

    task: TaskId
    uid: str
    target: str


@dataclass(frozen=True)
class Remove:
    """Forget an ended attempt on its target: its outcome is in the journal."""

    task: TaskId
    uid: str
    target: str


Action = Prepare | Start | Inquire | Stop | Remove
