"""Observations of an attempt that has not ended: it runs, or waits for a reason (pure)."""

from __future__ import annotations

from datetime import datetime

from ...model.observation import Observation, Phase
from .pending import wait
from .pending_reason import PendingReason
from .pod_snapshot import PodSnapshot
from .settings import ClusterSettings


def running(snapshot: PodSnapshot, now: datetime) -> Observation | None:
    """Return the observation of an attempt whose container runs; None if it does not run."""
    if snapshot.running is None or snapshot.is_suspended:
        return None
    return run_since(snapshot, snapshot.started, now)


def run_since(snapshot: PodSnapshot, started: datetime | None, now: datetime) -> Observation:
    """Return the observation of an attempt that has run since `started`."""
    return Observation(
        phase=Phase.RUNNING,
        uid=snapshot.uid,
        started=started,
        placed=True,
        placed_at=snapshot.scheduled,
        elapsed=seconds_since(started, now),
    )


def pending(snapshot: PodSnapshot, now: datetime, settings: ClusterSettings) -> Observation:
    """Return the observation of an attempt that waits; of its failure, if waiting has no use any more."""
    waiting = wait(snapshot)
    failure, placed = waiting.failure, snapshot.assigned and not snapshot.is_suspended
    if is_over(snapshot.since, now, settings.unschedulable_grace):
        failure = failure or waiting.unschedulable
    if is_over(waiting.since, now, settings.pull_grace):
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
    return waits_since(snapshot, waiting, snapshot.placed if placed else snapshot.created, now, placed=placed)


def waits_since(
    snapshot: PodSnapshot, waiting: PendingReason, since: datetime | None, now: datetime, *, placed: bool
) -> Observation:
    """Return the observation of an attempt that has waited since `since`.

    Args:
        snapshot: The attempt.
        waiting: The reason.
        since: The start of the wait.
        now: The API server's time.
        placed: True if it has a node and only has to start.
    """
    return Observation(
        phase=Phase.PENDING,
        uid=snapshot.uid,
        reason=waiting.reason,
        remedy=waiting.remedy,
        placed=placed,
        elapsed=seconds_since(since, now),
    )


def seconds_since(since: datetime | None, now: datetime) -> float | None:
    """Return the seconds since a time of the server's clock, never less than 0."""
    return None if since is None else max(0.0, (now - since).total_seconds())


def is_over(since: datetime | None, now: datetime, grace: float) -> bool:
    """Return True if more than `grace` seconds have passed since a known time."""
    return since is not None and (now - since).total_seconds() > grace
