"""Why an attempt does not run yet, and whether waiting can help."""

from __future__ import annotations

import re

from ...model.record import Failure
from . import pulls
from .admission import uncreated
from .fields import text
from .scheduling import is_hopeless, unscheduled
from .sighting import Sighting, condition, state
from .waiting import Wait, began, last

__all__ = ["Wait", "is_hopeless", "wait"]

_MISSING = re.compile(r'(secret|configmap) "([^"]+)" not found')


def wait(seen: Sighting) -> Wait:
    """What the attempt waits for."""
    if not seen.pod:
        return _no_pod(seen)
    scheduled = condition(seen.pod, "PodScheduled")
    if text(scheduled, "status") == "False":
        return unscheduled(scheduled, seen)
    waiting = state(seen.pod, "waiting")
    found = _WAITING.get(text(waiting, "reason"), _starting)
    return found(text(waiting, "message"), seen)


def _no_pod(seen: Sighting) -> Wait:
    refusal = last(seen.events, "FailedCreate")
    if refusal:
        return uncreated(refusal)
    if text(condition(seen.job, "Suspended"), "status") == "True":
        return Wait("the Job is suspended: a queue holds it")
    return Wait()


def _misconfigured(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the container cannot be configured: {message}", _configured(message), Failure.REFUSED)


def _configured(message: str) -> str:
    missing = _MISSING.search(message)
    if missing:
        return _made_again(missing)
    if "runAsNonRoot" in message:
        return "let the image run as a user that is not root, by number, or set the target's run_as"
    return "correct what the target's settings and the environment name"


def _made_again(missing: re.Match[str]) -> str:
    kind, name = missing.groups()
    if name.startswith(("run-", "runner-step-")):
        return f"someone has deleted the run's {kind} '{name}'; make the run again: runner retry RUN --failed"
    return f"make the {kind} '{name}' in the namespace, or name another"


def _not_created(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the container could not be created yet: {message}")


def _starting(_message: str, seen: Sighting) -> Wait:
    mount = last(seen.events, "FailedMount", "FailedAttachVolume")
    missing = _MISSING.search(mount)
    if missing:
        since = min(filter(None, map(began, seen.events)), default=None) or seen.since
        reason = f"the pod cannot start: there is no {missing[1]} '{missing[2]}': {mount}"
        return Wait(reason, _made_again(missing), stuck=Failure.REFUSED, since=since)
    trouble = mount or last(seen.events, "FailedCreatePodSandBox")
    if trouble:
        return Wait(f"the pod cannot start yet: {trouble}")
    pulling = last(seen.events, "Pulling", "Pulled")
    return Wait(pulling if pulling.startswith("Pulling") else "")


_WAITING = {
    "ErrImagePull": pulls.began_badly,
    "ImagePullBackOff": pulls.failed,
    "RegistryUnavailable": pulls.failed,
    "InvalidImageName": pulls.unusable,
    "ErrImageNeverPull": pulls.unusable,
    "ImageInspectError": pulls.unusable,
    "SignatureValidationFailed": pulls.unusable,
    "CreateContainerConfigError": _misconfigured,
    "CreateContainerError": _not_created,
    "RunContainerError": _not_created,
}
"""https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff and the kubelet's own reasons"""
