"""azureml_user.parallel_run."""

from runner.sdk.steps.entry_script import EntryScript

__all__ = ["EntryScript"]
