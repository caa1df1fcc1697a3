"""Translation of an attempt's Kubernetes objects to an `Observation` (pure).

The step container's ``terminated`` state is the end of an attempt. The pod's phase and the Job's conditions change
one and two seconds later, and nobody waits for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.observation import Observation
from ...model.workers import WorkerKind
from . import gang, outcome, pool
from .json_fields import text
from .live_attempt import pending, running
from .outcome import INTERRUPTED, ending
from .pending import wait
from .pod_snapshot import PodSnapshot, StoredResult, condition
from .settings import ClusterSettings
from .worker_states import State, states_of

__all__ = [
    "INTERRUPTED",
    "PodSnapshot",
    "StoredResult",
    "has_not_started",
    "is_late_to_start",
    "needs_stored_result",
    "observe",
    "subject",
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
    if snapshot.kind is WorkerKind.GANG:
        return gang.observe(snapshot, now=now, settings=settings, stored=stored)
    if snapshot.kind is WorkerKind.POOL:
        return pool.observe(snapshot, now=now, settings=settings, stored=stored)
    return ending(snapshot, now, stored) or running(snapshot, now) or pending(snapshot, now, settings)


def needs_stored_result(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the attempt has ended or is suspended, and no termination message tells its whole result."""
    if snapshot.kind is WorkerKind.GANG:
        return gang.needs_stored_result(snapshot, now)
    if snapshot.kind is WorkerKind.POOL:
        return pool.needs_stored_result(snapshot, now)
    return outcome.needs_stored_result(snapshot, now)


def has_not_started(snapshot: PodSnapshot) -> bool:
    """Return True if the attempt has not started to run."""
    if snapshot.job_ended or snapshot.is_suspended:
        return False
    if snapshot.kind is not None:
        states = states_of(snapshot)
        others = (State.RUNS,) if snapshot.kind is WorkerKind.POOL else (State.FAILED,)
        return State.WAITS in states and not any(state in others for state in states)
    return snapshot.terminated is None and snapshot.running is None


def subject(snapshot: PodSnapshot) -> PodSnapshot:
    """Return the part of an attempt that has not started and whose events tell most: of many workers, one."""
    if snapshot.kind is WorkerKind.GANG:
        return gang.subject(snapshot)
    return pool.subject(snapshot) if snapshot.kind is WorkerKind.POOL else snapshot


def is_late_to_start(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the attempt starts so late that a request for its events is worthwhile."""
    if not has_not_started(snapshot):
        return False
    one = subject(snapshot)
    age = now - (one.since or now)
    if not one.pod:
        return age >= _POD_DUE
    queued = text(condition(one.pod, "PodScheduled"), "status") == "False" and not wait(one).unschedulable
    return age >= _START_DUE and not (queued and not gang.is_torn(snapshot))
