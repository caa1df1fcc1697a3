"""Translation of an attempt's Kubernetes objects to an `Observation` (pure).

The step container's ``terminated`` state is the end of an attempt. The pod's phase and the Job's conditions change
one and two seconds later, and nobody waits for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.observation import Observation, Phase
from .json_fields import text
from .outcome import INTERRUPTED, ending, needs_stored_result
from .pending import wait
from .pod_snapshot import PodSnapshot, StoredResult, condition
from .settings import ClusterSettings

__all__ = [
    "INTERRUPTED",
    "PodSnapshot",
    "StoredResult",
    "has_not_started",
    "is_late_to_start",
    "needs_stored_result",
    "observe",
]

_NO_RESULT = StoredResult()
_POD_DUE = timedelta(seconds=1)
_START_DUE = timedelta(seconds=3)
"""With one tick per second, the content of an event is known within 5 s."""


def observe(
    snapshot: PodSnapshot, *, now: datetime, settings: ClusterSettings, stored: StoredResult = _NO_RESULT
) -> Observation:
    """Return the state of the attempt.

    Args:
        snapshot: The Job, its pods and their events.
        now: The API server's time.
        settings: The settings of the target.
        stored: The attempt's stored result; needed only if `needs_stored_result` returns True.
    """
    return ending(snapshot, now, stored) or _running(snapshot, now) or _pending(snapshot, now, settings)


def has_not_started(snapshot: PodSnapshot) -> bool:
    """Return True if the attempt has not started to run."""
    return (
        snapshot.terminated is None
        and not snapshot.job_ended
        and snapshot.running is None
        and not snapshot.is_suspended
    )


def is_late_to_start(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the attempt starts so late that a request for its events is worthwhile."""
    if not has_not_started(snapshot):
        return False
    age = now - (snapshot.since or now)
    if not snapshot.pod:
        return age >= _POD_DUE
    queued = text(condition(snapshot.pod, "PodScheduled"), "status") == "False" and not wait(snapshot).unschedulable
    return age >= _START_DUE and not queued


def _running(snapshot: PodSnapshot, now: datetime) -> Observation | None:
    if snapshot.running is None or snapshot.is_suspended:
        return None
    return Observation(
        phase=Phase.RUNNING,
        uid=snapshot.uid,
        started=snapshot.started,
        placed=True,
        elapsed=_seconds(snapshot.started, now),
    )


def _pending(snapshot: PodSnapshot, now: datetime, settings: ClusterSettings) -> Observation:
    waiting = wait(snapshot)
    failure, placed = waiting.failure, snapshot.assigned and not snapshot.is_suspended
    if _is_over(snapshot.since, now, settings.unschedulable_grace):
        failure = failure or waiting.unschedulable
    if _is_over(waiting.since, now, settings.pull_grace):
        failure = failure or waiting.stuck
    if failure is not None:
        return Observation(
            phase=Phase.FAILED,
            uid=snapshot.uid,
            reason=waiting.reason,
            failure=failure,
            remedy=waiting.remedy,
            placed=snapshot.assigned,
        )
    return Observation(
        phase=Phase.PENDING,
        uid=snapshot.uid,
        reason=waiting.reason,
        remedy=waiting.remedy,
        placed=placed,
        elapsed=_seconds(snapshot.placed if placed else snapshot.created, now),
    )


def _seconds(since: datetime | None, now: datetime) -> float | None:
    """Return the seconds since a time of the server's clock, never less than 0."""
    return None if since is None else max(0.0, (now - since).total_seconds())


def _is_over(since: datetime | None, now: datetime, grace: float) -> bool:
    return since is not None and (now - since).total_seconds() > grace
