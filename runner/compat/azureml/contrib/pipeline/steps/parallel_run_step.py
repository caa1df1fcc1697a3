"""azureml.contrib.pipeline.steps.parallel_run_step."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("ParallelRunStep",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
