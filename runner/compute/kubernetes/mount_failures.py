"""The reasons why a node cannot mount an input, from the kubelet's events (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...model.record import Failure
from .json_fields import KubeObject, text
from .pending_reason import PendingReason, first_time, last_time

_VOLUME = re.compile(r'volume "(mount-\d+)"')
_ANSWER = re.compile(r"rpc error: code = (\w+) desc = (.*)", re.DOTALL)
_ABSENT = re.compile(r"driver name (\S+) not found in the list of registered CSI drivers")
_TO_CORRECT = {
    "PermissionDenied": (
        Failure.STORE,
        "let the key of the datastore list and read that prefix; or set `mounts: {policy: never}` on the target",
    ),
    "NotFound": (Failure.STORE, "correct the bucket of the datastore, or make it"),
    "FailedPrecondition": (
        Failure.REFUSED,
        (
            "let the administrator state it in ENDPOINTS of the mounter (docs/how-to/mounts.md); or correct endpoint "
            "(as nodes reach it: cluster_endpoint) of the datastore; or set `mounts: {policy: never}` on the target"
        ),
    ),
    "InvalidArgument": (
        Failure.REFUSED,
        "correct endpoint (as nodes reach it: cluster_endpoint), bucket and prefix of the datastore, or download",
    ),
}
"""The answers of the mounter that say what to correct: the failure after a while, and the remedy."""
_OTHER = (
    "see that nodes reach the store; the mounter's log says more (kubectl -n runner-mounter logs daemonset/mounter)"
)


def mount_problem(events: Iterable[KubeObject]) -> PendingReason | None:
    """Return the reason that the newest event about a mounted input gives. None: there is none.

    The kubelet also sums up all volumes of a pod in one event, which says nothing about the cause.
    """
    about = [event for event in events if _VOLUME.search(text(event, "message"))]
    message = text(max(about, key=last_time, default={}), "message")
    since = min(filter(None, map(first_time, about)), default=None)
    absent, answer = _ABSENT.search(message), _ANSWER.search(message)
    if absent:
        return PendingReason(
            reason=f"an input cannot be mounted: its node has no CSI driver {absent[1]}",
            remedy="install it on every node for steps (`runner cluster up`, or manifests/mounter.yaml); "
            "or set `mounts: {policy: never}` on the target",
            stuck=Failure.REFUSED,
            since=since,
        )
    if not answer:
        return None
    failure, remedy = _TO_CORRECT.get(answer[1], (Failure.STORE, _OTHER))
    return PendingReason(reason=f"an input cannot be mounted: {answer[2]}", remedy=remedy, stuck=failure, since=since)
