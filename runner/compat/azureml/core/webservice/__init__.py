"""azureml.core.webservice."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AciWebservice",
    "AksEndpoint",
    "AksWebservice",
    "LocalWebservice",
    "Webservice",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
