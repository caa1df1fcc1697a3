"""Reasons why the Job controller cannot create a pod (pure).

Quotas, limit ranges, pod security, service accounts and webhooks can refuse it. The Job controller reports this only
in an event of the Job, ``FailedCreate``, whose message is that of the admission plugin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model.quantity import exceeds
from ...model.record import Failure
from .pending_reason import PendingReason

_PREFIX = re.compile(r'^Error creating: (?:pods "[^"]*" is forbidden: )?')
_FINAL = ("is forbidden", "denied the request", "is invalid", "Invalid value")
_QUOTA = re.compile(
    r"exceeded quota: (?P<name>[^,]+), requested: (?P<requested>.*), used: (?P<used>.*), limited: (?P<limited>.*)$"
)
"""https://kubernetes.io/docs/concepts/policy/resource-quotas/"""
_RANGE = re.compile(r"(?P<bound>maximum|minimum) (?P<what>[\w.-]+) usage per \w+ is (?P<limit>[\w.]+)")
"""https://kubernetes.io/docs/concepts/policy/limit-range/"""
_ADMINISTRATOR = "ask the cluster's administrator"


def pod_creation_problem(message: str) -> PendingReason:
    """Return the meaning of the message of a ``FailedCreate`` event."""
    quota = _QUOTA.search(message)
    if quota:
        return _over_quota(quota)
    evidence = _PREFIX.sub("", message)
    if not any(word in message for word in _FINAL) or 'serviceaccount "default" not found' in message:
        return PendingReason(reason=f"the cluster could not make the pod yet: {evidence}")
    return PendingReason(
        reason=f"the cluster does not admit the pod: {evidence}", remedy=_remedy(message), failure=Failure.REFUSED
    )


def _over_quota(quota: re.Match[str]) -> PendingReason:
    used, limits = dict(_pairs(quota["used"])), dict(_pairs(quota["limited"]))
    requests = tuple(_pairs(quota["requested"]))
    detail = "; ".join(
        f"{name}: asked {request}, used {used.get(name, '?')} of {limits.get(name, '?')}" for name, request in requests
    )
    summary = f"exceeded quota '{quota['name']}' of the namespace: {detail}"
    too_large = [name for name, request in requests if exceeds(request, limits.get(name, ""))]
    if not too_large:
        remedy = f"it starts when other pods of the namespace have ended; or {_ADMINISTRATOR} for more of that quota"
        return PendingReason(reason=f"waiting for quota: {summary}", remedy=remedy)
    most = ", ".join(f"{name}={limits[name]}" for name in too_large)
    remedy = f"ask for at most {most}, or {_ADMINISTRATOR} for a larger quota '{quota['name']}'"
    return PendingReason(
        reason=f"the cluster does not admit the pod: {summary}", remedy=remedy, failure=Failure.REFUSED
    )


def _remedy(message: str) -> str:
    return next(_remedies(message), f"{_ADMINISTRATOR} what the namespace demands of pods")


def _remedies(message: str) -> Iterator[str]:
    bounds = [f"at {_END[one['bound']]} {one['limit']} {one['what']}" for one in _RANGE.finditer(message)]
    if bounds:
        yield f"ask for {' and '.join(bounds)}, or {_ADMINISTRATOR} for another LimitRange"
    unstated = re.search(r"failed quota: ([^:]+): must specify (.+)$", message)
    if unstated:
        yield (
            f"state them in the step's or target's resources, or {_ADMINISTRATOR} for a LimitRange with defaults "
            f"(the quota '{unstated[1]}' wants every pod to say {unstated[2]})"
        )
    if "hostPath" in message and "node-cache" in message:
        yield (
            "the namespace admits no paths of its nodes: name a claim in place of the path under the target's "
            f"node_cache, or {_ADMINISTRATOR} to admit hostPath volumes"
        )
    if "violates PodSecurity" in message:
        yield (
            "steps keep to the 'restricted' standard unless the target's run_as is 0: set another; "
            f"else {_ADMINISTRATOR} what more the namespace demands"
        )
    account = re.search(r'serviceaccount "([^"]+)" not found', message)
    if account:
        yield f"make the account: kubectl create serviceaccount {account[1]}; or name another (service_account)"
    webhook = re.search(r'admission webhook "([^"]+)" denied', message)
    if webhook:
        yield f"{_ADMINISTRATOR}: the rule is that of the webhook '{webhook[1]}'"


_END = {"maximum": "most", "minimum": "least"}


def _pairs(written: str) -> Iterator[tuple[str, str]]:
    for pair in written.split(","):
        name, _, value = pair.partition("=")
        yield name.strip(), value.strip()
