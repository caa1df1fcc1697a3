"""azureml.pipeline.core.graph."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "InputPort",
    "InputPortBinding",
    "InputPortDef",
    "OutputPort",
    "OutputPortDef",
    "ParamDef",
    "PipelineData",
    "PipelineDataset",
    "PipelineParameter",
    "PortDataReference",
    "PublishedPipeline",
    "StepSequence",
    "TrainingOutput",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
