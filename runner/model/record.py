"""What is left of an attempt when it has ended, and what made it end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from ..dataclass import dataclass, field
from .data import DataRef


class Failure(str, Enum):
    """Whose failure it was: the retry policy and the user's words come from this."""

    USER = "user"
    """The script's own: it ended with an exit code."""
    INPUT = "input"
    """A staged input was altered by the script, or an output cannot be taken."""
    OOM = "oom"
    IMAGE = "image"
    """The image cannot be pulled or has no usable Python."""
    UNSCHEDULABLE = "unschedulable"
    REFUSED = "refused"
    """The cluster does not admit the pod (quota, pod security, permission)."""
    LOST = "lost"
    """It vanished without a record: evicted, deleted, node or machine gone."""
    DISRUPTED = "disrupted"
    """The cluster took it away by intent: evicted, preempted, its node drained."""
    TIMEOUT = "timeout"
    """It took longer than its policy allows."""
    UNSTARTED = "unstarted"
    """Its controller ended before it began: nobody's loss, and made again without counting."""
    STORE = "store"
    """Staging failed: the object store."""
    CANCELED = "canceled"

    @property
    def retriable(self) -> bool:
        """Whether it was not the script's doing, so that another attempt may succeed."""
        return self in (Failure.LOST, Failure.DISRUPTED, Failure.UNSTARTED, Failure.STORE)


@dataclass(frozen=True)
class Phases:
    """Seconds spent in each part of an attempt, as the side that ran it measured them."""

    inputs: float = 0.0
    script: float = 0.0
    outputs: float = 0.0


@dataclass(frozen=True)
class AttemptRecord:
    """Always written at the end of an attempt; a step has succeeded iff a commit record names one."""

    attempt: int
    failure: Failure | None
    """None: success."""
    exit_code: int | None
    started: datetime
    """When the side that ran it began (staging included)."""
    ended: datetime
    reason: str = ""
    """One line for people."""
    tail: str = ""
    """The last lines of the script's output, when it failed."""
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    """Names of the files under `TaskId.artifacts`: ``outputs/model.pkl`` …"""
    reports: tuple[str, ...] = ()
    """Names of the files under `TaskId.reports`."""
    phases: Phases = field(default_factory=Phases)
    warnings: tuple[str, ...] = ()
    remedy: str = ""
    """What to do about the failure, where the side that ran it knows."""
    peak_memory: int = 0
    """The most bytes its container held at a time; 0: not measured."""
    python: str = ""
    host: str = ""
    reusable: bool = True
    """False: it wrote into a datastore beside its outputs, or read other files than were pinned for it.

    Its outputs alone cannot stand in for another run of the step.
    """


@dataclass(frozen=True)
class CommitRecord:
    """Names the attempt whose outputs are the step's."""

    attempt: int
    record: str
    """Key of its attempt record."""
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
