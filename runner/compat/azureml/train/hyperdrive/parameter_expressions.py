"""azureml.train.hyperdrive.parameter_expressions."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "choice",
    "lognormal",
    "loguniform",
    "normal",
    "qlognormal",
    "qloguniform",
    "qnormal",
    "quniform",
    "randint",
    "uniform",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
