"""What a run's journal records: each event is something that has happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ..dataclass import dataclass, field
from .data import DataRef
from .plan import Submission
from .record import Failure
from .status import RunStatus


@dataclass(frozen=True)
class RunSubmitted:
    """The first event of every run."""

    submission: Submission


@dataclass(frozen=True)
class ControllerStarted:
    """A controller took the run over."""

    controller: str
    """Its id: drawn when it started."""
    host: str
    pid: int


@dataclass(frozen=True)
class Heartbeat:
    """The controller is alive and nothing else happened."""


@dataclass(frozen=True)
class EnvironmentMaking:
    """An environment is not there and is being made."""

    environment: str
    """The plan's key of it."""
    target: str
    line: str = ""
    """What whoever makes it said last."""


@dataclass(frozen=True)
class EnvironmentReady:
    """An image or a virtual environment can be used on a target."""

    environment: str
    """The plan's key of it."""
    target: str
    reference: str
    built: bool = False
    """False: it was there already."""
    seconds: float = 0.0


@dataclass(frozen=True)
class EnvironmentLost:
    """An environment could not be made: the steps that need it fail."""

    environment: str
    target: str
    reason: str


@dataclass(frozen=True)
class TaskStarted:
    """An attempt's Job or process exists."""

    key: str
    attempt: int
    uid: str


@dataclass(frozen=True)
class TaskWaits:
    """The target says why the attempt does not run yet."""

    key: str
    reason: str
    remedy: str = ""
    """What to do about it, where the target knows."""


@dataclass(frozen=True)
class TaskRuns:
    """A process of the attempt has been seen."""

    key: str
    started: datetime


@dataclass(frozen=True)
class TaskOverdue:
    """The attempt takes longer than its policy allows, and is to be stopped."""

    key: str
    attempt: int
    reason: str


@dataclass(frozen=True)
class TaskLost:
    """The attempt failed, and its policy grants another one."""

    key: str
    attempt: int
    failure: Failure
    reason: str
    not_before: datetime | None = None
    """Not to be followed before, by the writer's clock; None: at once."""


@dataclass(frozen=True)
class StepSucceeded:
    """A commit record exists."""

    key: str
    attempt: int
    started: datetime
    ended: datetime
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class StepReused:
    """The outputs of `origin`, a step run of an earlier run, stand in for this step."""

    key: str
    origin: str
    outputs: Mapping[str, DataRef] = field(default_factory=dict)


@dataclass(frozen=True)
class StepFailed:
    """The step has failed for good."""

    key: str
    failure: Failure
    reason: str
    exit_code: int | None = None
    tail: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    remedy: str = ""
    """What to do about it, in words."""


@dataclass(frozen=True)
class StepSkipped:
    """The step will never start."""

    key: str
    reason: str


@dataclass(frozen=True)
class Slept:
    """The controller's machine was asleep, or its clock was put forward, between two ticks."""

    seconds: float


@dataclass(frozen=True)
class RunOverdue:
    """The run's deadline has passed: only what always runs still starts."""

    reason: str


@dataclass(frozen=True)
class CancelRequested:
    """Somebody asked for the end of the run."""


@dataclass(frozen=True)
class StepCanceled:
    """The step was stopped, or not started, because of a cancel."""

    key: str


@dataclass(frozen=True)
class RunEnded:
    """The last event of every run."""

    status: RunStatus


Event = (
    RunSubmitted
    | ControllerStarted
    | Heartbeat
    | EnvironmentMaking
    | EnvironmentReady
    | EnvironmentLost
    | TaskStarted
    | TaskWaits
    | TaskRuns
    | TaskOverdue
    | TaskLost
    | StepSucceeded
    | StepReused
    | StepFailed
    | StepSkipped
    | Slept
    | RunOverdue
    | CancelRequested
    | StepCanceled
    | RunEnded
)


@dataclass(frozen=True)
class JournalEntry:
    """One append: the events of one tick."""

    number: int
    """From 1, without gaps."""
    time: datetime
    """By the writer's clock; order is the number, never this."""
    controller: str
    events: tuple[Event, ...]
