"""azureml.pipeline.steps."""

from __future__ import annotations

from pkgutil import extend_path

from runner.sdk import shown_in

_NAMES = (
    "AdlaStep",
    "AutoMLStep",
    "AutoMLStepRun",
    "AzureBatchStep",
    "CommandStep",
    "DataTransferStep",
    "DatabricksStep",
    "EstimatorStep",
    "HyperDriveStep",
    "HyperDriveStepRun",
    "KustoStep",
    "ModuleStep",
    "MpiStep",
    "ParallelRunConfig",
    "ParallelRunStep",
    "PythonScriptStep",
    "RScriptStep",
    "SynapseSparkStep",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
__path__ = extend_path(__path__, __name__)
