"""Reasons for a failed image pull (pure).

The messages are those of containerd and CRI-O, which the kubelet passes on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ...dataclass import dataclass
from ...model.names import retry_command
from ...model.record import Failure
from .json_fields import KubeObject, rows, text
from .pending_reason import PendingReason, first_time, last, last_time
from .pod_snapshot import PodSnapshot

_DETAIL = re.compile(r"ErrImagePull|rpc error|[Ff]ailed to|error")
_WRAPPING = re.compile(
    r'^Back-off pulling image "[^"]*"(?:: ErrImagePull: )?|^Failed to pull image "[^"]*": '
    r"|rpc error: code = \w+ desc = "
    r'|failed to pull and unpack image "[^"]*": |failed to resolve (?:reference|image) "?[^" ]*"?: '
)
"""Text around the cause. Each layer repeats the image's name."""


@dataclass(frozen=True)
class Cause:
    """A kind of pull failure."""

    signs: tuple[str, ...]
    """Parts of a message, in lower case. One of them is enough."""
    describe: Callable[[Pull], str]
    remedy: Callable[[Pull], str]
    passing: bool = False
    """True if the failure may end by itself. The step then fails only after a grace period."""


@dataclass(frozen=True)
class Pull:
    """One pull of an image."""

    image: str
    secrets: tuple[str, ...]
    """The names of the pull secrets of the pod, with those of its account."""
    missing: str = ""
    """The kubelet's message about pull secrets that it could not read."""
    run: str = ""
    """The ID of the run."""

    @property
    def registry(self) -> str:
        """Return the registry's host. An image name without a host is Docker Hub's."""
        first, slash, _ = self.image.partition("/")
        return first if slash and (any(one in first for one in ".:") or first == "localhost") else "docker.io"

    @property
    def tried(self) -> str:
        """Return the names of the secrets, for messages."""
        named = f"pull secrets tried: {', '.join(self.secrets) or 'none'}"
        return f"{named}; {self.missing}" if self.missing else named


def first_failure(message: str, snapshot: PodSnapshot) -> PendingReason:
    """Return the reason after a first failure (``ErrImagePull``). The kubelet retries within seconds."""
    found = _pull_failed(message or last(snapshot.events, "Failed"), snapshot)
    return PendingReason(reason=found.reason, remedy=found.remedy)


def last_pull_failed(events: Iterable[KubeObject]) -> bool:
    """Return True if the newest event about the end of a pull is a failure."""
    ends = [one for one in events if text(one, "reason") == "Pulled" or _is_failure(one)]
    return bool(ends) and _is_failure(max(ends, key=last_time))


def failure_in_events(snapshot: PodSnapshot) -> PendingReason:
    """Return the reason from the event of a failed pull, as long as the pod's status does not show it."""
    found = _pull_failed(text(max(filter(_is_failure, snapshot.events), key=last_time), "message"), snapshot)
    return replace(found, failure=None)


def failed(message: str, snapshot: PodSnapshot) -> PendingReason:
    """Return the reason after repeated failures (``ImagePullBackOff``)."""
    # Kubelets before 1.31 give the cause only in an event.
    detail = message if _DETAIL.search(message) else next(_failures(snapshot.events), message)
    return _pull_failed(detail, snapshot)


def unusable_image(message: str, snapshot: PodSnapshot) -> PendingReason:
    """Return the reason if the image has an invalid name, must not be pulled and is missing, or cannot be read."""
    remedy = next(remedy for sign, remedy in _UNUSABLE.items() if sign in message)
    return PendingReason(
        reason=f"the image {pull_attempt(snapshot).image} cannot be used: {message}",
        remedy=remedy,
        failure=Failure.IMAGE,
    )


def pull_attempt(snapshot: PodSnapshot) -> Pull:
    """Return the image of the pull and its secrets."""
    secrets = (text(one, "name") for one in rows(snapshot.pod, "spec", "imagePullSecrets"))
    missing = last(snapshot.events, "FailedToRetrieveImagePullSecret")
    return Pull(text(snapshot.step, "image") or "of the step", tuple(filter(None, secrets)), missing, snapshot.run)


def find_cause(message: str) -> Cause:
    """Return the first cause that the message has a sign of."""
    lowered = message.lower()
    return next((one for one in _CAUSES if any(sign in lowered for sign in one.signs)), _UNKNOWN)


