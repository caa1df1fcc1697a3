"""Which nodes of a cluster may run a step, and as whom."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field

Toleration = Mapping[str, str | int]
"""As Kubernetes writes it: ``key``, ``operator``, ``value``, ``effect``, ``tolerationSeconds``."""


@dataclass(frozen=True)
class Placement:
    """What a step asks of a cluster beside resources; other targets pass it over."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels its node must have."""
    tolerations: tuple[Toleration, ...] = ()
    service_account: str = ""
    """Whose token it gets none of; its image pull secrets count. Empty: the target's."""
    image_pull_secrets: tuple[str, ...] = ()

    def over(self, target: Placement) -> Placement:
        """What holds on a target with settings of its own: a step's account goes before it, the rest is added."""
        return Placement(
            {**target.node_selector, **self.node_selector},
            (*target.tolerations, *(one for one in self.tolerations if one not in target.tolerations)),
            self.service_account or target.service_account,
            tuple(dict.fromkeys((*target.image_pull_secrets, *self.image_pull_secrets))),
        )
