"""azureml.core.compute.synapse."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("SynapseCompute",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
