"""v1's status of a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone

_NODE_STATES = (
    "preparingNodeCount",
    "runningNodeCount",
    "idleNodeCount",
    "unusableNodeCount",
    "leavingNodeCount",
    "preemptedNodeCount",
)


class ScaleSettings:
    """The least and greatest number of nodes.

    Args:
        lowest: The least.
        highest: The greatest. None: no limit.

    """

    def __init__(self, lowest: object, highest: object) -> None:
        self.minimum_node_count = lowest
        self.maximum_node_count = highest


class AmlComputeStatus:
    """v1's status of a cluster. Node counts are 0: nodes belong to the cluster.

    Args:
        settings: The settings that the target was created with.

    """

    def __init__(self, settings: Mapping[str, object]) -> None:
        self.vm_size = str(settings.get("vm_size", ""))
        self.vm_priority = str(settings.get("vm_priority", "dedicated"))
        self.scale_settings = ScaleSettings(settings.get("min_nodes", 0), settings.get("max_nodes"))
        self.allocation_state = "Steady"
        self.provisioning_state = "Succeeded"
        self.current_node_count = 0
        self.target_node_count = 0
        self.errors: list[object] | None = None

    def serialize(self) -> dict[str, object]:
        """Return the status as v1 prints it."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "nodeStateCounts": dict.fromkeys(_NODE_STATES, 0),
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": datetime.now(timezone.utc).isoformat(),
            "errors": self.errors,
            "provisioningState": self.provisioning_state,
            "provisioningStateTransitionTime": None,
            "scaleSettings": {
                "minNodeCount": self.scale_settings.minimum_node_count,
                "maxNodeCount": self.scale_settings.maximum_node_count,
            },
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }
