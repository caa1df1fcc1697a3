"""Why an attempt does not run yet, and whether waiting can help."""

from __future__ import annotations

import re
from datetime import datetime

from ...model.names import retry_command
from ...model.record import Failure
from . import pulls
from .admission import uncreated
from .fields import text
from .scheduling import is_hopeless, unscheduled
from .sighting import Sighting, condition, state
from .waiting import Wait, began, last

__all__ = ["Wait", "is_hopeless", "wait"]

_MOUNTS = ("FailedMount", "FailedAttachVolume")
_PULLS = ("Pulling", "Pulled")
_MISSING = re.compile(r'(secret|configmap) "([^"]+)" not found')


def wait(seen: Sighting) -> Wait:
    """What the attempt waits for."""
    if seen.put_away:
        taken = " while it ran, as a queue does that preempts it" if seen.pod else ": a queue holds it"
        return Wait(f"the Job is suspended{taken}; the step starts when it is resumed")
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
    return Wait()


def _misconfigured(message: str, seen: Sighting) -> Wait:
    return Wait(f"the container cannot be configured: {message}", _configured(message, seen), Failure.REFUSED)


def _configured(message: str, seen: Sighting) -> str:
    missing = _MISSING.search(message)
    if missing:
        return _made_again(missing, seen)
    if "runAsNonRoot" in message:
        return "let the image run as a user that is not root, by number, or set the target's run_as"
    return "correct what the target's settings and the environment name"


def _made_again(missing: re.Match[str], seen: Sighting) -> str:
    kind, name = missing.groups()
    if name.startswith(("run-", "runner-step-")):
        return f"someone has deleted the run's {kind} '{name}'; make the run again: {retry_command(seen.run)}"
    return f"make the {kind} '{name}' in the namespace, or name another"


def _not_created(message: str, _seen: Sighting) -> Wait:
    return Wait(f"the container could not be created yet: {message}")


def _starting(_message: str, seen: Sighting) -> Wait:
    if pulls.has_failed(seen.events):
        return pulls.first_failed(seen)
    # A pull comes after all mounts: what stood against those before has passed.
    newest = last(seen.events, *_MOUNTS, "FailedCreatePodSandBox", *_PULLS)
    if newest and newest == last(seen.events, *_PULLS):
        return Wait(newest if newest.startswith("Pulling") else "")
    missing = _MISSING.search(newest)
    if missing:
        reason = f"the pod cannot start: there is no {missing[1]} '{missing[2]}': {newest}"
        return Wait(reason, _made_again(missing, seen), stuck=Failure.REFUSED, since=_first(seen, *_MOUNTS))
    return Wait(f"the pod cannot start yet: {newest}" if newest else "")


def _first(seen: Sighting, *reasons: str) -> datetime | None:
    found = (began(event) for event in seen.events if text(event, "reason") in reasons)
    return min(filter(None, found), default=None) or seen.since


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
