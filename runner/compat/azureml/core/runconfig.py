"""azureml.core.runconfig."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "RSection",
    "SparkSection",
    "PythonSection",
    "DockerSection",
    "CondaDependencies",
    "ContainerRegistry",
    "DataReferenceConfiguration",
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "DockerConfiguration",
    "Environment",
    "EnvironmentDefinition",
    "HistoryConfiguration",
    "MpiConfiguration",
    "ParallelTaskConfiguration",
    "PyTorchConfiguration",
    "RunConfiguration",
    "SparkConfiguration",
    "TensorflowConfiguration",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
