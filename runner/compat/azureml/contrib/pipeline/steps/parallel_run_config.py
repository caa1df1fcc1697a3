"""azureml.contrib.pipeline.steps.parallel_run_config."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("ParallelRunConfig",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
