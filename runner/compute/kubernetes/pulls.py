"""Why an image cannot be had: which, from where, with which secrets (pure).

The messages are containerd's and CRI-O's, handed on by the kubelet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ...dataclass import dataclass
from ...model.names import retry_command
from ...model.record import Failure
from .fields import KubeObject, rows, text
from .sighting import Sighting
from .waiting import Wait, began, last, stamp

_DETAIL = re.compile(r"ErrImagePull|rpc error|[Ff]ailed to|error")
_WRAPPING = re.compile(
    r'^Back-off pulling image "[^"]*"(?:: ErrImagePull: )?|^Failed to pull image "[^"]*": '
    r"|rpc error: code = \w+ desc = "
    r'|failed to pull and unpack image "[^"]*": |failed to resolve (?:reference|image) "?[^" ]*"?: '
)
"""What is said around the cause, each layer naming the image once more."""


@dataclass(frozen=True)
class Cause:
    """What a registry's refusal comes down to."""

    signs: tuple[str, ...]
    """Any of them in the message, in lower case."""
    words: Callable[[Pull], str]
    remedy: Callable[[Pull], str]
    passing: bool = False
    """It may pass by itself: a failure only after a grace."""


@dataclass(frozen=True)
class Pull:
    """One attempt at an image."""

    image: str
    secrets: tuple[str, ...]
    """The names of the pull secrets that were tried: the pod's, its account's among them."""
    missing: str = ""
    """What the kubelet says of pull secrets that it could not have."""
    run: str = ""
    """The id of the run that it is for."""

    @property
    def registry(self) -> str:
        """The registry's host; a name without one is Docker Hub's."""
        first, slash, _ = self.image.partition("/")
        return first if slash and (any(one in first for one in ".:") or first == "localhost") else "docker.io"

    @property
    def tried(self) -> str:
        """The secrets in words."""
        named = f"pull secrets tried: {', '.join(self.secrets) or 'none'}"
        return f"{named}; {self.missing}" if self.missing else named


def began_badly(message: str, seen: Sighting) -> Wait:
    """What a first failure (``ErrImagePull``) means: the kubelet tries again within seconds."""
    found = _pull_failed(message or last(seen.events, "Failed"), seen)
    return Wait(found.reason, found.remedy)


def has_failed(events: Iterable[KubeObject]) -> bool:
    """Return whether the newest that the events tell of a pull's end is a failure."""
    ends = [one for one in events if text(one, "reason") == "Pulled" or _is_failure(one)]
    return bool(ends) and _is_failure(max(ends, key=stamp))


def first_failed(seen: Sighting) -> Wait:
    """Return what the event of a failed pull means, as long as the pod itself does not show it."""
    found = _pull_failed(text(max(filter(_is_failure, seen.events), key=stamp), "message"), seen)
    return replace(found, failure=None)


def failed(message: str, seen: Sighting) -> Wait:
    """What repeated failures (``ImagePullBackOff``) mean."""
    # Kubelets before 1.31 tell why in an event only.
    detail = message if _DETAIL.search(message) else next(_failures(seen.events), message)
    return _pull_failed(detail, seen)


def unusable(message: str, seen: Sighting) -> Wait:
    """The image's name is none, or it is not there and must not be pulled, or it cannot be read."""
    remedy = next(remedy for sign, remedy in _UNUSABLE.items() if sign in message)
    return Wait(f"the image {pull_of(seen).image} cannot be used: {message}", remedy, Failure.IMAGE)


def pull_of(seen: Sighting) -> Pull:
    """What was pulled, and with which secrets."""
    secrets = (text(one, "name") for one in rows(seen.pod, "spec", "imagePullSecrets"))
    missing = last(seen.events, "FailedToRetrieveImagePullSecret")
    return Pull(text(seen.step, "image") or "of the step", tuple(filter(None, secrets)), missing, seen.run)


def cause_of(message: str) -> Cause:
    """The first cause of which the message has a sign."""
    said = message.lower()
    return next((one for one in _CAUSES if any(sign in said for sign in one.signs)), _UNKNOWN)


def _pull_failed(detail: str, seen: Sighting) -> Wait:
    pull, cause = pull_of(seen), cause_of(detail)
    told = f"{cause.words(pull)}: {_evidence(detail)}"
    reason = f"the image cannot be pulled: {told}" + ("" if pull.image in told else f" (image {pull.image})")
    if not cause.passing:
        return Wait(reason, cause.remedy(pull), Failure.IMAGE)
    return Wait(reason, cause.remedy(pull), stuck=Failure.IMAGE, since=_first_failure(seen.events) or seen.since)


def _evidence(detail: str) -> str:
    bare = _WRAPPING.sub("", " ".join(detail.split())).strip()
    return bare or detail


def _is_failure(event: KubeObject) -> bool:
    return text(event, "message").startswith("Failed to pull")


def _failures(events: Iterable[KubeObject]) -> Iterator[str]:
    return (text(event, "message") for event in events if _is_failure(event))


def _first_failure(events: Iterable[KubeObject]) -> datetime | None:
    times = (began(event) for event in filter(_is_failure, events))
    return min(filter(None, times), default=None)


def _with_a_secret(pull: Pull) -> str:
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
        lambda pull: f"{pull.registry} is in trouble",
        lambda pull: f"wait until {pull.registry} answers again, then: {retry_command(pull.run)}",
        passing=True,
    ),
    Cause(
        ("pull access denied", "repository does not exist or may require"),
        lambda pull: f"{pull.registry} has no {pull.image}, or not for these credentials ({pull.tried})",
        _with_a_secret,
    ),
    Cause(
        ("unauthorized", "authorization failed", "authentication required", "forbidden", "denied", "no basic auth"),
        lambda pull: f"{pull.registry} refuses {pull.image} to these credentials ({pull.tried})",
        _with_a_secret,
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
