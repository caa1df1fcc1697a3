"""Compute targets: names for the place where steps run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, cast

from ..errors import ObjectMissing
from ..model.digest import canonical_json
from ..model.names import REGISTRY
from ..override import override
from .exceptions import ComputeTargetException, NotOffered
from .session import current

if TYPE_CHECKING:
    from ..ports import ObjectStore
    from .workspace import Workspace

_PREFIX = f"{REGISTRY}computes/"


class ComputeTarget:
    """A factory, as in v1: ``ComputeTarget(workspace, name)`` is the typed target.

    Known are the configured targets, and names that ``ComputeTarget.create`` was called with.
    """

    type = "AmlCompute"

    def __new__(cls, workspace: Workspace | None = None, name: str = "", **_options: object) -> ComputeTarget:
        """Make the typed target, whichever class was called."""
        return object.__new__(AmlCompute)

    def __init__(self, workspace: Workspace | None = None, name: str = "", **_options: object) -> None:
        self.workspace = workspace
        self.name = name
        self.settings = _settings(name)
        self.provisioning_state = "Succeeded"

    @staticmethod
    def create(
        workspace: Workspace, name: str, provisioning_configuration: AmlComputeProvisioningConfiguration
    ) -> ComputeTarget:
        """Make the name known; it stands for the configured target. Nothing is started."""
        settings = provisioning_configuration.settings
        workspace.session.store.put(f"{_PREFIX}{name}.json", canonical_json(settings))
        return ComputeTarget(workspace, name)

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: object) -> ComputeTarget:
        """Refuse: clusters are named in the configuration."""
        raise NotOffered(f"compute target {name!r} cannot be attached", remedy="name the cluster in runner.yaml")

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """Every known target."""
        return list(compute_targets(workspace).values())

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: int | None = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return at once: there is nothing to start."""
        if show_output:
            print(f"compute target {self.name}: ready")

    def get_status(self) -> AmlComputeStatus:
        """v1's status of a cluster."""
        return AmlComputeStatus(self.settings)

    def refresh_state(self) -> None:
        """Read it again."""
        self.settings = _settings(self.name)

    def delete(self) -> None:
        """Forget a name made by `create`."""
        current().store.delete(f"{_PREFIX}{self.name}.json")

    def serialize(self) -> dict[str, object]:
        """v1's document of it."""
        return {"name": self.name, "type": self.type, **self.get_status().serialize()}

    @override
    def __repr__(self) -> str:
        return f"{self.type}({self.name!r})"


class AmlCompute(ComputeTarget):
    """v1's name for the type every target has here."""

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int | str = 0,
        max_nodes: int | str | None = None,
        idle_seconds_before_scaledown: int = 1800,
        **options: object,
    ) -> AmlComputeProvisioningConfiguration:
        """What a cluster was asked to be like. Node counts may be given as text."""
        try:
            lowest, highest = int(min_nodes), int(max_nodes) if max_nodes is not None else None
        except ValueError as error:
            raise ComputeTargetException(f"min_nodes and max_nodes must be whole numbers: {error}", error) from error
        return AmlComputeProvisioningConfiguration(vm_size, vm_priority, lowest, highest, idle_seconds_before_scaledown)

    def list_nodes(self) -> list[dict[str, object]]:
        """No nodes: they are the cluster's affair."""
        return []


class AmlComputeProvisioningConfiguration:
    """The settings of a cluster that `ComputeTarget.create` makes known."""

    def __init__(
        self, vm_size: str, vm_priority: str, min_nodes: int, max_nodes: int | None, idle_seconds: int
    ) -> None:
        self.vm_size = vm_size
        self.vm_priority = vm_priority
        self.min_nodes = min_nodes
        self.max_nodes = max_nodes
        self.idle_seconds_before_scaledown = idle_seconds

    @property
    def settings(self) -> dict[str, object]:
        """As it is stored."""
        return {
            "vm_size": self.vm_size,
            "vm_priority": self.vm_priority,
            "min_nodes": self.min_nodes,
            "max_nodes": self.max_nodes,
        }


class ScaleSettings:
    """How many nodes there may be."""

    def __init__(self, lowest: object, highest: object) -> None:
        self.minimum_node_count = lowest
        self.maximum_node_count = highest


class AmlComputeStatus:
    """v1's status of a cluster, of the facts there are."""

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
        """As v1 prints it."""
        return {
            "currentNodeCount": self.current_node_count,
            "targetNodeCount": self.target_node_count,
            "allocationState": self.allocation_state,
            "allocationStateTransitionTime": datetime.now(timezone.utc).isoformat(),
            "errors": self.errors,
            "provisioningState": self.provisioning_state,
            "scaleSettings": {
                "minNodeCount": self.scale_settings.minimum_node_count,
                "maxNodeCount": self.scale_settings.maximum_node_count,
            },
            "vmPriority": self.vm_priority,
            "vmSize": self.vm_size,
        }


def compute_targets(workspace: Workspace) -> dict[str, ComputeTarget]:
    """Every known target by name."""
    session = workspace.session
    return {name: ComputeTarget(workspace, name) for name in (*session.target_names(), *created(session.store))}


def created(store: ObjectStore) -> Iterator[str]:
    """Names that `ComputeTarget.create` was called with."""
    return (info.key[len(_PREFIX) :].removesuffix(".json") for info in store.list(_PREFIX))


def target_name(compute: object) -> str:
    """The name of a compute target given as an object or as a name; empty for None."""
    name = getattr(compute, "name", compute)
    return name if isinstance(name, str) else ""


def _settings(name: str) -> Mapping[str, object]:
    session = current()
    try:
        return cast("dict[str, object]", json.loads(session.store.get(f"{_PREFIX}{name}.json")))
    except ObjectMissing:
        known = session.target_names()
    if not known or name in known:
        return {}
    raise ComputeTargetException(
        f"there is no compute target {name!r} (known: {', '.join(known)})",
        remedy="correct the name, or add the target to the configuration",
    )
