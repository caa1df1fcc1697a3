"""Options of the local cluster, and the names that follow from them."""

from __future__ import annotations

import re
from pathlib import Path

from ..compute.kubernetes.config import KIND_CLUSTER, KIND_TARGET
from ..dataclass import dataclass
from ..errors import BadInput
from .network_policy import destination

STEPS_NAMESPACE = "runner"
STORAGE_NAMESPACE = "runner-storage"
MOUNTER_NAMESPACE = "runner-mounter"
SERVICE_ACCOUNT = "runner-controller"
BUCKET = "runner"
DEFAULT_PORT = 9000
CLUSTER_ENDPOINT = f"http://minio.{STORAGE_NAMESPACE}.svc:9000"
"""The store as pods reach it."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,40}[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """The arguments of `runner cluster up` and `down`."""

    configuration: Path
    """The machine-wide configuration file; the keys are kept beside it."""
    name: str = KIND_CLUSTER
    """Of the kind cluster."""
    target: str = KIND_TARGET
    """The name pipelines' ``--target`` knows the cluster by."""
    port: int | None = None
    """Of this machine, for the store; None: the one the cluster has, else `DEFAULT_PORT`."""
    minio_image: str = ""
    """Empty: the one the cluster has, else the one manifests/minio.yaml names."""
    mounter: bool = True
    """Install the CSI plugin that mounts buckets into steps."""

    server_port: int | None = None
    """Of this machine, for the REST server of a workspace; None: a new cluster gets none."""

    destinations: tuple[str, ...] = ()
    """Addresses and CIDRs that steps may reach beside DNS and the store; empty: all but metadata services."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise BadInput(
                f"{self.name!r} cannot name a cluster",
                "--name",
                "use at most 42 lower-case letters, digits, dots and hyphens, letters or digits at both ends",
            )
        for one in self.destinations:
            destination(one)
        for option, port in (("--port", self.port), ("--serve-port", self.server_port)):
            if port is not None and not 0 < port < 65536:
                raise BadInput(f"{port} is no port", option, "choose one from 1024 to 65535")

    @property
    def kubeconfig(self) -> Path:
        """The file with the controller's token."""
        return self.configuration.parent / f"{self.name}.kubeconfig"

    @property
    def credentials(self) -> Path:
        """The file with the bucket's keys."""
        return self.configuration.parent / f"{self.name}.credentials.json"


def endpoint(port: int) -> str:
    """The store as this machine reaches it."""
    return f"http://127.0.0.1:{port}"
