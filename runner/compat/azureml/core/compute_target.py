"""azureml.core.compute_target."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AmlCompute",
    "ComputeTarget",
    "ComputeTargetException",
    "RemoteTarget",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
