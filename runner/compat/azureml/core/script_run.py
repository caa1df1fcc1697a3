"""azureml.core.script_run."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("ScriptRun",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
