"""azureml.data.abstract_datastore."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = ("AbstractDatastore",)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
