"""azureml.data.azure_storage_datastore."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AzureBlobDatastore",
    "AzureFileDatastore",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
