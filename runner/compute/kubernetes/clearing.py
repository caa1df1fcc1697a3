"""Jobs that are to go: waiting for their pods, and naming what does not go (a finalizer, as a rule)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic, sleep

from ...errors import TargetError, TargetUnreachable
from .cluster import Cluster
from .fields import KubeObject, at, text, time
from .settings import ClusterSettings

_POLL_SECONDS = 0.5


def wait_for_pods(cluster: Cluster, labels: str, settings: ClusterSettings, job: str) -> str:
    """Wait until no pod of `labels` is left; what still runs then, in words; empty: nothing does."""
    deadline = monotonic() + settings.stop_timeout
    while pods := cluster.list("pods", labels=labels).items:
        if monotonic() > deadline:
            names = [text(pod, "metadata", "name") for pod in pods if not _has_ended(pod)]
            return _still_running(cluster, names, settings, job=job, labels=labels) if names else ""
        sleep(_POLL_SECONDS)
    return ""


def being_deleted(job: KubeObject, now: datetime, settings: ClusterSettings, place: str) -> TargetError:
    """Why an attempt cannot start beside an equal Job that is going: it waits, but not for ever."""
    since = time(job, "metadata", "deletionTimestamp")
    words = f"{place} is being deleted: the attempt cannot start before it is gone"
    if since is None or now - since < timedelta(seconds=settings.stop_timeout):
        return TargetUnreachable(words)
    keepers = at(job, "metadata", "finalizers")
    kept = ", ".join(map(str, keepers)) if isinstance(keepers, list) else ""
    return TargetError(f"{words}; {_held_by(text(job, 'metadata', 'name'), kept, settings.namespace)}")


def left_behind(held: Mapping[str, str], namespace: str) -> list[str]:
    """A line for each deleted Job that does not go, from its name and its finalizers."""
    return [f"deleted, and still there: {_held_by(name, keepers, namespace)}" for name, keepers in held.items()]


def _held_by(name: str, keepers: str, namespace: str) -> str:
    patch = f"""kubectl -n {namespace} patch job {name} --type=merge -p '{{"metadata":{{"finalizers":null}}}}'"""
    who = f"its finalizers {keepers} keep it" if keepers else "something keeps it"
    return f"Job '{name}': {who}; mend what should remove them, or: {patch}"


def _still_running(cluster: Cluster, pods: list[str], settings: ClusterSettings, *, job: str, labels: str) -> str:
    words = (
        f"still running {settings.stop_timeout:.0f} s after the deletion of their Job: {', '.join(pods)}; "
        f"see: kubectl -n {settings.namespace} get pods -l {labels}"
    )
    there = cluster.get("jobs", job)
    keepers = at(there, "metadata", "finalizers")
    if isinstance(keepers, list) and keepers:
        return f"{words}; {_held_by(job, ', '.join(map(str, keepers)), settings.namespace)}"
    return words


def _has_ended(pod: KubeObject) -> bool:
    return at(pod, "status", "phase") in ("Succeeded", "Failed")
