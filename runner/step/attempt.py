"""One attempt inside its container: what `Remains` tells of it, and what only a container can."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..data.remains import Remains
from ..data.workplace import Launch
from ..errors import StoreError
from ..model.record import AttemptRecord, Phases
from . import child
from .endings import verdict
from .logs import LogShipper


@dataclass
class Attempt:
    """One attempt at a step."""

    remains: Remains
    shipper: LogShipper
    tree: Callable[[], Path]
    """The folder with our own code, for the script's path."""
    phases: dict[str, float] = field(default_factory=dict)

    def run(self) -> AttemptRecord:
        """The attempt's record; every failure is one."""
        record = self._ended()
        measured = Phases(**{name: round(seconds, 3) for name, seconds in self.phases.items()})
        return replace(record, phases=measured, python=sys.version.split()[0])

    def _ended(self) -> AttemptRecord:
        launch = self.remains.staged(sys.executable)
        self.phases["inputs"] = time.time() - self.remains.begun
        if isinstance(launch, AttemptRecord):
            return launch
        tree = self.tree()
        begun = time.time()
        try:
            ending = child.run(launch, tree, self.shipper)
        except (OSError, ValueError) as error:
            return self.remains.refused(error)
        self.phases["script"] = time.time() - begun
        warnings = self._close_log()
        record = self._judged(ending, launch)
        return replace(record, warnings=(*record.warnings, *warnings))

    def _judged(self, ending: child.Ending, launch: Launch) -> AttemptRecord:
        failure, reason = verdict(ending, self.remains.task.resources.memory_limit)
        if failure is not None:
            code, tail = ending.exit_code, self.shipper.tail
            return self.remains.script_failed(failure, reason, exit_code=code, tail=tail)
        begun = time.time()
        record = self.remains.delivered(launch.outputs)
        self.phases["outputs"] = time.time() - begun
        return record

    def _close_log(self) -> tuple[str, ...]:
        """Whatever the script has achieved is worth more than the end of its log."""
        try:
            self.shipper.close()
        except StoreError as error:
            return (f"the end of its log could not be kept: {error}",)
        return ()
