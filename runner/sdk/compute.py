"""Compute targets: names for the place where steps run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import FrameType
from typing import TYPE_CHECKING

from ..operations import computes
from ..override import override
from .compute_status import AmlComputeStatus, ScaleSettings
from .exceptions import ComputeTargetException, NotOffered
from .session import current

if TYPE_CHECKING:
    from .provisioning import Provisioning
    from .workspace import Workspace

_FAILURES = frozenset({"ComputeTargetException", "Exception", "BaseException"})
_REMEDY = "correct the name; or add it under targets: or computes: of runner.yaml; or create it in the file"


class ComputeTarget:
    """A factory, as in v1: ``ComputeTarget(workspace, name)`` is the typed target. Raises ComputeTargetException.

    Known are the configured targets and computes, and the names that `create` was called with. Where nothing is
    configured every name is known, but for one: a name that the file itself creates when this raises.
    """

    type = "AmlCompute"
    workspace: Workspace | None
    name: str
    settings: Mapping[str, object]
    """What it was created with; empty for a configured one."""
    provisioning_state = "Succeeded"

    def __new__(cls, workspace: Workspace | None = None, name: str = "", **_options: object) -> ComputeTarget:
        """Make the typed target, whichever class was called."""
        settings = _settings(name, sys._getframe(1))
        made = object.__new__(_class_of(str(settings.get("type", "")), cls))
        made.workspace, made.name, made.settings = workspace, name, settings
        return made

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: Provisioning) -> ComputeTarget:
        """Make the name known; it stands for the target in force. Nothing is started."""
        from .provisioning import Provisioning

        if not isinstance(provisioning_configuration, Provisioning):
            raise ComputeTargetException(
                f"compute target {name!r} cannot be created from a {_kind(provisioning_configuration)}",
                remedy="pass AmlCompute.provisioning_configuration(...)",
            )
        if not computes.is_name(name):
            raise ComputeTargetException(
                f"{name!r} cannot name a compute target", remedy="use letters, digits and dashes, 63 at most"
            )
        computes.keep(workspace.session.store, name, provisioning_configuration.settings)
        return ComputeTarget(workspace, name)

    @staticmethod
    def attach(workspace: Workspace, name: str, attach_configuration: object) -> ComputeTarget:
        """Refuse: clusters are named in the configuration."""
        raise NotOffered(
            f"compute target {name!r} cannot be attached: clusters are named in the configuration",
            remedy="name the cluster under targets: of runner.yaml",
        )

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

    @property
    def status(self) -> AmlComputeStatus:
        """v1's status of a cluster."""
        return self.get_status()

    @property
    def vm_size(self) -> str:
        """The size it was created with; empty for a configured one."""
        return self.get_status().vm_size

    @property
    def scale_settings(self) -> ScaleSettings:
        """How many nodes it may have."""
        return self.get_status().scale_settings

    def refresh_state(self) -> None:
        """Read it again."""
        self.settings = _settings(self.name, None)

    def update(
        self,
        min_nodes: object = None,
        max_nodes: object = None,
        idle_seconds_before_scaledown: object = None,
        **_options: object,
    ) -> None:
        """Change how many nodes there may be: later runs keep to it. No node is ever idle here."""
        from .provisioning import node_counts

        now = self.scale_settings
        counts = node_counts(
            now.minimum_node_count if min_nodes is None else min_nodes,
            now.maximum_node_count if max_nodes is None else max_nodes,
        )
        self.settings = {**self.settings, **counts}
        computes.keep(current().store, self.name, self.settings)

    def delete(self) -> None:
        """Forget a name made by `create`."""
        computes.forget(current().store, self.name)

    def detach(self) -> None:
        """Forget a name made by `create`."""
        self.delete()

    def serialize(self) -> dict[str, object]:
        """v1's document of it."""
        return {
            "name": self.name,
            "computeType": self.type,
            "type": self.type,
            "provisioningState": self.provisioning_state,
            **self.get_status().serialize(),
        }

    @override
    def __repr__(self) -> str:
        return f"{self.type}({self.name!r})"


