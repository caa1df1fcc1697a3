"""The offline run: the result of ``Run.get_context()`` when no step runs the script."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...errors import ObjectMissing
from ...override import override
from .reports import FACTS, Line
from .run import Run

if TYPE_CHECKING:
    from ..workspaces.experiment import Experiment


class _OfflineRun(Run):
    """A run that prints what it would record.

    Scripts test for this class, under v1's name, and for the missing experiment.
    """

    def __init__(self) -> None:
        super().__init__(None, f"OfflineRun_{uuid.uuid4()}")
        self._below: list[_OfflineRun] = []

    @property
    @override
    def is_submitted(self) -> bool:
        """False."""
        return False

    @property
    @override
    def experiment(self) -> Experiment:
        """Missing, so that ``hasattr(run, "experiment")`` is False. Raises AttributeError."""
        self._lacks("experiment")

    @property
    @override
    def parent(self) -> Run | None:
        """Missing. Raises AttributeError."""
        self._lacks("parent")

    @cached_property
    @override
    def reports(self) -> PrintedReports:
        """Lines that are printed and that only this process has."""
        return PrintedReports()

    @cached_property
    @override
    def file_store(self) -> CurrentFolder:
        """The files of the current folder."""
        return CurrentFolder()

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Return another offline run below this one."""
        child = _OfflineRun()
        self._below.append(child)
        return child

    @override
    def direct_children(self) -> Iterator[Run]:
        """Return the child runs of this process, newest first."""
        return reversed(self._below)

    def _lacks(self, what: str) -> NoReturn:
        raise AttributeError(f"an offline run has no {what}: no step runs this script")


_SHOWN = {"metrics": "metric", "tags": "tag", "properties": "property"}


class PrintedReports:
    """Report lines that are printed."""

    def __init__(self) -> None:
        self._lines: dict[str, list[Line]] = {}

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Print a line, unless it is a fact, and keep it for `get_metrics` and the like.

        Args:
            file: The report file.
            line: The line.

        """
        self._lines.setdefault(file, []).append(dict(line))
        if file == FACTS:
            return
        name = line.get("name", line.get("key"))
        print(f"Attempted to log {_SHOWN.get(file.partition('.')[0])} {name}: {line.get('value')}")

    def lines(self, file: str) -> list[Line]:
        """Return the lines of this process.

        Args:
            file: The report file.

        """
        return self._lines.get(file, [])

    def flush(self) -> None:
        """Do nothing: a line is printed when it is appended."""


class CurrentFolder:
    """The current folder as the place of a run's files. It lists none: most files there are not the run's."""

    def names(self) -> list[str]:
        """Return an empty list."""
        return []

    def keep(self, name: str, source: Path) -> None:
        """Copy a file to `name`, unless it is that file.

        Args:
            name: The path in the current folder.
            source: The local file.

        """
        target = Path(name)
        if source.absolute() != target.absolute():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    def fetch(self, name: str, target: Path) -> None:
        """Copy the file `name`.

        Args:
            name: The path in the current folder.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """
        if not Path(name).is_file():
            raise ObjectMissing(f"no file {name!r}")
        if Path(name).absolute() != target.absolute():
            shutil.copyfile(name, target)
