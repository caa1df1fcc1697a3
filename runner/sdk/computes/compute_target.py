"""Compute targets: names for the places in which steps run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Dict

from ...operations import computes
from ...override import override
from ..base.exceptions import ComputeTargetException, NotOffered
from ..base.refused import refusing
from ..base.session import current
from .status import AmlComputeStatus, ScaleSettings

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace
    from .provisioning import Provisioning

_NODES = "nodes, quotas and identities belong to the cluster"
_REMEDY = "correct the name; or add it under targets: or computes: of runner.yaml; or create it in the file"


class ComputeTarget:
    """A compute target of the workspace. As in v1, the constructor returns an object of the target's type.

    Known are the configured targets and computes, and the names that `create` was called with. Any other name
    raises, as in v1, where something is configured. Where nothing is, every name stands for this machine, so that v1
    files run unchanged that look up a cluster of their Azure workspace. In v1's idiom (``try`` to find, ``create`` on
    an exception) the ``create`` is not reached there. Its size would have no effect on this machine, and
    ``max_nodes`` can be configured under ``computes:``.

    Example:
        >>> target = ComputeTarget(workspace=ws, name="cpu")
        >>> step = PythonScriptStep("train.py", compute_target=target, source_directory="src")

    Args:
        workspace: The workspace. None: the one of this folder.
        name: The target's name.

    Raises:
        ComputeTargetException: There is no such target.

    """

    type = "AmlCompute"
    workspace: Workspace | None
    name: str
    settings: Mapping[str, object]
    """The settings that it was created with; empty for a configured one."""
    provisioning_state = "Succeeded"

    def __new__(cls, workspace: Workspace | None = None, name: str = "", **_options: object) -> ComputeTarget:
        """Make the typed target, whichever class was called."""
        settings = _settings(name)
        if workspace is not None and not settings and name not in workspace.found_computes:
            workspace.found_computes.append(name)
        made = object.__new__(_class_of(str(settings.get("type", "")), cls))
        made.workspace, made.name, made.settings = workspace, name, settings
        return made

    @staticmethod
    def create(workspace: Workspace, name: str, provisioning_configuration: Provisioning) -> ComputeTarget:
        """Make a name known. It stands for the compute target in use; nothing is started.

        Args:
            workspace: The workspace.
            name: The name: letters, digits and dashes, 63 at most.
            provisioning_configuration: The result of ``provisioning_configuration`` of a class of targets.

        Returns:
            The target.

        Raises:
            ComputeTargetException: The name is invalid, or the configuration is of another type.

        """
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
        """Refuse: clusters are named in the configuration.

        Args:
            workspace: Not used.
            name: The target's name.
            attach_configuration: Not used.

        Returns:
            Nothing.

        Raises:
            NotOffered: Always; it names what to do instead.

        """
        raise NotOffered(
            f"compute target {name!r} cannot be attached: clusters are named in the configuration",
            remedy="name the cluster under targets: of runner.yaml",
        )

    @staticmethod
    def list(workspace: Workspace) -> list[ComputeTarget]:
        """Return every known target.

        Args:
            workspace: The workspace.

        """
        return list(compute_targets(workspace).values())

    def wait_for_completion(
        self,
        show_output: bool = False,
        min_node_count: int | None = None,
        timeout_in_minutes: int | None = 25,
        is_delete_operation: bool = False,
    ) -> None:
        """Return at once: there is nothing to start.

        Args:
            show_output: True: print a line. Default: False.
            min_node_count, timeout_in_minutes, is_delete_operation: Accepted as in v1 and ignored.

        """
        if show_output:
            print(f"compute target {self.name}: ready")

    def get_status(self) -> AmlComputeStatus:
        """Return v1's status of a cluster. Node counts are 0: nodes belong to the cluster."""
        return AmlComputeStatus(self.settings)

    @property
    def status(self) -> AmlComputeStatus:
        """v1's status of a cluster."""
        return self.get_status()

    @property
    def vm_size(self) -> str:
        """The VM size that it was created with; empty for a configured one."""
        return self.get_status().vm_size

    @property
    def scale_settings(self) -> ScaleSettings:
        """The least and greatest number of nodes."""
        return self.get_status().scale_settings

    def refresh_state(self) -> None:
        """Read the settings again."""
        self.settings = _settings(self.name)

    def update(
        self,
        min_nodes: object = None,
        max_nodes: object = None,
        idle_seconds_before_scaledown: object = None,
        **_options: object,
    ) -> None:
        """Change the number of nodes; later runs keep to it.

        Args:
            min_nodes: The least number, or text of it. None: unchanged.
            max_nodes: The greatest number, which is the number of steps at a time. None: unchanged.
            idle_seconds_before_scaledown, **_options: Accepted as in v1 and ignored.

        Raises:
            ComputeTargetException: No cluster can have these numbers.

        """
        from .provisioning import node_counts

        now = self.scale_settings
        counts = node_counts(
            now.minimum_node_count if min_nodes is None else min_nodes,
            now.maximum_node_count if max_nodes is None else max_nodes,
        )
        self.settings = {**self.settings, **counts}
        computes.keep(current().store, self.name, self.settings)

    def delete(self) -> None:
        """Forget a name that `create` made known."""
        computes.forget(current().store, self.name)

    def detach(self) -> None:
        """Forget a name that `create` made known."""
        self.delete()

    def serialize(self) -> dict[str, object]:
        """Return v1's JSON document of the target."""
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
    """v1's cluster: the type of every target that was not created as another one.

    Example:
        >>> config = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", max_nodes=4)
        >>> target = ComputeTarget.create(ws, "cpu", config)

    """

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
        """Return the configuration of a cluster for `ComputeTarget.create`.

        Args:
            vm_size: An Azure VM size, which becomes the request of a step for processors, memory and GPUs. Default:
                empty, no request.
            vm_priority: Kept as in v1 and not used. Default: ``"dedicated"``.
            min_nodes: The least number of nodes, or text of it; kept and not used. Default: 0.
            max_nodes: The greatest number of steps that run at a time, or text of it. None: no limit.
            idle_seconds_before_scaledown, admin_username, admin_user_password, admin_user_ssh_key: Accepted as in v1
                and ignored.
            vnet_resourcegroup_name, vnet_name, subnet_name, remote_login_port_public_access: Accepted as in v1 and
                ignored.
            tags, description, identity_type, identity_id, location, enable_node_public_ip: Accepted as in v1 and
                ignored.

        Raises:
            ComputeTargetException: No cluster can have these numbers of nodes.

        """
        from .provisioning import Provisioning, node_counts

        settings = {"vm_size": str(vm_size or ""), "vm_priority": str(vm_priority or "dedicated")}
        return Provisioning("AmlCompute", {**settings, **node_counts(min_nodes, max_nodes)})

    @staticmethod
    def supported_vmsizes(workspace: Workspace, location: str | None = None) -> list[dict[str, object]]:
        """Return the known VM sizes with processors, memory and GPUs.

        Args:
            workspace: The workspace.
            location: Accepted as in v1 and ignored.

        """
        from ...model.vm_sizes import listed

        return [{"name": name, "vCPUs": size.cpu, "memory": size.memory, "gpus": size.gpu} for name, size in listed()]

    get_active_runs = refusing("AmlCompute.get_active_runs", _NODES, "use experiment.get_runs, or: runner list")
    list_usages = staticmethod(refusing("AmlCompute.list_usages", _NODES, "ask the cluster: kubectl top nodes"))
    list_quotas = staticmethod(refusing("AmlCompute.list_quotas", _NODES, "ask the cluster: kubectl get quota"))
    add_identity = refusing("AmlCompute.add_identity", _NODES, "see docs/explanation/security.md")
    remove_identity = refusing("AmlCompute.remove_identity", _NODES, "see docs/explanation/security.md")

    def get(self) -> dict[str, object]:
        """Return v1's document of the target; see `serialize`."""
        return self.serialize()

    def list_nodes(self) -> list[dict[str, object]]:
        """Return no nodes: they belong to the cluster."""
        return []


