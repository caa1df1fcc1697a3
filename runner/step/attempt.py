"""One attempt inside its container: the shared steps of `AttemptOutputs` and those of a container."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from ..data.attempt_outputs import AttemptOutputs
from ..data.program_end import program_end_of, with_warning
from ..data.transfers.count import TransferCount
from ..data.work_dir import Launch
from ..dataclass import dataclass, field
from ..errors import StoreError
from ..model.record import AttemptRecord, Failure, Phases
from ..model.workers import lost_program
from . import script_process
from .logs import LogShipper
from .script_result import ScriptResult, result_in_words, script_result
from .sigterm import finish_in_grace
from .transfer_lines import reported


@dataclass(kw_only=True)
class Attempt:
    """One attempt at a step."""

    outputs: AttemptOutputs
    shipper: LogShipper
    tree: Callable[[], Path]
    """Returns the folder or zip archive with our own code, for the script's path."""
    is_canceled: Callable[[], bool] = lambda: False
    """Returns True if the run was canceled. It is called after SIGTERM. Raises StoreError."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Variables of the script beside those of its task."""
    on_staged: Callable[[], None] = lambda: None
    """Called before the script starts. Raises StoreError, OSError."""
    on_failed: Callable[[AttemptRecord], None] = lambda _record: None
    """Called with the failure of the script before its files are kept, which may take long. Raises StoreError."""
    delivering: bool = False
    """True if outputs may already be in a store."""
    stopped: bool = False
    """True if the script was stopped, since the container received SIGTERM."""
    phases: dict[str, float] = field(default_factory=dict)

    def run(self) -> AttemptRecord:
        """Run the attempt and return its record. Every failure ends in a record."""
        record = self._ended()
        measured = Phases(**{name: round(seconds, 3) for name, seconds in self.phases.items()})
        return replace(record, phases=measured, python=sys.version.split()[0])

    def _ended(self) -> AttemptRecord:
        with reported("inputs", self.shipper.add) as count:
            launch = self._counted(count).staged(sys.executable)
        self.phases["inputs"] = time.time() - self.outputs.begun
        if isinstance(launch, AttemptRecord):
            return self._without_script(launch)
        self.on_staged()
        launch = replace(launch, variables={**launch.variables, **self.variables})
        tree = self.tree()
        begun = time.time()
        try:
            script_exit = script_process.run(launch, tree, self.shipper)
        except (OSError, ValueError) as error:
            return self._without_script(self.outputs.refused(error))
        self.phases["script"] = time.time() - begun
        warnings = self._close_log()
        record = self._record_of(script_exit, launch)
        return replace(record, warnings=(*record.warnings, *warnings))

    def _record_of(self, script_exit: script_process.ScriptExit, launch: Launch) -> AttemptRecord:
        tail, limit = self.shipper.tail, self.outputs.task.resources.memory_limit
        result = script_result(script_exit, limit, tail, canceled=script_exit.terminated and self.is_canceled())
        end = program_end_of(self.outputs.task, self.outputs.place.step)
        if end is not None and end.reason:
            result, tail = result_in_words(result, end), end.tail(tail)
        if result.failure is Failure.USER and (lost := lost_program(self.outputs.task.workers, script_exit.exit_code)):
            result = ScriptResult(Failure.LOST, lost)
        if result.failure is not None:
            record = self._failed(result, script_exit, tail)
        elif script_exit.leftovers.left:
            record = self.outputs.not_alone(script_exit.leftovers.left)
        else:
            begun, self.delivering = time.time(), True
            with finish_in_grace(self.is_canceled), reported("outputs", self.shipper.add) as count:
                record = self._counted(count).delivered(launch.outputs)
            record = with_warning(record, end)
            record = replace(record, warnings=(*record.warnings, *script_exit.leftovers.warnings))
            self.phases["outputs"] = time.time() - begun
        warnings = (*record.warnings, *result.warnings)
        return replace(record, peak_memory=script_exit.peak_memory, warnings=warnings)

    def _failed(self, result: ScriptResult, script_exit: script_process.ScriptExit, tail: str) -> AttemptRecord:
        failure, code = result.failure or Failure.LOST, script_exit.exit_code
        if failure is Failure.USER and (lost := self.outputs.lost_mount(tail)):
            result = ScriptResult(Failure.STORE, f"{lost}; {result.reason}")
            failure = Failure.STORE
        bare = replace(self.outputs.failed(failure, result.reason), exit_code=code, tail=tail, remedy=result.remedy)
        self.stopped = script_exit.terminated
        if script_exit.terminated:  # there is no time to keep what it left
            return bare
        self.on_failed(bare)
        record = self.outputs.script_failed(failure, result.reason, exit_code=code, tail=tail)
        return replace(record, remedy=result.remedy)

    def _counted(self, count: TransferCount) -> AttemptOutputs:
        """Return the outputs with transfers that are counted."""
        return replace(self.outputs, staging=replace(self.outputs.staging, progress=count))

    def _without_script(self, record: AttemptRecord) -> AttemptRecord:
        """Return the record of a script that did not start, after the lines about its inputs were kept."""
        warnings = self._close_log() if self.shipper.started else ()
        return replace(record, warnings=(*record.warnings, *warnings))

    def _close_log(self) -> tuple[str, ...]:
        """Close the log.

        A failure is only a warning, because the script's results matter more than the end of its log.
        """
        try:
            self.shipper.close()
        except StoreError as error:
            return (f"the end of its log could not be kept: {error}",)
        return ()
