"""azureml_user.parallel_run."""

from runner.sdk.entry_script import EntryScript

__all__ = ["EntryScript"]
