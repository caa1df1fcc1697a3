"""azureml.core.resource_configuration."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("ResourceConfiguration",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
