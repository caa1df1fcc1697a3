"""Placement: the nodes of a cluster that may run a step, and its ServiceAccount."""

from __future__ import annotations

from typing import Mapping, Union

from ..dataclass import dataclass, field

Toleration = Mapping[str, Union[str, int]]
"""A toleration in Kubernetes' fields: ``key``, ``operator``, ``value``, ``effect``, ``tolerationSeconds``."""


@dataclass(frozen=True)
class Placement:
    """The nodes and accounts of a step on a cluster. Other targets ignore it."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    """Labels that the node must have."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the step tolerates, as Kubernetes writes them."""
    service_account: str = ""
    """The ServiceAccount of the pod. The pod gets no token of it. Empty: the target's."""
    image_pull_secrets: tuple[str, ...] = ()
    """Names of Secrets for pulling images."""

    def over(self, target: Placement) -> Placement:
        """Return both merged: this one's ServiceAccount takes precedence over that of `target`."""
        return Placement(
            {**target.node_selector, **self.node_selector},
            (*target.tolerations, *(one for one in self.tolerations if one not in target.tolerations)),
            self.service_account or target.service_account,
            tuple(dict.fromkeys((*target.image_pull_secrets, *self.image_pull_secrets))),
        )
