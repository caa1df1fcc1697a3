"""azureml.widgets."""

from pkgutil import extend_path

from runner.sdk import shown_in
from runner.sdk.runs.widgets import RunDetails

__all__ = ["RunDetails"]
__getattr__ = shown_in(__name__)
__path__ = extend_path(__path__, __name__)
