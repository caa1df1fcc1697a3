"""EntryScript: what a parallel entry script asks about itself (``azureml_user.parallel_run``)."""

from __future__ import annotations

import logging


class EntryScript:
    """v1's helper of parallel scripts: a logger."""

    @property
    def logger(self) -> logging.Logger:
        """Writes to the step's log."""
        return logging.getLogger("azureml_user.parallel_run")
