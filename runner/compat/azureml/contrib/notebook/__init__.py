"""azureml.contrib.notebook."""

from __future__ import annotations

from pkgutil import extend_path

from runner.sdk import shown_in

_NAMES = (
    "AzureMLNotebookHandler",
    "NotebookExecutionHandler",
    "NotebookRunConfig",
    "NotebookRunnerStep",
    "PapermillExecutionHandler",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
__path__ = extend_path(__path__, __name__)
