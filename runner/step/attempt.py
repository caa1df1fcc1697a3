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
from ..model.record import AttemptRecord, Failure, Phases
from . import child
from .endings import Verdict, verdict
from .logs import LogShipper
from .stopping import last_call


@dataclass
class Attempt:
    """One attempt at a step."""

    remains: Remains
    shipper: LogShipper
    tree: Callable[[], Path]
    """The folder with our own code, for the script's path."""
    is_canceled: Callable[[], bool] = lambda: False
    """Whether the run was; asked when the pod is told to stop. Raises StoreError."""
    delivering: bool = False
    """Whether any of its outputs may lie in a store."""
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
        tail, limit = self.shipper.tail, self.remains.task.resources.memory_limit
        said = verdict(ending, limit, tail, canceled=ending.terminated and self.is_canceled())
        if said.failure is not None:
            record = self._failed(said, ending, tail)
        elif ending.leftovers.left:
            record = self.remains.not_alone(ending.leftovers.left)
        else:
            begun, self.delivering = time.time(), True
            with last_call(self.is_canceled):
                record = self.remains.delivered(launch.outputs)
            record = replace(record, warnings=(*record.warnings, *ending.leftovers.warnings))
            self.phases["outputs"] = time.time() - begun
        warnings = (*record.warnings, *said.warnings)
        return replace(record, peak_memory=ending.peak_memory, warnings=warnings)

    def _failed(self, said: Verdict, ending: child.Ending, tail: str) -> AttemptRecord:
        failure, code = said.failure or Failure.LOST, ending.exit_code
        if ending.terminated:  # there is no time to keep what it left
            record = replace(self.remains.failed(failure, said.reason), exit_code=code, tail=tail)
        else:
            record = self.remains.script_failed(failure, said.reason, exit_code=code, tail=tail)
        return replace(record, remedy=said.remedy)

    def _close_log(self) -> tuple[str, ...]:
        """Whatever the script has achieved is worth more than the end of its log."""
        try:
            self.shipper.close()
        except StoreError as error:
            return (f"the end of its log could not be kept: {error}",)
        return ()
