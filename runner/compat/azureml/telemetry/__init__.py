"""azureml.telemetry: nothing is ever sent."""

from pkgutil import extend_path

from runner.sdk import shown_in


def set_diagnostics_collection(send_diagnostics: bool = True, verbosity: object = None) -> None:
    """Accept the setting; there is nothing to switch on."""


__all__ = ["set_diagnostics_collection"]
__getattr__ = shown_in(__name__)
__path__ = extend_path(__path__, __name__)
