"""The kind cluster that end-to-end and contract tests share, made by the product itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class KindCluster:
    """Where everything of a cluster made by `runner cluster up` is."""

    name: str
    """Of the kind cluster."""
    configuration: Path
    """runner's machine-wide configuration file, with the target ``kind`` in it."""
    kubeconfig: Path
    """Of the controller's ServiceAccount: least privilege, as a user's runs have it."""
    credentials: Path
    """JSON file with the bucket's ``access_key`` and ``secret_key``."""
    namespace: str
    bucket: str
    endpoint: str
    """The store as this machine reaches it."""
    cluster_endpoint: str
    """The store as pods reach it."""

    @property
    def environ(self) -> Mapping[str, str]:
        """What a `runner` process needs in its environment to find this cluster, and no other."""
        return {"RUNNER_CONFIG": str(self.configuration)}
