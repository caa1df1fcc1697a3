"""Observations: the state of attempts as a compute target reports it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from ..dataclass import dataclass, field
from .data import DataRef
from .record import Failure


class Phase(str, Enum):
    """The phase of an attempt as its target reports it."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """Its commit record exists."""
    FAILED = "failed"


LIVE = frozenset({Phase.PENDING, Phase.RUNNING})
"""Phases of an attempt that has not ended."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One attempt as its target reports it now. An attempt that is absent has no observation."""

    phase: Phase
    uid: str
    """The identity of the observed object: the Job's UID; locally, the attempt's folder."""
    reason: str = ""
    """The reason for the wait or the failure: one line for people."""
    failure: Failure | None = None
    exit_code: int | None = None
    tail: str = ""
    """The last lines of its output, if it failed."""
    started: datetime | None = None
    ended: datetime | None = None
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    remedy: str = ""
    """The remedy for the failure or the wait, if the target knows one."""
    placed: bool = False
    """PENDING: the attempt has a node and only has to start."""
    placed_at: datetime | None = None
    """RUNNING: the time at which the attempt got its node; None: not known."""
    elapsed: float | None = None
    """Seconds in its present phase: waiting for a node, starting, or running. None: not known.

    The side that runs the attempt measures them, without the time in which its machine slept.
    """
    attempt: int = 0
    """SUCCEEDED: the attempt that committed, if another one did so first; 0: this one."""

    @property
    def retriable(self) -> bool:
        """Return True if it FAILED for another reason than the script's; without any reason, it was lost."""
        return self.phase is Phase.FAILED and (self.failure or Failure.LOST).retriable