class AmlCompute(ComputeTarget):
    """v1's cluster: the type of every target that was not created as another one."""

    @staticmethod
    def provisioning_configuration(
        vm_size: str = "",
        vm_priority: str = "dedicated",
        min_nodes: int | str = 0,
        max_nodes: int | str | None = None,
        idle_seconds_before_scaledown: int | str | None = 1800,
        admin_username: str | None = None,
        admin_user_password: str | None = None,
        admin_user_ssh_key: str | None = None,
        vnet_resourcegroup_name: str | None = None,
        vnet_name: str | None = None,
        subnet_name: str | None = None,
        tags: object = None,
        description: str | None = None,
        remote_login_port_public_access: str = "NotSpecified",
        identity_type: str | None = None,
        identity_id: object = None,
        location: str | None = None,
        enable_node_public_ip: bool = True,
    ) -> Provisioning:
        """What a cluster is asked to be like. Node counts may be text. Passwords, networks and logins are not kept.

        Raises ComputeTargetException for node counts that no cluster can have.
        """
        from .provisioning import Provisioning, node_counts

        said = {"vm_size": str(vm_size or ""), "vm_priority": str(vm_priority or "dedicated")}
        return Provisioning("AmlCompute", {**said, **node_counts(min_nodes, max_nodes)})

    @staticmethod
    def supported_vmsizes(workspace: Workspace, location: str | None = None) -> list[dict[str, object]]:
        """The sizes that the configuration or the table knows under one name each."""
        from ..model.vm_sizes import listed

        return [{"name": name, "vCPUs": size.cpu, "memory": size.memory, "gpus": size.gpu} for name, size in listed()]

    def list_nodes(self) -> list[dict[str, object]]:
        """No nodes: they are the cluster's affair."""
        return []


class ComputeTargets(dict[str, ComputeTarget]):
    """Known targets by name. Where nothing is configured, any other name can be asked for as well."""

    def __init__(self, workspace: Workspace) -> None:
        session = workspace.session
        names = dict.fromkeys((*session.target_names(), *computes.created(session.store)))
        super().__init__({name: ComputeTarget(workspace, name) for name in names})
        self.workspace = workspace

    def __missing__(self, name: str) -> ComputeTarget:
        """The target of a name that is good because every one is. Raises KeyError."""
        known = self.workspace.session.target_names()
        if known:
            raise KeyError(f"there is no compute target {name!r} (known: {', '.join(self)})")
        return ComputeTarget(self.workspace, name)


def compute_targets(workspace: Workspace) -> dict[str, ComputeTarget]:
    """Every known target by name."""
    return ComputeTargets(workspace)


def target_name(compute: object) -> str:
    """The name of a compute target given as an object or as a name; empty for None."""
    name = getattr(compute, "name", compute)
    return name if isinstance(name, str) else ""


def _settings(name: str, frame: FrameType | None) -> Mapping[str, object]:
    """What the name was created with; nothing for a name that needs no creating. Raises ComputeTargetException."""
    session = current()
    document = computes.document_of(session.store, name)
    known = session.target_names()
    if document is not None or name in known:
        return document or {}
    if known:
        listed = ", ".join(dict.fromkeys((*known, *computes.created(session.store))))
        raise ComputeTargetException(
            f"ComputeTargetNotFound: there is no compute target {name!r} (known: {listed})", remedy=_REMEDY
        )
    from .idiom import says_what_to_create

    if frame is not None and says_what_to_create(frame, _FAILURES):
        raise ComputeTargetException(f"ComputeTargetNotFound: there is no compute target {name!r} yet", remedy=_REMEDY)
    return {}


def _class_of(kind: str, called: type[ComputeTarget]) -> type[ComputeTarget]:
    """The class of a created target; else the one that was called, if it is one of targets."""
    from .attached_compute import CREATABLE

    if kind:
        return {made.type: made for made in (AmlCompute, *CREATABLE)}.get(kind, AmlCompute)
    return AmlCompute if called is ComputeTarget else called


def _kind(value: object) -> str:
    return type(value).__name__
