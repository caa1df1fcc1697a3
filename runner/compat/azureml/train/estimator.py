"""azureml.train.estimator."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "Estimator",
    "MMLBaseEstimator",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
