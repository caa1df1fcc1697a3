"""azureml.core.environment."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "EnvironmentDefinition",
    "SparkPackage",
    "RSection",
    "RCranPackage",
    "RGitHubPackage",
    "DockerBuildContext",
    "CondaDependencies",
    "DEFAULT_CPU_IMAGE",
    "DEFAULT_GPU_IMAGE",
    "DockerSection",
    "Environment",
    "PythonSection",
    "SparkSection",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
