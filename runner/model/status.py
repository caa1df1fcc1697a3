"""The states of a step and of a run, and the transitions between them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ..errors import IllegalTransition


class StepStatus(str, Enum):
    """The state of a step."""

    WAITING = "waiting"
    """Its inputs are missing, or its turn has not come."""
    QUEUED = "queued"
    """Submitted to its target; no process of it has been observed."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    SKIPPED = "skipped"
    """It will never start: a dependency did not succeed."""
    REUSED = "reused"
    """An earlier run's outputs stand in for it."""


class RunStatus(str, Enum):
    """The state of a run."""

    RUNNING = "running"
    CANCELING = "canceling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


_S = StepStatus
TRANSITIONS: Mapping[StepStatus, frozenset[StepStatus]] = {
    _S.WAITING: frozenset({_S.QUEUED, _S.SKIPPED, _S.CANCELED, _S.REUSED, _S.FAILED}),
    _S.QUEUED: frozenset({_S.RUNNING, _S.SUCCEEDED, _S.FAILED, _S.CANCELED, _S.WAITING}),
    _S.RUNNING: frozenset({_S.QUEUED, _S.SUCCEEDED, _S.FAILED, _S.CANCELED, _S.WAITING}),
    _S.SUCCEEDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.REUSED: frozenset(),
}
"""Allowed transitions. Back to WAITING: the attempt was lost, another may follow. Back to QUEUED: it lost its node."""

_R = RunStatus
RUN_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    _R.RUNNING: frozenset({_R.CANCELING, _R.SUCCEEDED, _R.FAILED}),
    _R.CANCELING: frozenset({_R.CANCELED, _R.SUCCEEDED, _R.FAILED}),
    _R.SUCCEEDED: frozenset(),
    _R.FAILED: frozenset(),
    _R.CANCELED: frozenset(),
}

STEP_ENDS = frozenset(status for status, moves in TRANSITIONS.items() if not moves)
RUN_ENDS = frozenset(status for status, moves in RUN_TRANSITIONS.items() if not moves)
DELIVERED = frozenset({StepStatus.SUCCEEDED, StepStatus.REUSED})
"""States in which a step's outputs can be read."""
UNDELIVERED = STEP_ENDS - DELIVERED
"""States of a step that ended without outputs."""
IN_FLIGHT = frozenset({StepStatus.QUEUED, StepStatus.RUNNING})
"""States of a step with an attempt on its target."""


def check_step(old: StepStatus, new: StepStatus, key: str) -> None:
    """Raise IllegalTransition unless a step may go from `old` to `new`."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"step {key}: {old.value} → {new.value}")


def check_run(old: RunStatus, new: RunStatus) -> None:
    """Raise IllegalTransition unless a run may go from `old` to `new`."""
    if new not in RUN_TRANSITIONS[old]:
        raise IllegalTransition(f"run: {old.value} → {new.value}")
