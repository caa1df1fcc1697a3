"""Records of an attempt's end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from ..dataclass import dataclass, field
from .data import DataRef


class Failure(str, Enum):
    """The class of a failure. The retry policy and the message to the user depend on it."""

    USER = "user"
    """The script failed: it ended with an exit code."""
    INPUT = "input"
    """The script changed a staged input, or an output cannot be stored."""
    OOM = "oom"
    IMAGE = "image"
    """The image cannot be pulled or has no usable Python."""
    UNSCHEDULABLE = "unschedulable"
    REFUSED = "refused"
    """The cluster rejects the pod (quota, pod security, permission)."""
    LOST = "lost"
    """The attempt vanished without a record: node or machine lost, pod deleted."""
    DISRUPTED = "disrupted"
    """The cluster removed the pod on purpose: eviction, preemption, node drain."""
    TIMEOUT = "timeout"
    """The attempt exceeded a time limit of its policy."""
    UNSTARTED = "unstarted"
    """The controller ended before the attempt started. It is repeated and does not count."""
    STORE = "store"
    """The object store failed during staging."""
    CANCELED = "canceled"

    @property
    def retriable(self) -> bool:
        """True if the script did not cause it, so that another attempt may succeed."""
        return self in (Failure.LOST, Failure.DISRUPTED, Failure.UNSTARTED, Failure.STORE)


@dataclass(frozen=True)
class Phases:
    """Seconds spent in each phase of an attempt, measured by the side that ran it."""

    inputs: float = 0.0
    script: float = 0.0
    outputs: float = 0.0


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    """The record written at the end of every attempt. A step has succeeded iff a commit record names one."""

    attempt: int
    failure: Failure | None
    """None: success."""
    exit_code: int | None
    started: datetime
    """The time at which the side that ran it began, staging included."""
    ended: datetime
    reason: str = ""
    """One line for people."""
    tail: str = ""
    """The last lines of the script's output, if it failed."""
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    artifacts: tuple[str, ...] = ()
    """Names of the files under `TaskId.artifacts`: ``outputs/model.pkl`` …"""
    reports: tuple[str, ...] = ()
    """Names of the files under `TaskId.reports`."""
    phases: Phases = field(default_factory=Phases)
    warnings: tuple[str, ...] = ()
    remedy: str = ""
    """The remedy for the failure, if the side that ran it knows one."""
    peak_memory: int = 0
    """The peak memory of its container in bytes; 0: not measured."""
    python: str = ""
    host: str = ""
    reusable: bool = True
    """False: the step wrote to a datastore beside its outputs, or read other files than the pinned ones.

    Its outputs alone cannot replace another run of the step.
    """


@dataclass(frozen=True, kw_only=True)
class CommitRecord:
    """The attempt whose outputs are the step's."""

    attempt: int
    record: str
    """The key of its attempt record."""
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    environment: str = ""
    """The image or interpreter in which the attempt ran."""
    lock: str = ""
    """The digest of the environment's lock; empty: it has none."""
