"""azureml.pipeline.core.pipeline_endpoint."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "PipelineEndpoint",
    "PipelineIdVersion",
    "PipelineVersion",
    "PublishedPipeline",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
