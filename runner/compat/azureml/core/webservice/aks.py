"""azureml.core.webservice.aks."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AksEndpoint",
    "AksWebservice",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
