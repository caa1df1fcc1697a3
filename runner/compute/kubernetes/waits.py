"""Why an attempt does not run yet, and whether waiting can help."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from ...dataclass import dataclass
from ...model.quantity import exceeds
from ...model.record import Failure
from .fields import KubeObject, text, time
from .sighting import Sighting, condition, state


@dataclass(frozen=True)
class Wait:
    """The reason for people, and what it means."""

    reason: str = ""
    failure: Failure | None = None
    """Set when waiting longer cannot help."""
    hopeless: Failure | None = None
    """Set when waiting helps only if the cluster changes: a failure after a grace."""
    unpulled: datetime | None = None
    """Since when the image cannot be pulled for a reason that may pass: a failure after a grace."""


def wait(seen: Sighting) -> Wait:
    """What the attempt waits for."""
    if not seen.pod:
        return _no_pod(seen)
    scheduled = condition(seen.pod, "PodScheduled")
    if text(scheduled, "status") == "False":
        return _unscheduled(scheduled, seen.events)
    waiting = state(seen.pod, "waiting")
    found = _WAITING.get(text(waiting, "reason"), _starting)
    return found(text(waiting, "message"), seen)


# The Job controller makes no pod: https://kubernetes.io/docs/concepts/policy/resource-quotas/ and admission

_ADMISSION = ("is forbidden", "denied the request", "is invalid", "Invalid value")
_QUOTA = re.compile(r"exceeded quota: [^,]+, requested: (?P<requested>.*), used: .*, limited: (?P<limited>.*)$")


def _no_pod(seen: Sighting) -> Wait:
    refusal = _last(seen.events, "FailedCreate")
    if refusal:
        return _uncreated(refusal)
    if text(condition(seen.job, "Suspended"), "status") == "True":
        return Wait("the Job is suspended: a queue holds it")
    return Wait()


def _uncreated(message: str) -> Wait:
    quota = _QUOTA.search(message)
    if quota and not _never_admitted(quota["requested"], quota["limited"]):
        return Wait(f"waiting for quota: {message}")
    if quota or any(word in message for word in _ADMISSION):
        return Wait(f"the cluster does not admit the pod: {message}", failure=Failure.REFUSED)
    return Wait(f"the cluster could not make the pod yet: {message}")


def _never_admitted(requested: str, limited: str) -> bool:
    limits = dict(_pairs(limited))
    return any(exceeds(wish, limits.get(name, "")) for name, wish in _pairs(requested))


def _pairs(text_: str) -> Iterator[tuple[str, str]]:
    for pair in text_.split(","):
        name, _, value = pair.partition("=")
        yield name.strip(), value.strip()


# The scheduler finds no node.

_TOTAL = re.compile(r"0/(\d+) nodes are available")
_UNHELPFUL = re.compile(r"(\d+) Preemption is not helpful")
_UNMATCHED = re.compile(r"(\d+) node\(s\) (?:didn't match Pod's node affinity|had untolerated taint)")
_INSUFFICIENT = re.compile(r"Insufficient ([\w./-]*\w)")
_PASSING = ("node.kubernetes.io/", "were unschedulable")


def _unscheduled(scheduled: KubeObject, events: tuple[KubeObject, ...]) -> Wait:
    message = text(scheduled, "message")
    if text(scheduled, "reason") == "SchedulingGated":
        return Wait("the pod is held back by a scheduling gate")
    short = sorted(set(_INSUFFICIENT.findall(message)))
    head = f"waiting for {' and '.join(short)}" if short else "waiting for a node"
    if not is_hopeless(message) or _last(events, "TriggeredScaleUp"):
        return Wait(f"{head}: {message}")
    return Wait(f"no node of the cluster can take it: {message}", hopeless=Failure.UNSCHEDULABLE)


def is_hopeless(message: str) -> bool:
    """Whether the scheduler says that no node, even an empty one, would do.

    A namespaced Role may not list nodes; it need not, as the scheduler compares each node's size with
    the request: "Preemption is not helpful" counts the nodes that are too small or do not match, "No
    preemption victims found" those that are only full. Taints of ``node.kubernetes.io/`` (not ready,
    under pressure) and cordons pass by themselves.
    """
    total = sum(map(int, _TOTAL.findall(message)[:1]))
    unhelpful = sum(map(int, _UNHELPFUL.findall(message)))
    unmatched = sum(map(int, _UNMATCHED.findall(message)))
    return 0 < total <= max(unhelpful, unmatched) and not any(word in message for word in _PASSING)


# The kubelet does not start the container.

_PASSING_PULL = ("too many requests", "toomanyrequests", "timeout", "timed out")
"""Said by a registry that is overloaded or slow, whatever else it says."""
_PERMANENT = ("not found", "manifest unknown", "denied", "unauthorized", "forbidden", "no match for platform")


def _pull_began_badly(message: str, seen: Sighting) -> Wait:
    return Wait(f"the image cannot be pulled yet: {message or _last(seen.events, 'Failed')}")


def _pull_failed(message: str, seen: Sighting) -> Wait:
    detail = message if "rr" in message else next(_failed_pulls(seen.events), message)
    reason, said = f"the image cannot be pulled: {detail}", detail.lower()
    if any(word in said for word in _PERMANENT) and not any(word in said for word in _PASSING_PULL):
        return Wait(reason, failure=Failure.IMAGE)
    return Wait(reason, unpulled=_first_failed_pull(seen.events) or seen.since)


def _failed_pulls(events: Iterable[KubeObject]) -> Iterator[str]:
    """Kubelets before 1.31 tell why in an event only."""
    return (text(event, "message") for event in events if text(event, "message").startswith("Failed to pull"))


def _first_failed_pull(events: Iterable[KubeObject]) -> datetime | None:
    pulls = (event for event in events if text(event, "message").startswith("Failed to pull"))
    times = (time(event, "firstTimestamp") or time(event, "eventTime") for event in pulls)
    return min(filter(None, times), default=None)


def _image_unusable(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the image cannot be used: {message}", failure=Failure.IMAGE)


def _misconfigured(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the container cannot be configured: {message}", failure=Failure.REFUSED)


def _not_created(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the container could not be created yet: {message}")


def _starting(_message: str, seen: Sighting) -> Wait:
    trouble = _last(seen.events, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
    if trouble:
        return Wait(f"the pod cannot start yet: {trouble}")
    pulling = _last(seen.events, "Pulling", "Pulled")
    return Wait(pulling if pulling.startswith("Pulling") else "")


_WAITING = {
    "ErrImagePull": _pull_began_badly,
    "ImagePullBackOff": _pull_failed,
    "InvalidImageName": _image_unusable,
    "ErrImageNeverPull": _image_unusable,
    "ImageInspectError": _image_unusable,
    "SignatureValidationFailed": _image_unusable,
    "CreateContainerConfigError": _misconfigured,
    "CreateContainerError": _not_created,
    "RunContainerError": _not_created,
}
"""https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff and the kubelet's own reasons"""


def _last(events: Iterable[KubeObject], *reasons: str) -> str:
    found = [event for event in events if text(event, "reason") in reasons]
    return text(max(found, key=_stamp, default={}), "message")


def _stamp(event: KubeObject) -> str:
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "metadata", "creationTimestamp")
