"""Problems of a cluster that are found before anything is made there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...errors import Problem, TargetDenied, TargetError, TargetUnreachable
from . import render
from .cluster import Cluster
from .responses import rule
from .settings import ClusterSettings

NEEDED = (
    *(("jobs", verb) for verb in ("create", "get", "list", "watch", "delete")),
    *(("pods", verb) for verb in ("list", "watch")),
    ("pods/log", "get"),
    *(("configmaps", verb) for verb in ("create", "get", "delete")),
    ("secrets", "create"),
    ("events", "list"),
)
"""The rights that a controller needs, as (resource, verb). None is cluster-wide."""
GANGS = tuple(("services", verb) for verb in ("create", "delete"))
"""The rights for steps whose workers talk to each other. Nothing else needs them."""


def problems(cluster: Cluster, settings: ClusterSettings, *, gangs: bool = False) -> tuple[Problem, ...]:
    """Return each problem with its remedy. Empty: a step's Job can be made and watched.

    Args:
        cluster: The namespace.
        settings: The settings of the target.
        gangs: True if a step has several workers that talk to each other.
    """
    try:
        missing = tuple(_missing_rights(cluster, (*NEEDED, *GANGS) if gangs else NEEDED))
        return missing or tuple(admission_problems(cluster, settings))
    except TargetDenied as error:
        return (Problem(str(error), remedy="renew the credentials of the kubeconfig, or name another one"),)
    except TargetUnreachable as error:
        return (Problem(str(error), remedy="start the cluster, or correct the kubeconfig and context of the target"),)
    except TargetError as error:
        return (Problem(str(error), remedy="correct the kubeconfig and context of the target"),)


def _missing_rights(cluster: Cluster, needed: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    for resource, verb in needed:
        name, _, part = resource.partition("/")
        if not cluster.allowed(verb, name, part):
            yield Problem(
                f"not allowed to {verb} {resource}",
                where=_place(cluster),
                remedy=f"ask the cluster's administrator for a Role in that namespace with: {rule(verb, resource)}",
            )


def admission_problems(cluster: Cluster, settings: ClusterSettings) -> Iterator[Problem]:
    """Create a Job and a pod like a step's in a dry run, and yield the problems. Raises TargetError."""
    try:
        warnings = cluster.create("jobs", render.probe_job(settings), dry_run=True).warnings
    except (TargetDenied, TargetUnreachable):
        raise
    except TargetError as error:
        yield _refusal(cluster, str(error))
        return
    refused = _refused_pod(cluster, settings) if cluster.allowed("create", "pods") else "; ".join(warnings)
    if refused:
        yield Problem(
            f"the namespace would not admit a step's pod: {refused}",
            where=_place(cluster),
            remedy="steps keep to the 'restricted' Pod Security Standard; ask for what else the namespace demands",
        )


def _refused_pod(cluster: Cluster, settings: ClusterSettings) -> str:
    """Return why the server refuses a step's pod. Empty: it admits it.

    The server takes a Job even if it would refuse its pods, so only a pod shows it.
    """
    try:
        cluster.create("pods", render.probe_pod(settings), dry_run=True)
    except TargetUnreachable:
        raise
    except TargetError as error:
        return str(error)
    return ""


def _refusal(cluster: Cluster, message: str) -> Problem:
    if "namespaces" in message and "not found" in message:
        return Problem(
            f"there is no namespace '{cluster.namespace}'",
            where=cluster.server,
            remedy=f"make it: kubectl create namespace {cluster.namespace}; or name another one in the target",
        )
    return Problem(
        f"the server refuses a step's Job: {message}", where=_place(cluster), remedy="ask the cluster's administrator"
    )


def _place(cluster: Cluster) -> str:
    return f"namespace '{cluster.namespace}' of {cluster.server}"
