"""Make the record of a local attempt from its exit code, its log and the machine's state."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ...data import integrity, manifest
from ...data.attempt_outputs import AttemptOutputs
from ...data.file_tail import tail_of
from ...data.program_end import program_end_of, with_warning
from ...data.transfers import trees
from ...dataclass import dataclass
from ...errors import BadInput
from ...model.data import Entry
from ...model.exits import KILLED, exit_words
from ...model.memory import oom_reason
from ...model.names import retry_command
from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, CommitRecord, Failure, Phases
from ...model.task import InputBinding, Task
from ...model.workers import lost_program
from ...ports import FolderStore
from ...processes.leftovers import Leftovers

TAIL_BYTES = 4000
"""Bytes of the log that a failure shows at most."""
_TAIL_LINES = 20
_SMALLER = "run fewer steps at a time (--max-parallel), let it take less, or run it on a target with more memory"
LinkedFrom = Callable[[Task, InputBinding], FolderStore | None]
"""The store into which the links of an input lead; None: the script has a copy."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of an attempt that ran as a process of this machine."""

    results: AttemptOutputs
    store: FolderStore
    linked_from: LinkedFrom
    staged: float
    """By the clock, seconds: when the script began."""

    oom: bool = False
    """The kernel has killed for want of memory on this machine meanwhile."""
    full_disk: bool = False
    """The disk was full when the script ended."""

    def record(self, code: int, found: Leftovers) -> AttemptRecord:
        """The record of an attempt whose script ended with `code` and left the processes `found`.

        Raises StoreUnreachable while a disk is full.
        """
        ended = time.time()
        record = self._record(code)
        if record.failure is None:
            record = replace(record, warnings=(*record.warnings, *found.warnings))
        begun, now = self.results.begun, time.time()
        phases = Phases(round(self.staged - begun, 3), round(ended - self.staged, 3), round(now - ended, 3))
        return replace(record, phases=phases)

    def _record(self, code: int) -> AttemptRecord:
        if code != 0:
            return self._script_failed(code, self._tail())
        try:
            self._check_links()
        except BadInput as error:
            return self.results.failed(Failure.INPUT, str(error))
        task, place = self.results.task, self.results.staging.output_place
        paths = {binding.name: place(binding) for binding in task.outputs}
        record = self.results.delivered(paths, wait_for_room=True)
        return with_warning(record, program_end_of(task, self.results.place.step))

    def _script_failed(self, code: int, tail: str) -> AttemptRecord:
        killed = code == KILLED
        failure, reason = (
            (Failure.OOM, oom_reason("")) if self.oom and killed else (Failure.USER, exit_words(code, tail))
        )
        if failure is Failure.USER and (lost := lost_program(self.results.task.workers, code)):
            return self.results.script_failed(Failure.LOST, lost, exit_code=code, tail=tail)
        end = program_end_of(self.results.task, self.results.place.step)
        if failure is Failure.USER and end is not None and end.reason:
            failure = Failure.LOST if end.lost else failure
            reason, tail = end.reason, end.tail(tail)
        if self.full_disk:
            reason = f"{reason}; the disk of {self.store.path('runs').parent} was full when it ended"
        record = self.results.script_failed(failure, reason, exit_code=code, tail=tail)
        if self.full_disk:
            return replace(record, remedy=f"make room there, then: {retry_command(self.results.task.id.run)}")
        return replace(record, remedy=f"if memory ran out (see: dmesg): {_SMALLER}") if killed else record

    def _tail(self) -> str:
        """The last lines of the script's output."""
        log = self.store.path(log_key(self.results.task))
        return "\n".join(tail_of(log, TAIL_BYTES).splitlines()[-_TAIL_LINES:])

    def _check_links(self) -> None:
        """Raise BadInput when a large input, which the script read through a link, changed meanwhile.

        The script cannot have done that (see `staging`), so the message must not blame it.
        """
        task = self.results.task
        for binding in task.inputs:
            store, ref = self.linked_from(task, binding), binding.ref
            entries = manifest.load(self.store, ref.digest).entries if store else ()
            if store is None or (ref.etag and integrity.etag_of(store, ref.key, entries) == ref.etag):
                continue
            for entry in entries:
                if not _is_as_pinned(store, ref.key, entry):
                    key = trees.key_of(ref.key, entry)
                    raise BadInput(
                        f"input '{binding.name}' ({key}) was changed by another program while the step read it"
                    )


def observation_of(uid: str, record: AttemptRecord, commit: CommitRecord | None) -> Observation:
    """Return the observation of an ended attempt; the commit in force may be another attempt's."""
    seen = Observation(phase=Phase.SUCCEEDED, uid=uid, started=record.started, ended=record.ended)
    if commit is not None:
        warnings = record.warnings
        return replace(seen, exit_code=0, outputs=commit.outputs, warnings=warnings, attempt=commit.attempt)
    return replace(
        seen,
        phase=Phase.FAILED,
        reason=record.reason,
        failure=record.failure,
        exit_code=record.exit_code,
        tail=record.tail,
        warnings=record.warnings,
        remedy=record.remedy,
    )


def log_key(task: Task) -> str:
    """Key of the one log chunk of a local attempt."""
    return f"{task.id.logs}00000001.txt"


def _is_as_pinned(store: FolderStore, key: str, entry: Entry) -> bool:
    """Return True if a file is what it was; one that only its store has read if it has the facts that it had."""
    own = trees.key_of(key, entry)
    if entry.digest.startswith(trees.PINNED):
        info = store.stat(own)
        return info is not None and trees.PINNED + info.etag == entry.digest
    try:
        return trees.is_content(store, key, entry, store.path(own))
    except OSError:
        return False
