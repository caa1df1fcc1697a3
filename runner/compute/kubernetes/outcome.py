"""The end of an attempt: from its record, else from its container, else from the state of its pod (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from .container_exits import KILLED, STOPPED, container_failure, out_of_memory, was_oom
from .json_fields import number, text, time
from .pod_disruptions import PodFailure, disruption, has_gone, lost_node
from .pod_snapshot import PodSnapshot, StoredResult

_STOPPED = (Failure.CANCELED, Failure.LOST)
"""Failures that the bootstrap records after SIGTERM. Only the cluster knows the cause."""


INTERRUPTED = (Failure.LOST, Failure.DISRUPTED)
"""Failures that do not end the attempt if its Job is suspended: another pod of the Job repeats the attempt."""


def needs_stored_result(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the attempt has ended or is suspended, and its termination message is incomplete."""
    return (_has_ended(snapshot, now) or snapshot.is_suspended) and not (snapshot.message and snapshot.message.whole)


def ending(snapshot: PodSnapshot, now: datetime, stored: StoredResult) -> Observation | None:
    """Return the end of the attempt. None: it may still make progress."""
    found = end_of(snapshot, now, stored)
    return None if found is not None and snapshot.is_suspended and found.failure in INTERRUPTED else found


def end_of(snapshot: PodSnapshot, now: datetime, stored: StoredResult) -> Observation | None:
    """Return the end of the attempt, whether or not its Job is suspended. None: it may still make progress."""
    message = snapshot.message
    record = stored.record or (message.record if message else None)
    if stored.committed is not None:
        return _succeeded(snapshot, record, stored)
    if not _has_ended(snapshot, now):
        return None
    if record is None:
        return _vanished(snapshot, now) if snapshot.terminated is None else _without_record(snapshot)
    if record.failure is not None:
        return recorded_failure(snapshot, record)
    if message is not None and message.whole:
        return _succeeded(snapshot, record, StoredResult(record, record.outputs, record.attempt))
    return _failed(snapshot, PodFailure(Failure.LOST, "it ended after its record and before its commit"))


def _has_ended(snapshot: PodSnapshot, now: datetime) -> bool:
    if snapshot.terminated is not None:
        return True
    return has_gone(snapshot.pod, now) if snapshot.pod else snapshot.job_ended


def _succeeded(snapshot: PodSnapshot, record: AttemptRecord | None, stored: StoredResult) -> Observation:
    started, ended = _times(snapshot)
    return Observation(
        phase=Phase.SUCCEEDED,
        uid=snapshot.uid,
        exit_code=record.exit_code if record else number(snapshot.terminated, "exitCode"),
        started=record.started if record else started,
        ended=record.ended if record else ended,
        outputs=stored.committed or {},
        warnings=record.warnings if record else (),
        attempt=stored.attempt,
    )


def recorded_failure(snapshot: PodSnapshot, record: AttemptRecord) -> Observation:
    """Return the failure that a record tells. The cluster may know its cause better."""
    failure_found = _final_cause(snapshot, record)
    return Observation(
        phase=Phase.FAILED,
        uid=snapshot.uid,
        reason=failure_found.reason,
        failure=failure_found.failure,
        remedy=failure_found.remedy,
        exit_code=record.exit_code,
        tail=record.tail,
        started=record.started,
        ended=record.ended,
        warnings=record.warnings,
    )


def _final_cause(snapshot: PodSnapshot, record: AttemptRecord) -> PodFailure:
    """Return the failure that counts: the recorded one, or the cluster's.

    The bootstrap sees that its script was killed. Only the cluster knows the killer and the container's limits.
    """
    failure = record.failure or Failure.USER
    if failure is Failure.USER and record.exit_code in KILLED and was_oom(snapshot):
        return out_of_memory(snapshot, record)
    if failure is Failure.OOM:
        known = out_of_memory(snapshot, record)
        return PodFailure(failure, record.reason or known.reason, record.remedy or known.remedy)
    disrupted = disruption(snapshot)
    if disrupted and (failure in _STOPPED or record.exit_code in STOPPED):
        return disrupted
    return PodFailure(failure, record.reason, record.remedy)


def _without_record(snapshot: PodSnapshot) -> Observation:
    started, ended = _times(snapshot)
    return replace(_failed(snapshot, container_failure(snapshot)), tail=_tail(snapshot), started=started, ended=ended)


def _vanished(snapshot: PodSnapshot, now: datetime) -> Observation:
    """Return the failure of an attempt whose pod vanished.

    A disruption that the cluster intended is the likelier cause.
    """
    disrupted, sign = disruption(snapshot), lost_node(snapshot.pod, now)
    if sign and (disrupted is None or disrupted.failure is Failure.LOST):
        node = text(snapshot.pod, "spec", "nodeName")
        return _failed(snapshot, PodFailure(Failure.LOST, f"node lost{': ' if node else ''}{node} ({sign})"))
    if disrupted is not None:
        return _failed(snapshot, disrupted)
    reason = "its pod failed before it ran" if snapshot.pod else "its pod is gone and it left no record"
    return _failed(snapshot, PodFailure(Failure.LOST, reason))


def _failed(snapshot: PodSnapshot, failure_found: PodFailure) -> Observation:
    return Observation(
        phase=Phase.FAILED,
        uid=snapshot.uid,
        reason=failure_found.reason,
        failure=failure_found.failure,
        remedy=failure_found.remedy,
        exit_code=number(snapshot.terminated, "exitCode"),
    )


def _tail(snapshot: PodSnapshot) -> str:
    """Return the end of the log, which is the termination message if there is no record (``FallbackToLogsOnError``)."""
    return "" if snapshot.message else text(snapshot.terminated, "message")


def _times(snapshot: PodSnapshot) -> tuple[datetime | None, datetime | None]:
    """Return start and end of the container. The kubelet writes the year 1970 for a container that never started."""
    started = time(snapshot.terminated, "startedAt")
    return (started if started and started.year > 1970 else None), time(snapshot.terminated, "finishedAt")
