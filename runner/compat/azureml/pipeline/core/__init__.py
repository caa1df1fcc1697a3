"""azureml.pipeline.core."""

from __future__ import annotations

from pkgutil import extend_path

from runner.sdk import shown_in

_NAMES = (
    "InputPortBinding",
    "InputPortDef",
    "Module",
    "ModuleVersion",
    "OutputPortBinding",
    "OutputPortDef",
    "Pipeline",
    "PipelineData",
    "PipelineDataset",
    "PipelineDraft",
    "PipelineEndpoint",
    "PipelineOutputFileDataset",
    "PipelineOutputTabularDataset",
    "PipelineParameter",
    "PipelineRun",
    "PipelineStep",
    "PortDataReference",
    "PublishedPipeline",
    "Schedule",
    "ScheduleRecurrence",
    "StepRun",
    "StepRunOutput",
    "StepSequence",
    "TimeZone",
    "TrainingOutput",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
__path__ = extend_path(__path__, __name__)
