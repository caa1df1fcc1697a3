"""The events of a run's journal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Union

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
    """A controller took over the run."""

    controller: str
    """The controller's id, drawn at its start."""
    host: str
    pid: int
    version: str = ""
    """The version of runner; empty: an earlier one, which did not note it."""


@dataclass(frozen=True)
class Heartbeat:
    """The controller is alive and nothing else happened."""


@dataclass(frozen=True)
class EnvironmentBuilding:
    """An environment is missing and is being built."""

    environment: str
    """Its key in the plan."""
    target: str
    line: str = ""
    """The last line of the builder's output."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentReady:
    """An image or a virtual environment can be used on a target."""

    environment: str
    """Its key in the plan."""
    target: str
    reference: str
    lock: str = ""
    """The digest of the lock that was installed. Empty: nothing was installed from a lock."""
    built: bool = False
    """False: it existed already."""
    seconds: float = 0.0


@dataclass(frozen=True)
class EnvironmentUnavailable:
    """An environment could not be built: the steps that need it fail."""

    environment: str
    target: str
    reason: str


@dataclass(frozen=True)
class AttemptStarted:
    """An attempt's Job or process exists."""

    key: str
    attempt: int
    uid: str


@dataclass(frozen=True)
class AttemptPending:
    """The target reports why the attempt does not run yet."""

    key: str
    reason: str
    remedy: str = ""
    """The remedy, if the target knows one."""


@dataclass(frozen=True)
class AttemptRunning:
    """A process of the attempt has been observed."""

    key: str
    started: datetime
    placed: datetime | None = None
    """The time at which it got its node; None: not known."""


@dataclass(frozen=True)
class AttemptOverdue:
    """The attempt is past a time limit of its policy and will be stopped."""

    key: str
    attempt: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class AttemptFailed:
    """The attempt failed, and its policy grants another one."""

    key: str
    attempt: int
    failure: Failure
    reason: str
    not_before: datetime | None = None
    """The earliest start of the next attempt, by the writer's clock; None: at once."""


@dataclass(frozen=True, kw_only=True)
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
    """The outputs of `origin`, a step run of an earlier run, replace those of this step."""

    key: str
    origin: str
    outputs: Mapping[str, DataRef] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StepFailed:
    """The step has failed; there is no further attempt."""

    key: str
    failure: Failure
    reason: str
    exit_code: int | None = None
    tail: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    remedy: str = ""
    """The remedy, for people."""


@dataclass(frozen=True)
class StepSkipped:
    """The step will never start."""

    key: str
    reason: str


@dataclass(frozen=True)
class TrialSampled:
    """The values of a trial are drawn. They stay the same for all of its attempts."""

    key: str
    values: Mapping[str, object]
    """By hyperparameter, in the order of the command line."""


@dataclass(frozen=True)
class TrialStopped:
    """The attempt of a trial will be stopped, and the trial ends as canceled with this reason."""

    key: str
    attempt: int
    reason: str


@dataclass(frozen=True)
class MachineSlept:
    """The controller's machine slept, or its clock was set forward, between two ticks."""

    seconds: float


@dataclass(frozen=True)
class RunOverdue:
    """The run's deadline has passed: only steps with `always` still start."""

    reason: str


@dataclass(frozen=True)
class CancelRequested:
    """A user requested the run's cancellation."""


@dataclass(frozen=True)
class StepCanceled:
    """A cancellation stopped the step or kept it from starting; a search does so with its trials."""

    key: str
    reason: str = ""
    """Empty: the run was canceled."""


@dataclass(frozen=True)
class RunEnded:
    """The last event of every run."""

    status: RunStatus


Event = Union[
    RunSubmitted,
    ControllerStarted,
    Heartbeat,
    EnvironmentBuilding,
    EnvironmentReady,
    EnvironmentUnavailable,
    AttemptStarted,
    AttemptPending,
    AttemptRunning,
    AttemptOverdue,
    AttemptFailed,
    StepSucceeded,
    StepReused,
    StepFailed,
    StepSkipped,
    TrialSampled,
    TrialStopped,
    MachineSlept,
    RunOverdue,
    CancelRequested,
    StepCanceled,
    RunEnded,
]


@dataclass(frozen=True)
class JournalEntry:
    """One append to the journal: the events of one tick."""

    number: int
    """From 1, without gaps."""
    time: datetime
    """The writer's clock. The order is given by `number`, never by this."""
    controller: str
    events: tuple[Event, ...]
