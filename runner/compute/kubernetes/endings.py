"""How an attempt ended: from its record, else from its container, else from what became of its pod."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from .deaths import KILLED, STOPPED, death, out_of_memory, was_oom
from .departures import Verdict, departure, has_left, lost_node
from .fields import number, text, time
from .sighting import Sighting, Traces

_TOLD_TO_STOP = (Failure.CANCELED, Failure.LOST)
"""What the bootstrap calls it when it was: why, the cluster knows."""


INTERRUPTED = (Failure.LOST, Failure.DISRUPTED)
"""Ends that are none when the Job is suspended: another pod of the same Job does the attempt anew."""


def needs_traces(seen: Sighting, now: datetime) -> bool:
    """Whether the attempt has ended, or was put away, without saying all in its termination message."""
    return (_has_ended(seen, now) or seen.put_away) and not (seen.message and seen.message.whole)


def ending(seen: Sighting, now: datetime, traces: Traces) -> Observation | None:
    """The attempt's end, or None as long as it may still make progress."""
    found = _ending(seen, now, traces)
    return None if found is not None and seen.put_away and found.failure in INTERRUPTED else found


def _ending(seen: Sighting, now: datetime, traces: Traces) -> Observation | None:
    message = seen.message
    record = traces.record or (message.record if message else None)
    if traces.committed is not None:
        return _succeeded(seen, record, traces)
    if not _has_ended(seen, now):
        return None
    if record is None:
        return _lost(seen, now) if seen.terminated is None else _unrecorded(seen)
    if record.failure is not None:
        return _recorded_failure(seen, record)
    if message is not None and message.whole:
        return _succeeded(seen, record, Traces(record, record.outputs, record.attempt))
    return _failed(seen, Verdict(Failure.LOST, "it ended after its record and before its commit"))


def _has_ended(seen: Sighting, now: datetime) -> bool:
    if seen.terminated is not None:
        return True
    return has_left(seen.pod, now) if seen.pod else seen.job_ended


def _succeeded(seen: Sighting, record: AttemptRecord | None, traces: Traces) -> Observation:
    started, ended = _times(seen)
    return Observation(
        phase=Phase.SUCCEEDED,
        uid=seen.uid,
        exit_code=record.exit_code if record else number(seen.terminated, "exitCode"),
        started=record.started if record else started,
        ended=record.ended if record else ended,
        outputs=traces.committed or {},
        warnings=record.warnings if record else (),
        attempt=traces.attempt,
    )


def _recorded_failure(seen: Sighting, record: AttemptRecord) -> Observation:
    told = _overruled(seen, record)
    return Observation(
        phase=Phase.FAILED,
        uid=seen.uid,
        reason=told.reason,
        failure=told.failure,
        remedy=told.remedy,
        exit_code=record.exit_code,
        tail=record.tail,
        started=record.started,
        ended=record.ended,
        warnings=record.warnings,
    )


def _overruled(seen: Sighting, record: AttemptRecord) -> Verdict:
    """The bootstrap sees its script killed; only the cluster knows by whom, and what the container might have."""
    failure = record.failure or Failure.USER
    if failure is Failure.USER and record.exit_code in KILLED and was_oom(seen):
        return out_of_memory(seen, record)
    if failure is Failure.OOM:
        known = out_of_memory(seen, record)
        return Verdict(failure, record.reason or known.reason, record.remedy or known.remedy)
    gone = departure(seen)
    if gone and (failure in _TOLD_TO_STOP or record.exit_code in STOPPED):
        return gone
    return Verdict(failure, record.reason, record.remedy)


def _unrecorded(seen: Sighting) -> Observation:
    started, ended = _times(seen)
    return replace(_failed(seen, death(seen)), tail=_tail(seen), started=started, ended=ended)


def _lost(seen: Sighting, now: datetime) -> Observation:
    """Nothing is known but that it is gone: an intent of the cluster's goes before the guess that its node died."""
    gone, sign = departure(seen), lost_node(seen.pod, now)
    if sign and (gone is None or gone.failure is Failure.LOST):
        node = text(seen.pod, "spec", "nodeName")
        return _failed(seen, Verdict(Failure.LOST, f"node lost{': ' if node else ''}{node} ({sign})"))
    if gone is not None:
        return _failed(seen, gone)
    reason = "its pod failed before it ran" if seen.pod else "its pod is gone and it left no record"
    return _failed(seen, Verdict(Failure.LOST, reason))


def _failed(seen: Sighting, told: Verdict) -> Observation:
    return Observation(
        phase=Phase.FAILED,
        uid=seen.uid,
        reason=told.reason,
        failure=told.failure,
        remedy=told.remedy,
        exit_code=number(seen.terminated, "exitCode"),
    )


def _tail(seen: Sighting) -> str:
    """Without a record the message is the end of the log (``FallbackToLogsOnError``)."""
    return "" if seen.message else text(seen.terminated, "message")


def _times(seen: Sighting) -> tuple[datetime | None, datetime | None]:
    """The kubelet writes 1970 for what never started."""
    started = time(seen.terminated, "startedAt")
    return (started if started and started.year > 1970 else None), time(seen.terminated, "finishedAt")
