"""EntryScript: the helper of parallel entry scripts (``azureml_user.parallel_run``)."""

from __future__ import annotations

import logging
import os
from functools import cached_property
from pathlib import Path

from ..parallel_run.settings import Place, Settings

LOGGER = "azureml_user.parallel_run"
"""The logger's name."""
_FORM = "%(asctime)s|%(levelname)s|%(process)d|%(message)s"


class EntryScript:
    """v1's helper of the entry script of a ParallelRunStep: its logger, its folders and its settings.

    Every object of a process tells the same. Outside of a step, the logger writes to the process's own log, and the
    folders are those of the process.

    Example:
        >>> def run(mini_batch):
        ...     EntryScript().logger.info(f"{len(mini_batch)} files")

    """

    @cached_property
    def _place(self) -> Place | None:
        return Place.of(os.environ)

    @property
    def logger(self) -> logging.Logger:
        """A logger that writes to ``logs/user/entry_script_log/<node>/<process>.log.txt`` among the run's files."""
        logger = logging.getLogger(LOGGER)
        place = self._place
        if place is not None and not logger.handlers:
            Path(place.log).parent.mkdir(parents=True, exist_ok=True)
            handler = logging.FileHandler(place.log, encoding="utf-8")
            handler.setFormatter(logging.Formatter(_FORM))
            logger.addHandler(handler)
            logger.setLevel(place.settings.logging_level.upper())
            logger.propagate = False
        return logger

    @property
    def log_dir(self) -> str:
        """The folder of the logger's file."""
        return str(Path(self._place.log).parent) if self._place is not None else str(Path("logs", "user").absolute())

    @property
    def working_dir(self) -> str:
        """The script's working directory."""
        return self._place.working_dir if self._place is not None else str(Path.cwd())

    @property
    def output_dir(self) -> str:
        """The folder of the step's output; empty if it has none."""
        return self._place.output_dir if self._place is not None else ""

    @property
    def config(self) -> Settings | None:
        """The settings of the step, such as ``mini_batch_size``; None outside of a step."""
        return self._place.settings if self._place is not None else None
