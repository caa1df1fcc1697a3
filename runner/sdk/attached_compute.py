"""v1's other compute targets: names that may be created, and services that there are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from .compute import ComputeTarget
from .exceptions import NotOffered

if TYPE_CHECKING:
    from .provisioning import Provisioning
    from .workspace import Workspace


class DataFactoryCompute(ComputeTarget):
    """The name that v1's DataTransferStep asks for. The copy is made by a step like every other."""

    type = "DataFactory"

    @staticmethod
    def provisioning_configuration(location: str | None = None) -> Provisioning:
        """Nothing is asked for."""
        from .provisioning import Provisioning

        return Provisioning("DataFactory", {})

    @staticmethod
    def attach_configuration(*_arguments: object, **_options: object) -> NoReturn:
        """Refuse: there is no data factory to attach."""
        raise NotOffered(
            "DataFactoryCompute cannot be attached: it needs an Azure service",
            remedy="create it: ComputeTarget.create(ws, name, DataFactoryCompute.provisioning_configuration())",
        )


class ComputeInstance(ComputeTarget):
    """v1's single machine: a name like a cluster's, with one node."""

    type = "ComputeInstance"

    @staticmethod
    def provisioning_configuration(vm_size: str = "", **_options: object) -> Provisioning:
        """One machine of that size."""
        from .provisioning import Provisioning

        return Provisioning("ComputeInstance", {"vm_size": str(vm_size or ""), "max_nodes": 1, "min_nodes": 1})

    def start(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Without effect: there is nothing to start."""

    def stop(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Without effect: there is nothing to stop."""

    def restart(self, wait_for_completion: bool = False, show_output: bool = False) -> None:
        """Without effect: there is nothing to start."""


class KubernetesCompute(ComputeTarget):
    """v1's attached cluster: a name for a configured target."""

    type = "Kubernetes"

    @staticmethod
    def attach_configuration(*_arguments: object, **_options: object) -> NoReturn:
        """Refuse: clusters are named in the configuration."""
        raise NotOffered(
            "KubernetesCompute cannot be attached: clusters are named in the configuration",
            remedy="name the cluster under targets: of runner.yaml",
        )


CREATABLE = (DataFactoryCompute, ComputeInstance, KubernetesCompute)
"""Types other than AmlCompute that a target may have."""


class _Service(ComputeTarget):
    """A compute of v1 that is a service of Azure: importable, and refused in one line when used."""

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
