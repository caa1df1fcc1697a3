"""What a compute target says is so."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from ..dataclass import dataclass, field
from .data import DataRef
from .record import Failure


class Phase(str, Enum):
    """How far an attempt is, as its target sees it."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """Its commit record exists."""
    FAILED = "failed"


LIVE = frozenset({Phase.PENDING, Phase.RUNNING})
"""Phases of an attempt that has not ended."""


@dataclass(frozen=True)
class Observation:
    """One attempt as its target sees it now. An attempt that is absent has no observation."""

    phase: Phase
    uid: str
    """The identity of the object seen: the Job's UID; locally the attempt's folder."""
    reason: str = ""
    """Why it waits, or why it failed: one line for people."""
    failure: Failure | None = None
    exit_code: int | None = None
    tail: str = ""
    """The last lines of its output, when it failed."""
    started: datetime | None = None
    ended: datetime | None = None
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    remedy: str = ""
    """What to do about the failure or the wait, in words, where the target knows best."""
    placed: bool = False
    """PENDING: it has a place (a node) and only has to start."""
    elapsed: float | None = None
    """Seconds it has been waiting for a place, starting or running, whichever it does: measured by the side that
    runs it, and not counting what a machine slept. None: not known."""
    attempt: int = 0
    """SUCCEEDED: whose commit it is, if another attempt's was first; 0: its own."""

    @property
    def retriable(self) -> bool:
        """Whether it FAILED for a reason that is not the script's; without any, it was lost."""
        return self.phase is Phase.FAILED and (self.failure or Failure.LOST).retriable
