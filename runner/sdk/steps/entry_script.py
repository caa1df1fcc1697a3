"""EntryScript: the helper of parallel entry scripts (``azureml_user.parallel_run``)."""

from __future__ import annotations

import logging


class EntryScript:
    """v1's helper of parallel entry scripts: it gives them a logger."""

    @property
    def logger(self) -> logging.Logger:
        """A logger that writes to the step's log."""
        return logging.getLogger("azureml_user.parallel_run")
