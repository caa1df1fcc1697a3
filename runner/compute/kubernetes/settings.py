"""What is told about a cluster: everything a manifest needs beside the task."""

from __future__ import annotations

from collections.abc import Mapping

from ...dataclass import dataclass, field
from ...model.placement import Placement, Toleration


@dataclass(frozen=True)
class ClusterSettings:
    """One target's namespace and rules."""

    store_id: str
    """The workspace store's id: runs of other stores in the same namespace are not touched."""
    namespace: str = "runner"
    run_as: int = 10001
    """User, group and fsGroup of step pods."""
    service_account: str = ""
    """Of step pods, which get no token of it; empty: the namespace's default."""
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    image_pull_secrets: tuple[str, ...] = ()
    grace: int = 30
    """Seconds between SIGTERM and SIGKILL."""
    keep: int = 86400
    """Seconds a finished Job stays when no controller has removed it."""
    unschedulable_grace: float = 30.0
    """Seconds an attempt may wait when no node there is could ever take it: one may be added."""
    pull_grace: float = 60.0
    """Seconds the kubelet may go on trying to pull an image or to mount a volume after a failure that may pass."""
    stop_timeout: float = 60.0
    """Seconds `stop` waits for the pods of a deleted Job to go."""

    authorities: str = ""
    """PEM: all certificate authorities that pods are to trust; empty: those of their images."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of every step's pod: how it reaches the world. A step's own go before them."""

    @property
    def placement(self) -> Placement:
        """What holds for every step of the target; a step's own goes before it or is added."""
        return Placement(self.node_selector, self.tolerations, self.service_account, self.image_pull_secrets)
