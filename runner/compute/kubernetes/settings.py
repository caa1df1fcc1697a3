"""The settings that a manifest needs beside the task."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass, field
from ...model.placement import Placement, Toleration
from .keys_policy import KeysPolicy
from .mounts_config import MountsConfig
from .node_cache import NodeCacheConfig


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """The namespace of one target, and the rules for its pods."""

    store_id: str
    """The ID of the workspace store. Objects of other stores in the same namespace are left alone."""
    namespace: str = "runner"
    run_as: int = 10001
    """The user, group and fsGroup ID of step pods."""
    service_account: str = ""
    """The ServiceAccount of step pods, which get no token of it. Empty: the namespace's default."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    image_pull_secrets: tuple[str, ...] = ()
    queue: str = ""
    """Kueue's queue for the Jobs of steps. Empty: none."""
    grace: int = 30
    """Seconds between SIGTERM and SIGKILL."""
    keep: int = 86400
    """Seconds after which Kubernetes deletes a finished Job that no controller has deleted."""
    unschedulable_grace: float = 30.0
    """Seconds that an attempt waits when no existing node can ever run it, because a node may be added."""
    pull_grace: float = 60.0
    """Seconds that the kubelet may retry to pull an image or to mount a volume after a retryable failure."""
    stop_timeout: float = 60.0
    """Seconds for which `stop` waits until the pods of a deleted Job are gone."""

    keys: KeysPolicy = KeysPolicy.STATIC
    """The keys of stores that step pods get."""
    authorities: str = ""
    """All certificate authorities that pods trust, as PEM. Empty: those of their images."""
    mounts: MountsConfig = field(default_factory=MountsConfig)
    unmountable: frozenset[str] = field(default_factory=frozenset)
    """The datastores that pods cannot mount."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of every step's pod, such as proxies. A step's own take precedence."""

    node_cache: NodeCacheConfig = field(default_factory=NodeCacheConfig)
    """The cache of a node for its steps."""

    @property
    def placement(self) -> Placement:
        """The placement of every step of the target. A step's own takes precedence or is added."""
        return Placement(self.node_selector, self.tolerations, self.service_account, self.image_pull_secrets)
