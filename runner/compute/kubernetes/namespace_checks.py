"""Checks of a namespace with the user's own rights, for ``runner doctor``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from ...errors import TargetDenied, TargetError
from ...model.check import Check, failed, of_problem, of_skew
from ...model.data_access import MountPolicy
from ...model.quantity import amount
from ...model.resources import Resources
from . import conventions as c
from .cluster import Cluster
from .controller_job import COMPONENT_LABEL, SERVICE_ACCOUNT
from .json_fields import KubeObject, row, text, value_at
from .mount_access import access_of
from .preflight import GANGS, NEEDED, admission_problems
from .responses import rule
from .schedules import NEEDED as SCHEDULING
from .settings import ClusterSettings
from .workspace_pod import SERVER
from .workspace_pod import SERVICE_ACCOUNT as SUBMITTER

_ADMINISTRATOR = "ask the cluster's administrator"


class Server(Cluster, Protocol):
    """A namespace and its API server."""

    def version(self) -> str:
        """Return the server's version, which every user may read. Raises TargetError."""


def checks(cluster: Server, settings: ClusterSettings, *, now: Callable[[], datetime], remedy: str) -> Iterator[Check]:
    """Yield the checks of a cluster. A check that depends on a failed one is left out.

    Args:
        cluster: The namespace.
        settings: The settings of the target.
        now: Returns this machine's time, UTC.
        remedy: The remedy if the cluster does not answer.
    """
    try:
        version = cluster.version()
    except TargetError as error:
        yield failed("API server", error, remedy)
        return
    yield Check(name="API server", ok=True, detail=f"{cluster.server}, Kubernetes {version}")
    yield of_skew("clock (API server)", cluster.now() - now(), "the API server's")
    try:
        yield from _namespace_checks(cluster, settings)
    except TargetError as error:
        yield failed(f"namespace {cluster.namespace}", error, remedy)


def _namespace_checks(cluster: Cluster, settings: ClusterSettings) -> Iterator[Check]:
    rights = list(_rights(cluster))
    yield from rights
    if all(right.ok for right in rights):
        yield from _dry_run(cluster, settings)
    account, secrets = settings.service_account, settings.image_pull_secrets
    if account:
        yield _exists(cluster, "serviceaccounts", account, f"kubectl -n {cluster.namespace} create serviceaccount")
    for secret in secrets:
        yield _exists(
            cluster, "secrets", secret, f"kubectl -n {cluster.namespace} create secret docker-registry", is_secret=True
        )
    yield from _quotas(cluster)
    yield _mounts(cluster, settings)
    yield _account(cluster, SERVICE_ACCOUNT, "--detach", "`runner run --detach` cannot work")
    yield _account(cluster, SUBMITTER, "schedules and the server", "no pod can submit runs")
    yield _may(cluster, SCHEDULING, "may place schedules")
    yield _may(cluster, GANGS, "may make Services (for steps on several nodes that talk to each other)")
    yield from _servers(cluster)


def _rights(cluster: Cluster) -> Iterator[Check]:
    needed: dict[str, list[str]] = defaultdict(list)
    for resource, verb in NEEDED:
        needed[resource].append(verb)
    for resource, verbs in needed.items():
        name, _, part = resource.partition("/")
        missing = [verb for verb in verbs if not cluster.allowed(verb, name, part)]
        title = f"may {', '.join(verbs)} {resource}"
        if not missing:
            yield Check(name=title, ok=True, detail=f"in namespace {cluster.namespace}")
            continue
        role = rule(", ".join(missing), resource)
        remedy = f"{_ADMINISTRATOR} for a Role in namespace '{cluster.namespace}' with: {role}"
        yield Check(name=title, ok=False, detail=f"not allowed to {', '.join(missing)} {resource}", remedy=remedy)


def _dry_run(cluster: Cluster, settings: ClusterSettings) -> Iterator[Check]:
    """Check a Job and its pod with a dry run on the server."""
    name = "a step's Job and pod (dry run)"
    problems = tuple(admission_problems(cluster, settings))
    yield from (of_problem(name, problem, _ADMINISTRATOR) for problem in problems)
    if not problems:
        yield Check(name=name, ok=True, detail="admitted")


def _exists(cluster: Cluster, kind: str, name: str, make: str, *, is_secret: bool = False) -> Check:
    title = f"{'pull secret' if is_secret else 'service account'} {name}"
    try:
        found = cluster.get(kind, name)
    except TargetDenied:
        return _not_looked_at(title, f"no right to get {kind}")
    if found is not None:
        return Check(name=title, ok=True, detail="there")
    return Check(name=title, ok=False, detail=f"not in namespace {cluster.namespace}", remedy=f"{make} {name}")


