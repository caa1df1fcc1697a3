"""The reason why an attempt does not run yet (pure)."""

from __future__ import annotations

import re
from datetime import datetime

from ...model.names import retry_command
from ...model.record import Failure
from . import pulls
from .admission import pod_creation_problem
from .json_fields import text
from .mount_failures import mount_problem
from .pending_reason import PendingReason, first_time, last
from .pod_snapshot import PodSnapshot, condition, state
from .scheduling import no_node_can_fit, scheduling_problem

__all__ = ["PendingReason", "no_node_can_fit", "wait"]

_MOUNTS = ("FailedMount", "FailedAttachVolume")
_PULLS = ("Pulling", "Pulled")
_MISSING = re.compile(r'(secret|configmap) "([^"]+)" not found')


def wait(snapshot: PodSnapshot) -> PendingReason:
    """Return the reason why the attempt does not run yet, and whether waiting can help."""
    if snapshot.is_suspended:
        taken = " while it ran, as a queue does that preempts it" if snapshot.pod else ": a queue holds it"
        return PendingReason(reason=f"the Job is suspended{taken}; the step starts when it is resumed")
    if not snapshot.pod:
        return _no_pod(snapshot)
    scheduled = condition(snapshot.pod, "PodScheduled")
    if text(scheduled, "status") == "False":
        return scheduling_problem(scheduled, snapshot)
    waiting = state(snapshot.pod, "waiting")
    found = _WAITING.get(text(waiting, "reason"), _starting)
    return found(text(waiting, "message"), snapshot)


def _no_pod(snapshot: PodSnapshot) -> PendingReason:
    message = last(snapshot.events, "FailedCreate")
    if message:
        return pod_creation_problem(message)
    return PendingReason()


def _misconfigured(message: str, snapshot: PodSnapshot) -> PendingReason:
    return PendingReason(
        reason=f"the container cannot be configured: {message}",
        remedy=_configured(message, snapshot),
        failure=Failure.REFUSED,
    )


def _configured(message: str, snapshot: PodSnapshot) -> str:
    missing = _MISSING.search(message)
    if missing:
        return _made_again(missing, snapshot)
    if "runAsNonRoot" in message:
        return "let the image run as a user that is not root, by number, or set the target's run_as"
    return "correct what the target's settings and the environment name"


def _made_again(missing: re.Match[str], snapshot: PodSnapshot) -> str:
    kind, name = missing.groups()
    if name.startswith(("run-", "runner-step-")):
        return f"someone has deleted the run's {kind} '{name}'; make the run again: {retry_command(snapshot.run)}"
    return f"make the {kind} '{name}' in the namespace, or name another"


def _not_created(message: str, _seen: PodSnapshot) -> PendingReason:
    return PendingReason(reason=f"the container could not be created yet: {message}")


def _starting(_message: str, snapshot: PodSnapshot) -> PendingReason:
    if pulls.last_pull_failed(snapshot.events):
        return pulls.failure_in_events(snapshot)
    # A pull comes after all mounts, so a problem with these is over.
    newest = last(snapshot.events, *_MOUNTS, "FailedCreatePodSandBox", *_PULLS)
    if newest and newest == last(snapshot.events, *_PULLS):
        return PendingReason(reason=newest if newest.startswith("Pulling") else "")
    unmounted = mount_problem(snapshot.events)
    if unmounted and newest == last(snapshot.events, *_MOUNTS):
        return unmounted
    missing = _MISSING.search(newest)
    if missing:
        reason = f"the pod cannot start: there is no {missing[1]} '{missing[2]}': {newest}"
        return PendingReason(
            reason=reason,
            remedy=_made_again(missing, snapshot),
            stuck=Failure.REFUSED,
            since=_first(snapshot, *_MOUNTS),
        )
    return PendingReason(reason=f"the pod cannot start yet: {newest}" if newest else "")


def _first(snapshot: PodSnapshot, *reasons: str) -> datetime | None:
    found = (first_time(event) for event in snapshot.events if text(event, "reason") in reasons)
    return min(filter(None, found), default=None) or snapshot.since


_WAITING = {
    "ErrImagePull": pulls.first_failure,
    "ImagePullBackOff": pulls.failed,
    "RegistryUnavailable": pulls.failed,
    "InvalidImageName": pulls.unusable_image,
    "ErrImageNeverPull": pulls.unusable_image,
    "ImageInspectError": pulls.unusable_image,
    "SignatureValidationFailed": pulls.unusable_image,
    "CreateContainerConfigError": _misconfigured,
    "CreateContainerError": _not_created,
    "RunContainerError": _not_created,
}
"""https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff and reasons of the kubelet"""
