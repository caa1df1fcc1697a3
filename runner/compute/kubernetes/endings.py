"""How an attempt ended: from its record, else from its container, else from what became of its pod."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from ...model.termination import from_message
from . import contract
from .fields import KubeObject, at, number, row, text, time
from .sighting import DELETED, Sighting, Traces, condition

_KILLED = frozenset({137, -9})
_STOPPED = frozenset({143, -15}) | _KILLED
_SILENCE = timedelta(seconds=30)
"""How long after the end of its grace a deleted pod may stay silent before its node counts as gone."""

_DISRUPTIONS: Mapping[str, str] = {
    "PreemptionByScheduler": "a pod of higher priority took its place",
    "DeletionByTaintManager": "its node went away or was tainted",
    "EvictionByEvictionAPI": "it was evicted: its node is being drained",
    "DeletionByPodGC": "its node was removed",
    "TerminationByKubelet": "its node ran short of resources or was shut down",
}
"""https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions"""


def needs_traces(seen: Sighting, now: datetime) -> bool:
    """Whether the attempt has ended without saying all in its termination message."""
    message = from_message(text(seen.terminated, "message"))
    return _has_ended(seen, now) and not (message and message.whole)


def ending(seen: Sighting, now: datetime, traces: Traces) -> Observation | None:
    """The attempt's end, or None as long as it may still make progress."""
    message = from_message(text(seen.terminated, "message"))
    record = traces.record or (message.record if message else None)
    if traces.committed is not None:
        return _succeeded(seen, record, traces)
    if not _has_ended(seen, now):
        return None
    if record is None:
        return _lost(seen) if seen.terminated is None else _unrecorded(seen)
    if record.failure is not None:
        return _recorded_failure(seen, record)
    if message is not None and message.whole:
        return _succeeded(seen, record, Traces(record, record.outputs, record.attempt))
    return _failed(seen, Failure.LOST, "it ended after its record and before its commit")


def _has_ended(seen: Sighting, now: datetime) -> bool:
    if seen.terminated is not None:
        return True
    if not seen.pod:
        return seen.job_ended
    gone = at(seen.pod, DELETED) is True or text(seen.pod, "status", "phase") in ("Failed", "Succeeded")
    return gone or _is_silent(seen.pod, now)


def _is_silent(pod: KubeObject, now: datetime) -> bool:
    deadline = time(pod, "metadata", "deletionTimestamp")
    return deadline is not None and now > deadline + _SILENCE


def _succeeded(seen: Sighting, record: AttemptRecord | None, traces: Traces) -> Observation:
    started, ended = _times(seen.terminated)
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
    failure, reason = _overruled(seen, record)
    return Observation(
        phase=Phase.FAILED,
        uid=seen.uid,
        reason=reason,
        failure=failure,
        exit_code=record.exit_code,
        tail=record.tail,
        started=record.started,
        ended=record.ended,
        warnings=record.warnings,
    )


def _overruled(seen: Sighting, record: AttemptRecord) -> tuple[Failure | None, str]:
    """The bootstrap sees its script killed; only the cluster knows by whom."""
    if record.failure is Failure.USER and record.exit_code in _KILLED and _was_oom(seen):
        return Failure.OOM, _oom_reason(seen)
    disrupted = _disruption(seen.pod)
    if disrupted and (record.failure is Failure.CANCELED or record.exit_code in _STOPPED):
        return Failure.LOST, disrupted
    return record.failure, record.reason


def _unrecorded(seen: Sighting) -> Observation:
    failure, reason = _diagnosis(seen)
    observation = _failed(seen, failure, reason)
    started, ended = _times(seen.terminated)
    return replace(observation, tail=_tail(seen), started=started, ended=ended)


def _diagnosis(seen: Sighting) -> tuple[Failure, str]:
    code, message = number(seen.terminated, "exitCode"), text(seen.terminated, "message").strip()
    if _was_oom(seen):
        return Failure.OOM, _oom_reason(seen)
    if code == 127 and contract.NO_PYTHON in message:
        tried = message.partition(contract.NO_PYTHON)[2].strip(": \n")
        return Failure.IMAGE, f"the image {_image(seen)} has no Python ({tried})"
    if text(seen.terminated, "reason") in ("StartError", "ContainerCannotRun"):
        return Failure.IMAGE, f"the container of image {_image(seen)} could not start: {message}"
    disrupted = _disruption(seen.pod)
    if disrupted:
        return Failure.LOST, disrupted
    if code in _STOPPED:
        return Failure.LOST, _killed_reason(seen)
    if code is None or code == 0:
        return Failure.LOST, f"it ended with exit code {code} and left no record"
    return Failure.USER, f"it ended with exit code {code} and left no record"


def _lost(seen: Sighting) -> Observation:
    pod = seen.pod
    reason = _disruption(pod) or ("its pod failed before it ran" if pod else "its pod is gone and it left no record")
    return _failed(seen, Failure.LOST, reason)


def _failed(seen: Sighting, failure: Failure, reason: str) -> Observation:
    return Observation(
        phase=Phase.FAILED,
        uid=seen.uid,
        reason=reason,
        failure=failure,
        exit_code=number(seen.terminated, "exitCode"),
    )


def _disruption(pod: KubeObject) -> str:
    """Why the cluster took the pod away; empty when it did not."""
    mark = condition(pod, "DisruptionTarget")
    reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
    if text(mark, "status") == "True":
        kind = text(mark, "reason")
        return _sentence(_DISRUPTIONS.get(kind, f"the cluster took it away ({kind})"), message or text(mark, "message"))
    if reason:
        return _sentence(f"the cluster took it away ({reason})", message)
    if at(pod, DELETED) is True or text(pod, "metadata", "deletionTimestamp"):
        return "its pod was deleted"
    return ""


def _sentence(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head


def _was_oom(seen: Sighting) -> bool:
    return text(seen.terminated, "reason") == "OOMKilled"


def _oom_reason(seen: Sighting) -> str:
    limit = text(_step(seen), "resources", "limits", "memory") or "its node's memory"
    return f"OOMKilled: limit was {limit}; set memory: give the step a higher memory limit"


def _killed_reason(seen: Sighting) -> str:
    code = number(seen.terminated, "exitCode")
    signal = "SIGKILL" if code in _KILLED else "SIGTERM"
    return f"killed by {signal} (exit code {code}) from outside; Kubernetes gives no reason (often its node ran short)"


def _step(seen: Sighting) -> KubeObject:
    return row(seen.pod, "spec", "containers", name=contract.CONTAINER) or row(
        seen.job, "spec", "template", "spec", "containers", name=contract.CONTAINER
    )


def _image(seen: Sighting) -> str:
    return text(_step(seen), "image") or "of the step"


def _tail(seen: Sighting) -> str:
    """Without a record the message is the end of the log (``FallbackToLogsOnError``)."""
    message = text(seen.terminated, "message")
    return "" if from_message(message) else message


def _times(terminated: KubeObject | None) -> tuple[datetime | None, datetime | None]:
    """The kubelet writes 1970 for what never started."""
    started = time(terminated, "startedAt")
    return (started if started and started.year > 1970 else None), time(terminated, "finishedAt")
