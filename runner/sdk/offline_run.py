"""The offline run: what a script gets from ``Run.get_context()`` when no step runs it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..errors import ObjectMissing
from ..override import override
from .reports import FACTS, Line
from .run import Run

if TYPE_CHECKING:
    from .experiment import Experiment


class _OfflineRun(Run):
    """Prints what it would record. Scripts test for this class, under v1's name, and for its lack of an experiment."""

    def __init__(self) -> None:
        super().__init__(None, f"OfflineRun_{uuid.uuid4()}")
        self._lines: dict[str, list[Line]] = {}
        self._below: list[_OfflineRun] = []

    @property
    @override
    def is_submitted(self) -> bool:
        """It is not."""
        return False

    @property
    @override
    def experiment(self) -> Experiment:
        """There is none, so that ``hasattr(run, "experiment")`` tells. Raises AttributeError."""
        self._lacks("experiment")

    @property
    @override
    def parent(self) -> Run | None:
        """There is none. Raises AttributeError."""
        self._lacks("parent")

    @override
    def report(self, file: str, line: Mapping[str, object]) -> None:
        """Print it, and keep it for `get_metrics` and the like."""
        self._lines.setdefault(file, []).append(dict(line))
        if file == FACTS:
            return
        name = line.get("name", line.get("key"))
        print(f"Attempted to log {_SHOWN.get(file.partition('.')[0])} {name}: {line.get('value')}")

    @override
    def report_lines(self, file: str) -> list[Line]:
        """What was reported in this process."""
        return self._lines.get(file, [])

    @override
    def keep_file(self, name: str, source: Path) -> None:
        """Copy it to `name` below the current folder, unless it is that file."""
        target = Path(name)
        if source.absolute() != target.absolute():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """Copy it from the current folder. Raises ObjectMissing."""
        if not Path(name).is_file():
            raise ObjectMissing(f"no file {name!r}")
        if Path(name).absolute() != target.absolute():
            shutil.copyfile(name, target)

    @override
    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Another one, below this."""
        child = _OfflineRun()
        self._below.append(child)
        return child

    @override
    def direct_children(self) -> Iterator[Run]:
        """Those made in this process, newest first."""
        return reversed(self._below)

    def _lacks(self, what: str) -> NoReturn:
        raise AttributeError(f"an offline run has no {what}: no step runs this script")


_SHOWN = {"metrics": "metric", "tags": "tag", "properties": "property"}
