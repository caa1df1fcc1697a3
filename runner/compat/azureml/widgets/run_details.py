"""azureml.widgets.run_details."""

from runner.sdk import shown_in
from runner.sdk.runs.widgets import RunDetails

__all__ = ["RunDetails"]
__getattr__ = shown_in(__name__)
