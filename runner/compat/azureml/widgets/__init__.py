"""azureml.widgets."""

from runner.sdk.widgets import RunDetails

__all__ = ["RunDetails"]