def _pull_failed(detail: str, snapshot: PodSnapshot) -> PendingReason:
    pull, cause = pull_attempt(snapshot), find_cause(detail)
    explanation = f"{cause.describe(pull)}: {_evidence(detail)}"
    reason = f"the image cannot be pulled: {explanation}" + (
        "" if pull.image in explanation else f" (image {pull.image})"
    )
    if not cause.passing:
        return PendingReason(reason=reason, remedy=cause.remedy(pull), failure=Failure.IMAGE)
    return PendingReason(
        reason=reason,
        remedy=cause.remedy(pull),
        stuck=Failure.IMAGE,
        since=_first_failure(snapshot.events) or snapshot.since,
    )


def _evidence(detail: str) -> str:
    bare = _WRAPPING.sub("", " ".join(detail.split())).strip()
    return bare or detail


def _is_failure(event: KubeObject) -> bool:
    return text(event, "message").startswith("Failed to pull")


def _failures(events: Iterable[KubeObject]) -> Iterator[str]:
    return (text(event, "message") for event in events if _is_failure(event))


def _first_failure(events: Iterable[KubeObject]) -> datetime | None:
    times = (first_time(event) for event in filter(_is_failure, events))
    return min(filter(None, times), default=None)


def _add_pull_secret(pull: Pull) -> str:
    return (
        f"check the image's name; if it is private: kubectl create secret docker-registry NAME "
        f"--docker-server={pull.registry} …, and name it in image_pull_secrets of the step or the target"
    )


_CAUSES = (
    Cause(
        ("no match for platform", "exec format error", "does not match the specified platform"),
        lambda pull: f"{pull.image} is not made for this node's processor",
        lambda _: "build it for the nodes' platform (docker build --platform linux/amd64 …), or select other nodes",
    ),
    Cause(
        ("toomanyrequests", "too many requests", "rate limit"),
        lambda pull: f"{pull.registry} lets no more be pulled for now ({pull.tried})",
        lambda _: "pull with an account of the registry (image_pull_secrets), or from a mirror",
        passing=True,
    ),
    Cause(
        ("x509:", "http response to https client", "failed to verify certificate"),
        lambda pull: f"the node does not trust {pull.registry}'s certificate, or it has none",
        lambda pull: (
            f"ask the administrator to put {pull.registry}'s CA into the nodes' container runtime (containerd: `ca` in "
            f"/etc/containerd/certs.d/{pull.registry}/hosts.toml)"
        ),
    ),
    Cause(
        ("no such host", "server misbehaving", "name resolution"),
        lambda pull: f"the name {pull.registry} does not resolve on the node",
        lambda pull: f"correct the image's name if {pull.registry} is wrong in it; else see to the nodes' DNS",
        passing=True,
    ),
    Cause(
        ("dial tcp", "tls: ", "timeout", "timed out", "connection reset", "unexpected eof", "deadline exceeded"),
        lambda pull: f"the node does not reach {pull.registry}",
        lambda pull: f"check that {pull.registry} is right and that the nodes may reach it",
        passing=True,
    ),
    Cause(
        ("no space left",),
        lambda _: "its node's disk is full",
        lambda _: "ask the administrator to free the node's disk, or select other nodes",
        passing=True,
    ),
    Cause(
        ("500 internal", "502 bad", "503 service", "504 gateway"),
        lambda pull: f"{pull.registry} reports an error of its own",
        lambda pull: f"wait until {pull.registry} answers again, then: {retry_command(pull.run)}",
        passing=True,
    ),
    Cause(
        ("pull access denied", "repository does not exist or may require"),
        lambda pull: f"{pull.registry} has no {pull.image}, or not for these credentials ({pull.tried})",
        _add_pull_secret,
    ),
    Cause(
        ("unauthorized", "authorization failed", "authentication required", "forbidden", "denied", "no basic auth"),
        lambda pull: f"{pull.registry} refuses {pull.image} to these credentials ({pull.tried})",
        _add_pull_secret,
    ),
    Cause(
        ("not found", "manifest unknown", "name unknown"),
        lambda pull: f"{pull.registry} has no {pull.image}",
        lambda _: "correct the image's name or tag; one that only this machine has must be pushed, or loaded into kind",
    ),
)
_UNKNOWN = Cause(
    (),
    lambda pull: f"{pull.image} from {pull.registry} ({pull.tried})",
    lambda pull: f"try it by hand: docker pull {pull.image}",
    passing=True,
)
_UNUSABLE: Mapping[str, str] = {
    "couldn't parse image": "correct the image's name: lower case, REGISTRY/NAME:TAG",
    "invalid reference format": "correct the image's name: lower case, REGISTRY/NAME:TAG",
    "is not present with pull policy of Never": "put it on the nodes (kind load docker-image …), or let it be pulled",
    "": "make the image anew, and try it by hand: docker run IMAGE",
}
"""https://kubernetes.io/docs/concepts/containers/images/"""
