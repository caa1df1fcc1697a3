"""Secrets that are replaced although nobody may read, change or delete one."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep

from ...errors import TargetError, TargetUnreachable
from .cluster import Cluster
from .json_fields import KubeObject, text

GARBAGE_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0)
"""Seconds between attempts to create a Secret while the garbage collector still has to delete the old one."""


def ensure_owner(cluster: Cluster, configmap: KubeObject) -> str:
    """Create a ConfigMap that owns other objects, unless it exists, and return its uid. Raises TargetError."""
    made = cluster.create("configmaps", configmap).object
    name = text(configmap, "metadata", "name")
    found = made or cluster.get("configmaps", name)
    uid = text(found, "metadata", "uid")
    if not uid or text(found, "metadata", "deletionTimestamp"):
        raise TargetError(
            f"the ConfigMap {_place(cluster, name)} is being deleted: the run has been finished elsewhere"
        )
    return uid


def create_secret(cluster: Cluster, owner: KubeObject, secret: Callable[[str], KubeObject]) -> bool:
    """Create a Secret and the ConfigMap that owns it.

    Args:
        cluster: The namespace.
        owner: The ConfigMap, which may exist.
        secret: Returns the Secret for the uid of its owner.

    Returns:
        False if there is a Secret of that name.

    Raises:
        TargetError: The server refuses one of the two.
    """
    return cluster.create("secrets", secret(ensure_owner(cluster, owner))).object is not None


def replace_secret(
    cluster: Cluster, owner: KubeObject, secret: Callable[[str], KubeObject], pause: Callable[[float], None] = sleep
) -> bool:
    """Create a Secret as `create_secret` does; replace an existing one. Return True.

    A right to delete a Secret is a right to read it: the response to a DELETE that waits for dependents is the object.
    So the owner is deleted, and the garbage collector deletes the Secret. Raises TargetError.
    """
    if create_secret(cluster, owner, secret):
        return True
    cluster.delete("configmaps", text(owner, "metadata", "name"))
    for seconds in GARBAGE_PAUSES:
        pause(seconds)
        if create_secret(cluster, owner, secret):
            return True
    raise TargetUnreachable(
        f"the Secret {_place(cluster, text(secret(''), 'metadata', 'name'))} still exists although its owner was "
        "deleted; the cluster's garbage collector may be busy; runner tries again"
    )


def _place(cluster: Cluster, name: str) -> str:
    return f"'{name}' in namespace '{cluster.namespace}' of {cluster.server}"
