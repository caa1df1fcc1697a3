"""azureml.core.run."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "Run",
    "ScriptRun",
    "_OfflineRun",
    "get_run",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
