"""The settings of one workspace, as values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..dataclass import dataclass, field
from ..datastores import BucketConfig, DatastoreConfig
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.compute import ComputeSettings, VmSize, Wish
from ..model.placement import Toleration
from ..model.policy import StepPolicy
from ..model.secret import SecretSource
from ..model.workspace import LONGEST, place_of, segment

LOCAL = "local"
"""The target every workspace has: processes on this machine."""


@dataclass(frozen=True)
class ProcessConfig:
    """Local processes."""

    workers: int = 0
    """The most steps at a time; 0: one per core."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """Of its steps, where they and their pipeline say nothing."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that every step of the target may open by name."""


@dataclass(frozen=True)
class ProxyConfig:
    """The proxy that steps in pods use; runner itself reaches its stores directly."""

    http: str = ""
    """``http://HOST:PORT``, without a user or a password: it stands in the pod's specification."""
    https: str = ""
    no_proxy: str = ""
    """Hosts and domains with commas between; empty: the cluster's own names and the store's host."""


@dataclass(frozen=True)
class KubernetesConfig:
    """A namespace of a Kubernetes cluster."""

    store: BucketConfig
    namespace: str = "runner"
    kubeconfig: str = ""
    context: str = ""
    kind_cluster: str = ""
    """Images are loaded into this kind cluster."""
    registry: str = ""
    """Images are pushed below this registry path."""
    run_as: int = 10001
    """User, group and file-system group of every step's process."""
    capacity: int = 8
    """The most Jobs at a time."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    image_pull_secrets: tuple[str, ...] = ()
    service_account: str = ""
    tolerations: tuple[Toleration, ...] = ()
    unschedulable_grace: float = 30.0
    """Seconds a step may wait when no node there is could ever take it: an autoscaler may add one."""
    pull_grace: float = 60.0
    """Seconds an image may go on being pulled in vain for a reason that may pass: a registry that does not answer."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """Of its steps, where they and their pipeline say nothing."""
    resources: Wish = field(default_factory=Wish)
    """The same for what they ask of a node."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that every step of the target may open by name."""
    ca_bundle: str = ""
    """A PEM file of this machine with all certificate authorities that pods are to trust."""
    proxy: ProxyConfig = field(default_factory=ProxyConfig)
    controller_image: str = ""
    """A ready image of ours for detached controllers (images/controller); empty: it is built."""


@dataclass(frozen=True)
class EnvironmentConfig:
    """A ready image for an environment's name."""

    image: str


TargetConfig = ProcessConfig | KubernetesConfig


@dataclass(frozen=True)
class Config:
    """One workspace's configuration."""

    root: Path
    """The workspace's folder: where ``.runner`` lies or will lie."""
    name: str = ""
    """The workspace's, of ``runner.yaml`` or of v1's ``config.json``; empty: its folder's name."""
    named_in: str = ""
    """The file that names it."""
    target: str = ""
    """What ``--target`` is when it is not given."""
    targets: Mapping[str, TargetConfig] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    """Targets that the workspace itself names; empty: every compute name means this machine."""
    environments: Mapping[str, EnvironmentConfig] = field(default_factory=dict)
    computes: Mapping[str, ComputeSettings] = field(default_factory=dict)
    """What the compute names of pipeline files stand for."""
    vm_sizes: Mapping[str, VmSize] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    datastores: Mapping[str, DatastoreConfig] = field(default_factory=dict)
    """Those beside the workspace store."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that every step may open by name; each target has these in its own `access`."""

    @property
    def folder(self) -> Path:
        """The folder store of the workspace."""
        return self.root / ".runner"

    @property
    def workspace(self) -> str:
        """The workspace's name."""
        return self.name or self.root.name or "workspace"

    def bucket(self, settings: KubernetesConfig, workspace: str = "") -> BucketConfig:
        """Where a workspace lies in a target's bucket.

        Args:
            settings: The target's.
            workspace: The workspace's name; default: this one's.

        Raises:
            BadInput: The name is too long for a key.

        """
        name = workspace or self.workspace
        if len(segment(name)) > LONGEST:
            raise BadInput(
                f"the workspace's name is too long for a bucket: {name[:40]!r}… takes {len(segment(name))} bytes there",
                self.named_in or str(self.root),
                f"write a shorter one as 'name:' into {self.root / 'runner.yaml'}",
            )
        return settings.store.below(place_of(name))

    def get(self, target: str) -> TargetConfig:
        """A target by name. Raises BadInput for an unknown one."""
        if target not in self.targets:
            raise BadInput(unknown_target(self, target))
        return self.targets[target]


def unknown_target(config: Config, name: str, where: str = "") -> list[Problem]:
    """The problem of a compute name that means nothing here."""
    known = ", ".join(sorted(config.targets))
    return [
        Problem(
            f"there is no compute target '{name}'; known: {known}",
            where=where or str(config.root / "runner.yaml"),
            remedy=f"add it under 'targets:' of {config.root / 'runner.yaml'}, or say --target NAME"
            + (" (the target 'kind' is made by: runner cluster up)" if name == "kind" else ""),
        )
    ]
