"""Why a pod went away that its own end does not explain: disruptions, deletions, lost nodes (pure).

https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ...dataclass import dataclass
from ...model.record import Failure
from .fields import KubeObject, at, text, time
from .sighting import DELETED, Sighting, condition, state

SILENCE = timedelta(seconds=10)
"""How long after the end of its grace a deleted pod may stay silent before its node counts as lost."""
NODE_SILENCE = timedelta(seconds=8)
"""How long a node may stay away once the cluster has noticed, which takes it 40 to 50 s: together under a minute."""
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
"""``status.reason`` as kubelets write it; clusters before 1.26 have no ``DisruptionTarget`` beside it."""
_OWN_LIMIT = re.compile(r"exceeds the (?:total )?limit|exceeded its local ephemeral storage limit")
_MORE_DISK = "write less to local disk, or let the step have more: ephemeral_storage (docs/policies.md)"
_SHORT_OF = re.compile(r"low on resource: ([\w.-]*\w)")
_USAGE = re.compile(r"was using (\w+), request is (\w+)")


@dataclass(frozen=True)
class Verdict:
    """Whose doing an end was, in words."""

    failure: Failure
    reason: str
    remedy: str = ""


def departure(seen: Sighting) -> Verdict | None:
    """Why the cluster took the pod away; None when nothing says that it did."""
    return next(_departures(seen), None)


def has_left(pod: KubeObject, now: datetime) -> bool:
    """Whether no more is to be heard of it."""
    return at(pod, DELETED) is True or text(pod, "status", "phase") in _ENDED or bool(lost_node(pod, now))


def lost_node(pod: KubeObject, now: datetime) -> str:
    """How one can tell that the pod's node is lost, in words; empty: one cannot.

    No node need be read. The node controller marks the pods of a node that has gone silent as not ready and touches
    nothing else, while a kubelet that lives tells of readiness and of its containers together.
    """
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
    if deadline is not None and _disruption(pod) and not at(pod, "status", "containerStatuses"):
        yield "it never began"


def _departures(seen: Sighting) -> Iterator[Verdict]:
    pod = seen.pod
    reason, message = text(pod, "status", "reason"), text(pod, "status", "message")
    if _OWN_LIMIT.search(message):
        words = _sentence("it used more local disk than it may", message)
        yield Verdict(Failure.USER, words, _MORE_DISK)
    mark = _disruption(pod)
    if mark:
        kind = text(mark, "reason")
        head = _DISRUPTIONS.get(kind, f"the cluster took it away ({kind})")
        named = _STATUS_REASONS.get(reason, head) if kind == "TerminationByKubelet" else head
        yield Verdict(Failure.DISRUPTED, _sentence(named, message or text(mark, "message")), _more_asked(message))
    if reason in _STATUS_REASONS:
        yield Verdict(Failure.DISRUPTED, _sentence(_STATUS_REASONS[reason], message), _more_asked(message))
    if reason == "DeadlineExceeded":
        yield _deadline(message)
    yield from _told_by_job(seen.job)
    if reason and reason != "NodeLost":
        yield Verdict(Failure.LOST, _sentence(f"its node did not take it ({reason})", message))
    if at(pod, DELETED) is True or text(pod, "metadata", "deletionTimestamp"):
        yield Verdict(Failure.LOST, "its pod was deleted")


def _disruption(pod: KubeObject) -> KubeObject:
    mark = condition(pod, "DisruptionTarget")
    return mark if text(mark, "status") == "True" else {}


def _told_by_job(job: KubeObject) -> Iterator[Verdict]:
    """What is left to read when the pod's object has gone; ``FailureTarget`` comes before ``Failed``."""
    for kind in ("FailureTarget", "Failed"):
        told = condition(job, kind)
        reason, message = text(told, "reason"), text(told, "message")
        if reason == "PodFailurePolicy" and "DisruptionTarget" in message:
            yield Verdict(Failure.DISRUPTED, _sentence("the cluster took its pod away", message))
        if reason == "DeadlineExceeded":
            yield _deadline(message)


def _deadline(message: str) -> Verdict:
    words = _sentence("the cluster ended it at the time limit that its Job states (activeDeadlineSeconds)", message)
    remedy = (
        "raise run_timeout, start_timeout or queue_timeout of the step (docs/policies.md); if it has none, ask the "
        "cluster's administrator who set the limit"
    )
    return Verdict(Failure.TIMEOUT, words, remedy)


def _more_asked(message: str) -> str:
    """Who asks for less than it uses is the first to go when a node runs short."""
    short, usage = _SHORT_OF.search(message), _USAGE.search(message)
    if short and usage and short[1] == "memory":
        return f"set memory to at least the {usage[1]} that it used (it asked for {usage[2]}): then others go first"
    return ""


def _sentence(head: str, detail: str) -> str:
    return f"{head}: {detail}" if detail else head
