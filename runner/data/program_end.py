"""The words of a program of ours about its end, which it leaves in the step folder for those who record the end.

Such a program runs the user's code in processes of its own: the ranks of a gang, or the batches of a pool.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..dataclass import dataclass
from ..model.record import AttemptRecord
from ..model.task import Task

_FILE = "program-end.json"


@dataclass(frozen=True)
class ProgramEnd:
    """The end of a program."""

    reason: str = ""
    """The reason of its failure, in words for people; empty: it succeeded."""
    lost: bool = False
    """True: another worker or the store was lost, which is no fault of the script."""
    lines: tuple[str, ...] = ()
    """The last lines of the process that failed, without those of the others."""
    warning: str = ""
    """The part of the work that failed though the program succeeded, in words; empty: none."""

    def tail(self, log: str) -> str:
        """Return the lines that the attempt record shows.

        Args:
            log: The end of the log, which has lines of all processes; it is for failures without lines of their own.

        """
        return "\n".join(self.lines) or log


def write_program_end(folder: Path, end: ProgramEnd) -> None:
    """Leave the words in a step folder. Raises OSError.

    Args:
        folder: The step folder.
        end: The words.

    """
    document = {"reason": end.reason, "lost": end.lost, "lines": list(end.lines), "warning": end.warning}
    (folder / _FILE).write_text(json.dumps(document), encoding="utf-8")


def program_end(folder: Path) -> ProgramEnd | None:
    """Return the words in a step folder; None: there are none, or a script has written something else there.

    Args:
        folder: The step folder.

    """
    with suppress(OSError, ValueError, KeyError, TypeError):
        document = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        reason, warning = str(document["reason"]), str(document["warning"])
        return ProgramEnd(reason, document["lost"] is True, tuple(map(str, document["lines"])), warning)
    return None


def program_end_of(task: Task, folder: Path) -> ProgramEnd | None:
    """Return the words of an attempt's program. Only steps with workers have one that leaves words.

    Args:
        task: The attempt.
        folder: The step folder.

    """
    return program_end(folder) if task.workers else None


def with_warning(record: AttemptRecord, end: ProgramEnd | None) -> AttemptRecord:
    """Return the record of a success with the program's warning, if it has one: then no later run reuses its outputs.

    Args:
        record: The record.
        end: The words of the program.

    """
    if record.failure is not None or end is None or not end.warning:
        return record
    return replace(record, warnings=(*record.warnings, end.warning), reusable=False)
