"""azureml.telemetry: nothing is ever sent."""


def set_diagnostics_collection(send_diagnostics: bool = True, verbosity: object = None) -> None:
    """Accept the setting; there is nothing to switch on."""


__all__ = ["set_diagnostics_collection"]
