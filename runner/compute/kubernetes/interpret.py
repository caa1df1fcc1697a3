"""From what the cluster says of an attempt to an `Observation`: pure.

The step container's ``terminated`` state is the end of an attempt. The pod's phase and the Job's
conditions come one and two seconds later and are not waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.observation import Observation, Phase
from .endings import INTERRUPTED, ending, needs_traces
from .fields import text
from .settings import ClusterSettings
from .sighting import Sighting, Traces, condition
from .waits import wait

__all__ = ["INTERRUPTED", "Sighting", "Traces", "may_want_events", "needs_traces", "observe", "wants_events"]

_NO_TRACES = Traces()
_POD_DUE = timedelta(seconds=1)
_START_DUE = timedelta(seconds=3)
"""With a tick a second, what only an event tells is known within 5 s."""


def observe(seen: Sighting, *, now: datetime, settings: ClusterSettings, traces: Traces = _NO_TRACES) -> Observation:
    """What is so. `now` is the API server's time; `traces` matter when `needs_traces` says so."""
    return ending(seen, now, traces) or _running(seen, now) or _pending(seen, now, settings)


def may_want_events(seen: Sighting) -> bool:
    """Whether it has not begun to run."""
    return seen.terminated is None and not seen.job_ended and seen.running is None and not seen.put_away


def wants_events(seen: Sighting, now: datetime) -> bool:
    """Whether the attempt is late enough at starting for its events to be worth a request."""
    if not may_want_events(seen):
        return False
    age = now - (seen.since or now)
    if not seen.pod:
        return age >= _POD_DUE
    queued = text(condition(seen.pod, "PodScheduled"), "status") == "False" and not wait(seen).hopeless
    return age >= _START_DUE and not queued


def _running(seen: Sighting, now: datetime) -> Observation | None:
    if seen.running is None or seen.put_away:
        return None
    return Observation(Phase.RUNNING, seen.uid, started=seen.started, placed=True, elapsed=_seconds(seen.started, now))


def _pending(seen: Sighting, now: datetime, settings: ClusterSettings) -> Observation:
    waiting = wait(seen)
    failure, placed = waiting.failure, seen.assigned and not seen.put_away
    if _longer(seen.since, now, settings.unschedulable_grace):
        failure = failure or waiting.hopeless
    if _longer(waiting.since, now, settings.pull_grace):
        failure = failure or waiting.stuck
    if failure is not None:
        return Observation(
            Phase.FAILED, seen.uid, reason=waiting.reason, failure=failure, remedy=waiting.remedy, placed=seen.assigned
        )
    return Observation(
        Phase.PENDING,
        seen.uid,
        reason=waiting.reason,
        remedy=waiting.remedy,
        placed=placed,
        elapsed=_seconds(seen.placed if placed else seen.created, now),
    )


def _seconds(since: datetime | None, now: datetime) -> float | None:
    """By the server's clock on both ends, of whole seconds there: never less than none."""
    return None if since is None else max(0.0, (now - since).total_seconds())


def _longer(since: datetime | None, now: datetime, grace: float) -> bool:
    return since is not None and (now - since).total_seconds() > grace
