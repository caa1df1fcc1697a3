"""The resources that a step requests."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Kubernetes quantities (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/)."""

    cpu: str = "100m"
    memory: str = "256Mi"
    cpu_limit: str = ""
    """Empty: none, so an idle machine's cores are not wasted."""
    memory_limit: str = "2Gi"
    gpu: int = 0
    shared_memory: str = "2Gi"
    """The most that ``/dev/shm`` may hold (v1's ``shm_size``); empty: what a container has by itself (64 MiB).

    It is not asked of the node. What is in it counts as memory taken.
    """
    ephemeral_storage: str = ""
    """Local disk: asked of the node, and the most that the step may take; empty: neither."""