class ComputeTargets(Dict[str, ComputeTarget]):
    """Known targets by name. Where nothing is configured, any other name can be asked for as well.

    Args:
        workspace: The workspace.

    """

    def __init__(self, workspace: Workspace) -> None:
        session = workspace.session
        configured = session.target_names()
        names = dict.fromkeys((*(configured or workspace.found_computes), *computes.created(session.store)))
        super().__init__({name: ComputeTarget(workspace, name) for name in names})
        self.workspace = workspace

    def __missing__(self, name: str) -> ComputeTarget:
        """Return the target of a name where every name is valid. Raises KeyError."""
        known = self.workspace.session.target_names()
        if known:
            raise KeyError(f"there is no compute target {name!r} (known: {', '.join(self)})")
        return ComputeTarget(self.workspace, name)


def compute_targets(workspace: Workspace) -> dict[str, ComputeTarget]:
    """Return every known target by name.

    Args:
        workspace: The workspace.

    """
    return ComputeTargets(workspace)


def target_name(compute: object) -> str:
    """Return the name of a compute target; empty for None.

    Args:
        compute: A ComputeTarget, its name, or None.

    """
    name = getattr(compute, "name", compute)
    return name if isinstance(name, str) else ""


def _settings(name: str) -> Mapping[str, object]:
    """Return what a name was created with, or nothing. Raises ComputeTargetException for an unknown name."""
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
    return {}


def _class_of(kind: str, called: type[ComputeTarget]) -> type[ComputeTarget]:
    """Return the class of a created target; else the class that was called, if it is one of targets."""
    from .attached import CREATABLE

    if kind:
        return {made.type: made for made in (AmlCompute, *CREATABLE)}.get(kind, AmlCompute)
    return AmlCompute if called is ComputeTarget else called


def _kind(value: object) -> str:
    return type(value).__name__
