"""What a step asks of the machine it runs on."""

from __future__ import annotations

from ..dataclass import dataclass


@dataclass(frozen=True)
class Resources:
    """Kubernetes quantities (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/)."""

    cpu: str = "100m"
    memory: str = "256Mi"
    cpu_limit: str = ""
    """Empty: none, so an idle machine's cores are not wasted."""
    memory_limit: str = "2Gi"
    gpu: int = 0
