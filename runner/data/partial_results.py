"""The words of a successful program about items that failed, which it leaves in the step folder for the record.

A ParallelRunStep succeeds though items have failed, within the limits of its author. Its record then has a warning, and
no later run takes its outputs for those of an equal step.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..model.record import AttemptRecord
from ..model.task import Task

_FILE = "partial-results.txt"


def write_partial(folder: Path, words: str) -> None:
    """Leave the words in a step folder. Raises OSError.

    Args:
        folder: The step folder.
        words: One line for people: what failed.

    """
    (folder / _FILE).write_text(words, encoding="utf-8")


def with_partial(record: AttemptRecord, task: Task, folder: Path) -> AttemptRecord:
    """Return the record with the words as a warning, and not reusable; the same one if there are none.

    Args:
        record: The record of a program that has succeeded.
        task: The attempt. Only the programs of steps with workers leave words.
        folder: The step folder.

    """
    path = folder / _FILE
    if record.failure is not None or not task.workers or not path.is_file():
        return record
    words = " ".join(path.read_text(encoding="utf-8", errors="replace").split())
    return replace(record, warnings=(*record.warnings, words), reusable=False)