def _mounts(cluster: Cluster, settings: ClusterSettings) -> Check:
    """Check that inputs can be mounted. Without mounts, steps download them."""
    title, access = "mounts", access_of(cluster, settings)
    if access.policy is MountPolicy.NEVER:
        return Check(name=title, ok=True, detail="none: the target's policy is never to mount")
    if access.mounts:
        return Check(name=title, ok=True, detail=f"by {access.driver}")
    required = access.policy is MountPolicy.REQUIRED
    what = "steps that ask for a mount cannot run" if required else "steps download their inputs"
    remedy = f"{_ADMINISTRATOR} to apply manifests/mounter.yaml (on kind: runner cluster up)"
    return Check(name=title, ok=False, detail=f"{access.problem}: {what}", remedy=remedy, optional=not required)


def _account(cluster: Cluster, name: str, use: str, without: str) -> Check:
    """Check an account of pods that control or submit runs. Nothing else needs it."""
    title = f"service account {name} (for {use})"
    try:
        found = cluster.get("serviceaccounts", name)
    except TargetDenied:
        return _not_looked_at(title, "no right to get serviceaccounts")
    if found is not None:
        return Check(name=title, ok=True, detail="there")
    remedy = f"{_ADMINISTRATOR} to apply manifests/rbac.yaml to namespace '{cluster.namespace}', if that is wanted"
    return Check(name=title, ok=False, detail=f"not there: {without}", remedy=remedy, optional=True)


def _may(cluster: Cluster, needed: Sequence[tuple[str, str]], title: str) -> Check:
    """Check rights to one resource without which all but one thing works."""
    missing = [verb for resource, verb in needed if not cluster.allowed(verb, resource)]
    if not missing:
        return Check(name=title, ok=True, detail=f"in namespace {cluster.namespace}")
    verbs, resource = ", ".join(missing), needed[0][0]
    remedy = f"{_ADMINISTRATOR} for a Role in namespace '{cluster.namespace}' with: {rule(verbs, resource)}"
    return Check(name=title, ok=False, detail=f"not allowed to {verbs} {resource}", remedy=remedy, optional=True)


def _servers(cluster: Cluster) -> Iterator[Check]:
    """Check the REST servers in the namespace by their pods: nobody needs a right to read Deployments for that."""
    pods: dict[str, list[bool]] = defaultdict(list)
    for pod in cluster.list("pods", labels=f"{COMPONENT_LABEL}={SERVER}").items:
        ready = text(row(pod, "status", "conditions", type="Ready"), "status") == "True"
        pods[text(pod, "metadata", "labels", c.STORE_LABEL)].append(ready)
    for store, answers in sorted(pods.items()):
        detail = f"{sum(answers)} of {len(answers)} pods ready"
        where = f"kubectl -n {cluster.namespace} describe pod -l {COMPONENT_LABEL}={SERVER},{c.STORE_LABEL}={store}"
        ok = any(answers)
        yield Check(name=f"REST server {store}", ok=ok, detail=detail, remedy="" if ok else where, optional=True)


def _not_looked_at(title: str, why: str) -> Check:
    return Check(name=title, ok=False, detail=f"not looked at: {why}", optional=True)


def _quotas(cluster: Cluster) -> Iterator[Check]:
    """Check the quotas; see https://kubernetes.io/docs/concepts/policy/resource-quotas/."""
    try:
        found = cluster.list("resourcequotas").items
    except TargetDenied:
        yield _not_looked_at("quotas", "no right to list resourcequotas")
        return
    yield from map(_quota, found)
    if not found:
        yield Check(name="quotas", ok=True, detail="none")


def _quota(quota: KubeObject) -> Check:
    name = f"quota {text(quota, 'metadata', 'name')}"
    hard, used = _amounts(quota, "hard"), _amounts(quota, "used")
    shown = ", ".join(f"{what} {used.get(what, '0')} of {most} used" for what, most in hard.items())
    full = [
        what for what, need in _smallest().items() if what in hard and not _fits(need, used.get(what, "0"), hard[what])
    ]
    if not full:
        return Check(name=name, ok=True, detail=shown or "nothing limited")
    remedy = f"wait until others have ended, or {_ADMINISTRATOR} for more {', '.join(full)}"
    return Check(name=name, ok=False, detail=f"no room for even one step: {shown}", remedy=remedy)


def _smallest() -> Mapping[str, str]:
    """Return the share of each quota that one step with default resources takes."""
    step = Resources()
    cpu, memory = step.cpu, step.memory
    return {
        "pods": "1",
        "count/pods": "1",
        "count/jobs.batch": "1",
        "cpu": cpu,
        "requests.cpu": cpu,
        "memory": memory,
        "requests.memory": memory,
        "limits.memory": step.memory_limit,
    }


def _fits(need: str, used: str, most: str) -> bool:
    request, taken, limit = (amount(one) for one in (need, used, most))
    return request is None or taken is None or limit is None or request + taken <= limit


def _amounts(quota: KubeObject, which: str) -> dict[str, str]:
    found = value_at(quota, "status", which)
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, Mapping) else {}
