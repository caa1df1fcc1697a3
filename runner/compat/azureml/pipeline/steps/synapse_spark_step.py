"""azureml.pipeline.steps.synapse_spark_step."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("SynapseSparkStep",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
