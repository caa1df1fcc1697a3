"""azureml.core.compute."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AdlaCompute",
    "AksCompute",
    "AmlCompute",
    "BatchCompute",
    "ComputeInstance",
    "ComputeTarget",
    "ComputeTargetException",
    "DataFactoryCompute",
    "DatabricksCompute",
    "HDInsightCompute",
    "KubernetesCompute",
    "KustoCompute",
    "RemoteCompute",
    "SynapseCompute",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
