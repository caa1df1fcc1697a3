"""From what the cluster says of an attempt to an `Observation`: pure.

The step container's ``terminated`` state is the end of an attempt. The pod's phase and the Job's
conditions come one and two seconds later and are not waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ...model.observation import Observation, Phase
from ...model.record import Failure
from .endings import ending, needs_traces
from .fields import text, time
from .settings import ClusterSettings
from .sighting import Sighting, Traces, condition, state
from .waits import wait

__all__ = ["Sighting", "Traces", "needs_traces", "observe", "wants_events"]

_NO_TRACES = Traces()
_POD_DUE = timedelta(seconds=1)
_START_DUE = timedelta(seconds=4)


def observe(seen: Sighting, *, now: datetime, settings: ClusterSettings, traces: Traces = _NO_TRACES) -> Observation:
    """What is so. `now` is the API server's time; `traces` matter when `needs_traces` says so."""
    return ending(seen, now, traces) or _running(seen) or _pending(seen, now, settings)


def wants_events(seen: Sighting, now: datetime) -> bool:
    """Whether the attempt is late enough at starting for its events to be worth a request."""
    if seen.terminated is not None or seen.job_ended or state(seen.pod, "running") is not None:
        return False
    age = now - (seen.since or now)
    if not seen.pod:
        return age >= _POD_DUE
    queued = text(condition(seen.pod, "PodScheduled"), "status") == "False" and not wait(seen).hopeless
    return age >= _START_DUE and not queued


def _running(seen: Sighting) -> Observation | None:
    running = state(seen.pod, "running")
    if running is None:
        return None
    return Observation(Phase.RUNNING, seen.uid, started=time(running, "startedAt"))


def _pending(seen: Sighting, now: datetime, settings: ClusterSettings) -> Observation:
    waiting = wait(seen)
    age = (now - (seen.since or now)).total_seconds()
    failure = waiting.failure
    if failure is None and age > settings.unschedulable_grace:
        failure = waiting.hopeless
    if waiting.unpulled is not None and (now - waiting.unpulled).total_seconds() > settings.pull_grace:
        failure = Failure.IMAGE
    if failure is not None:
        return _gave_up(seen, failure, waiting.reason)
    if age > settings.start_timeout:
        reason = f"it did not start within {settings.start_timeout:.0f} s: {waiting.reason or 'no reason is known'}"
        return _gave_up(seen, Failure.UNSCHEDULABLE, reason)
    return Observation(Phase.PENDING, seen.uid, reason=waiting.reason)


def _gave_up(seen: Sighting, failure: Failure, reason: str) -> Observation:
    return Observation(Phase.FAILED, seen.uid, reason=reason, failure=failure)
