"""v1's other compute targets: names that can be created, and services of Azure that are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from ..base.exceptions import NotOffered
from .compute_target import ComputeTarget

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace
    from .provisioning import Provisioning


class DataFactoryCompute(ComputeTarget):
    """The compute target that v1's DataTransferStep asks for. An ordinary step makes the copy."""

    type = "DataFactory"

    @staticmethod
    def provisioning_configuration(location: str | None = None) -> Provisioning:
        """Return the configuration for `ComputeTarget.create`.

        Args:
            location: Accepted as in v1 and ignored.

        """
        from .provisioning import Provisioning

        return Provisioning("DataFactory", {})

    @staticmethod
    def attach_configuration(*_arguments: object, **_options: object) -> NoReturn:
        """Refuse: there is no data factory to attach.

        Args:
            *_arguments, **_options: As in v1; not used.

        Raises:
            NotOffered: Always.

        """
        raise NotOffered(
            "DataFactoryCompute cannot be attached: it needs an Azure service",
            remedy="create it: ComputeTarget.create(ws, name, DataFactoryCompute.provisioning_configuration())",
        )


class ComputeInstance(ComputeTarget):
    """v1's single machine: a compute target with one node."""

    type = "ComputeInstance"

    @staticmethod
    def provisioning_configuration(vm_size: str = "", **_options: object) -> Provisioning:
        """Return the configuration for `ComputeTarget.create`: one machine.

        Args:
            vm_size: The size of the machine; see `AmlCompute.provisioning_configuration`. Default: empty, any.

        """
        from .provisioning import Provisioning

        return Provisioning("ComputeInstance", {"vm_size": str(vm_size or ""), "max_nodes": 1, "min_nodes": 1})

    def start(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Do nothing: there is no machine to start.

        Args:
            wait_for_completion, show_output: Accepted as in v1 and ignored.

        """

    def stop(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Do nothing: there is no machine to stop.

        Args:
            wait_for_completion, show_output: Accepted as in v1 and ignored.

        """

    def restart(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Do nothing: there is no machine to start.

        Args:
            wait_for_completion, show_output: Accepted as in v1 and ignored.

        """


class KubernetesCompute(ComputeTarget):
    """v1's attached cluster: a name for a configured target."""

    type = "Kubernetes"

    @staticmethod
    def attach_configuration(*_arguments: object, **_options: object) -> NoReturn:
        """Refuse: clusters are named in the configuration.

        Raises:
            NotOffered: Always; it names what to do instead.

        """
        raise NotOffered(
            "KubernetesCompute cannot be attached: clusters are named in the configuration",
            remedy="name the cluster under targets: of runner.yaml",
        )


CREATABLE = (DataFactoryCompute, ComputeInstance, KubernetesCompute)
"""Types other than AmlCompute that a target may have."""


class _Service(ComputeTarget):
    """A compute target of v1 that is a service of Azure: it can be imported, and refuses in one line when used."""

    instead = "name a Kubernetes cluster under targets: of runner.yaml"

    def __new__(cls, workspace: Workspace | None = None, name: str = "", **_options: object) -> NoReturn:
        """Refuse."""
        raise cls._refusal()

    @classmethod
    def attach_configuration(cls, *_arguments: object, **_options: object) -> NoReturn:
        """Refuse."""
        raise cls._refusal()

    @classmethod
    def provisioning_configuration(cls, *_arguments: object, **_options: object) -> NoReturn:
        """Refuse."""
        raise cls._refusal()

    @classmethod
    def _refusal(cls) -> NotOffered:
        return NotOffered(f"{cls.__name__} is not offered: it needs an Azure service", remedy=cls.instead)


class AksCompute(_Service):
    """v1's cluster for web services."""


class RemoteCompute(_Service):
    """v1's machine reached by SSH."""


class HDInsightCompute(_Service):
    """v1's Spark cluster."""

    instead = "run local Spark in a PythonScriptStep"


class SynapseCompute(_Service):
    """v1's Spark pool."""

    instead = "run local Spark in a PythonScriptStep"


class DatabricksCompute(_Service):
    """v1's Databricks workspace."""

    instead = "run the notebook's code in a PythonScriptStep"


class BatchCompute(_Service):
    """v1's batch account."""

    instead = "run the program by a CommandStep"


class AdlaCompute(_Service):
    """v1's data lake analytics."""

    instead = "do the query in a PythonScriptStep"


class KustoCompute(_Service):
    """v1's Kusto cluster."""

    instead = "do the query in a PythonScriptStep"
