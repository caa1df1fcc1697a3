"""Deletion of Jobs: wait for their pods, and name what blocks a deletion (usually a finalizer)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic, sleep

from ...errors import TargetError, TargetUnreachable
from .cluster import Cluster
from .json_fields import KubeObject, text, time, value_at
from .settings import ClusterSettings

_POLL_SECONDS = 0.5


def wait_for_pods(cluster: Cluster, labels: str, settings: ClusterSettings, job: str) -> str:
    """Wait until all pods with these labels are gone.

    Return a message about pods that still run; empty if none does.
    """
    deadline = monotonic() + settings.stop_timeout
    while pods := cluster.list("pods", labels=labels).items:
        if monotonic() > deadline:
            names = [text(pod, "metadata", "name") for pod in pods if not _has_ended(pod)]
            return _still_running(cluster, names, settings, job=job, labels=labels) if names else ""
        sleep(_POLL_SECONDS)
    return ""


def deletion_error(job: KubeObject, now: datetime, settings: ClusterSettings, place: str) -> TargetError:
    """Return the error for an attempt whose Job name is still taken by a Job that is being deleted.

    It is TargetUnreachable, which is retried, until `stop_timeout` has passed.
    """
    since = time(job, "metadata", "deletionTimestamp")
    message = f"{place} is being deleted: the attempt cannot start before it is gone"
    if since is None or now - since < timedelta(seconds=settings.stop_timeout):
        return TargetUnreachable(message)
    finalizers = value_at(job, "metadata", "finalizers")
    kept = ", ".join(map(str, finalizers)) if isinstance(finalizers, list) else ""
    return TargetError(f"{message}; {_kept_by(text(job, 'metadata', 'name'), kept, settings.namespace)}")


def undeleted_jobs(held: Mapping[str, str], namespace: str) -> list[str]:
    """Return one line for each Job whose deletion is blocked. `held`: its finalizers by its name."""
    return [f"deleted, and still there: {_kept_by(name, finalizers, namespace)}" for name, finalizers in held.items()]


def _kept_by(name: str, finalizers: str, namespace: str) -> str:
    patch = f"""kubectl -n {namespace} patch job {name} --type=merge -p '{{"metadata":{{"finalizers":null}}}}'"""
    who = f"its finalizers {finalizers} keep it" if finalizers else "something keeps it"
    return f"Job '{name}': {who}; mend what should remove them, or: {patch}"


def _still_running(cluster: Cluster, pods: list[str], settings: ClusterSettings, *, job: str, labels: str) -> str:
    message = (
        f"still running {settings.stop_timeout:.0f} s after the deletion of their Job: {', '.join(pods)}; "
        f"see: kubectl -n {settings.namespace} get pods -l {labels}"
    )
    there = cluster.get("jobs", job)
    finalizers = value_at(there, "metadata", "finalizers")
    if isinstance(finalizers, list) and finalizers:
        return f"{message}; {_kept_by(job, ', '.join(map(str, finalizers)), settings.namespace)}"
    return message


def _has_ended(pod: KubeObject) -> bool:
    return value_at(pod, "status", "phase") in ("Succeeded", "Failed")
