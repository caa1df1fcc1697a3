"""azureml.core.authentication."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "AbstractAuthentication",
    "ArcTokenAuthentication",
    "AzureCliAuthentication",
    "AzureMLTokenAuthentication",
    "InteractiveLoginAuthentication",
    "MsiAuthentication",
    "ServicePrincipalAuthentication",
    "TokenAuthentication",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
