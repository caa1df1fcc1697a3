"""Reasons for the end of a pod from outside: disruptions, deletions, lost nodes (pure).

https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ...dataclass import dataclass
from ...model.record import Failure
from .json_fields import KubeObject, text, time, value_at
from .pod_snapshot import DELETED, PodSnapshot, condition, state

SILENCE = timedelta(seconds=10)
"""The time without news after the end of a deleted pod's grace period, after which its node counts as lost."""
NODE_SILENCE = timedelta(seconds=8)
"""The time for which an unreachable node may come back. The cluster notices it after 40 to 50 s: in all, under a
minute."""
_ENDED = ("Failed", "Succeeded")

_DISRUPTIONS: Mapping[str, str] = {
    "PreemptionByScheduler": "a pod of higher priority took its place",
    "DeletionByTaintManager": "its node went away or was tainted",
    "EvictionByEvictionAPI": "it was evicted: its node is being drained",
    "DeletionByPodGC": "its node was removed",
    "TerminationByKubelet": "its node ran short of resources or was shut down",
}
_STATUS_REASONS: Mapping[str, str] = {
    "Evicted": "it was evicted by its node",
    "Preempting": "its node made room for a critical pod",
    "Preempted": "its node made room for a critical pod",
    "Terminated": "its node was shut down",
    "NodeShutdown": "its node was shut down",
    "Shutdown": "its node was shut down",
}
"""``status.reason`` as kubelets write it. Clusters before 1.26 have no condition ``DisruptionTarget`` with it."""
_OWN_LIMIT = re.compile(r"exceeds the (?:total )?limit|exceeded its local ephemeral storage limit")
_MORE_DISK = "write less to local disk, or let the step have more: ephemeral_storage (docs/reference/policies.md)"
_SHORT_OF = re.compile(r"low on resource: ([\w.-]*\w)")
_USAGE = re.compile(r"was using (\w+), request is (\w+)")


@dataclass(frozen=True)
class PodFailure:
    """The class, reason and remedy of a pod's end."""

    failure: Failure
    reason: str
    remedy: str = ""


def disruption(snapshot: PodSnapshot) -> PodFailure | None:
    """Return the reason why the cluster removed the pod; None if nothing shows that it did."""
    return next(_disruptions(snapshot), None)


def has_gone(pod: KubeObject, now: datetime) -> bool:
    """Return True if the pod cannot report its end any more, or has ended."""
    return value_at(pod, DELETED) is True or text(pod, "status", "phase") in _ENDED or bool(lost_node(pod, now))


def lost_node(pod: KubeObject, now: datetime) -> str:
    """Return the sign that the pod's node is lost; empty if there is none.

    No permission to read nodes is needed. The node controller marks the pods of a silent node as not ready and
    changes nothing else. A live kubelet reports readiness together with the state of its containers.
    """
    deadline = time(pod, "metadata", "deletionTimestamp")
    never = deadline is not None and _disruption(pod) and not value_at(pod, "status", "containerStatuses")
    return silent_node(pod, now) or ("it never began" if never else "")


def silent_node(pod: KubeObject, now: datetime) -> str:
    """Return the sign that nothing will report the pod's end, so that its Job does not replace it; empty: none."""
    return next(_signs(pod, now), "")


def _signs(pod: KubeObject, now: datetime) -> Iterator[str]:
    if text(pod, "status", "phase") == "Unknown" or text(pod, "status", "reason") == "NodeLost":
        yield "the cluster does not hear of it any more"
    ready, containers = condition(pod, "Ready"), condition(pod, "ContainersReady")
    since = time(ready, "lastTransitionTime")
    marked = text(ready, "status") == "False" and text(containers, "status") == "True"
    if marked and state(pod, "running") is not None and since is not None and now > since + NODE_SILENCE:
        yield f"not ready for {(now - since).total_seconds():.0f} s though its container was left running"
    deadline = time(pod, "metadata", "deletionTimestamp")
    if deadline is not None and now > deadline + SILENCE:
        yield "it is to be deleted, and nothing has confirmed its end"


def _disruptions(snapshot: PodSnapshot) -> Iterator[PodFailure]:
    pod = snapshot.pod
    reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
    if _OWN_LIMIT.search(message):
        reason = _sentence("it used more local disk than it may", message)
        yield PodFailure(Failure.USER, reason, _MORE_DISK)
    disrupted = _disruption(pod)
    if disrupted:
        kind = text(disrupted, "reason")
        head = _DISRUPTIONS.get(kind, f"the cluster took it away ({kind})")
        named = _STATUS_REASONS.get(reason, head) if kind == "TerminationByKubelet" else head
        yield PodFailure(
            Failure.DISRUPTED, _sentence(named, message or text(disrupted, "message")), _memory_remedy(message)
        )
    if reason in _STATUS_REASONS:
        yield PodFailure(Failure.DISRUPTED, _sentence(_STATUS_REASONS[reason], message), _memory_remedy(message))
    if reason == "DeadlineExceeded":
        yield _deadline(message)
    yield from _job_failures(snapshot.job)
    if reason and reason != "NodeLost":
        yield PodFailure(Failure.LOST, _sentence(f"its node did not take it ({reason})", message))
    if value_at(pod, DELETED) is True or text(pod, "metadata", "deletionTimestamp"):
        yield PodFailure(Failure.LOST, "its pod was deleted")


def _disruption(pod: KubeObject) -> KubeObject:
    disrupted = condition(pod, "DisruptionTarget")
    return disrupted if text(disrupted, "status") == "True" else {}


def _job_failures(job: KubeObject) -> Iterator[PodFailure]:
    """Yield failures from the Job's conditions, for a pod that is deleted.

    ``FailureTarget`` comes before ``Failed``.
    """
    for kind in ("FailureTarget", "Failed"):
        job_condition = condition(job, kind)
        reason, message = text(job_condition, "reason"), text(job_condition, "message")
        if reason == "PodFailurePolicy" and "DisruptionTarget" in message:
            yield PodFailure(Failure.DISRUPTED, _sentence("the cluster took its pod away", message))
        if reason == "DeadlineExceeded":
            yield _deadline(message)


def _deadline(message: str) -> PodFailure:
    reason = _sentence("the cluster ended it at the time limit that its Job states (activeDeadlineSeconds)", message)
    remedy = (
        "raise run_timeout, start_timeout or queue_timeout of the step (docs/reference/policies.md); if it has none, "
        "ask the cluster's administrator who set the limit"
    )
    return PodFailure(Failure.TIMEOUT, reason, remedy)


def _memory_remedy(message: str) -> str:
    """Return the remedy for an eviction by memory pressure. Pods that use more than they request are evicted first."""
    short, usage = _SHORT_OF.search(message), _USAGE.search(message)
    if short and usage and short[1] == "memory":
        return f"set memory to at least the {usage[1]} that it used (it asked for {usage[2]}): then others go first"
    return ""


def _sentence(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head
