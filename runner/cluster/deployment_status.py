"""Diagnosis of a Deployment that is not ready, from the objects of the API server. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..dataclass import dataclass
from ..model.document import Document

_IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"})
_STUCK_REASONS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff"}
)
_FULL_SECONDS = 10.0
"""A kind node does not grow: waiting longer for CPU or memory only helps if a step ends."""
_SETTLING_SECONDS = 60.0
"""A new node is tainted, and a claim unbound, for a while."""


@dataclass(frozen=True)
class DeploymentProblem:
    """Something that waiting does not mend."""

    what: str
    image: bool = False
    """The image is the cause."""
    pod: str = ""
    """The pod whose log tells more; empty: none does."""


def is_ready(deployment: Document) -> bool:
    """True when the Deployment's newest form has all its replicas ready, and nothing older runs."""
    status = deployment.get("status", {})
    wanted = deployment["spec"].get("replicas", 1)
    seen = status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
    counts = {status.get(name, 0) for name in ("replicas", "updatedReplicas", "readyReplicas")}
    return bool(seen and counts == {wanted})


def find_problem(deployment: Document, pods: Sequence[Document], waited: float) -> DeploymentProblem | None:
    """Return what prevents the Deployment from getting ready, after `waited` seconds; None: nothing known."""
    return next(_problems(deployment, pods, waited), None)


def _problems(deployment: Document, pods: Sequence[Document], waited: float) -> Iterator[DeploymentProblem]:
    for condition in deployment.get("status", {}).get("conditions", ()):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True" and waited > _FULL_SECONDS:
            yield DeploymentProblem(f"its pod cannot be made: {condition.get('message', '')}")
    wanted = _images(deployment["spec"].get("template", {}))
    for pod in pods:
        # Another image: a pod of the Deployment's older form, which is about to go.
        older = bool(_images(pod)) and _images(pod) != wanted
        if not older and not pod["metadata"].get("deletionTimestamp"):
            yield from _pod_problems(pod, waited)


def _images(pod: Document) -> tuple[str, ...]:
    return tuple(container["image"] for container in pod.get("spec", {}).get("containers", ()))


def _pod_problems(pod: Document, waited: float) -> Iterator[DeploymentProblem]:
    status = pod.get("status", {})
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            yield from _unscheduled(condition.get("message", ""), waited)
    for container in status.get("containerStatuses", ()):
        waiting = container.get("state", {}).get("waiting") or {}
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        if reason in _IMAGE_REASONS:
            yield DeploymentProblem(f"its image cannot be had: {reason}: {message}", image=True)
        elif reason in _STUCK_REASONS:
            yield DeploymentProblem(f"its container does not start: {reason}: {message}", pod=pod["metadata"]["name"])


def _unscheduled(message: str, waited: float) -> Iterator[DeploymentProblem]:
    patience = _FULL_SECONDS if "Insufficient" in message else _SETTLING_SECONDS
    if waited > patience:
        yield DeploymentProblem(f"no node can take its pod: {message}")
