"""How a local attempt ended: its record, and what it left, taken into the store."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from ..data import manifest, transfer
from ..data.workplace import Staging, Workplace, collect, keep_artifacts, keep_files
from ..errors import RunnerError, StoreError
from ..model.digest import digest_of_file
from ..model.exits import exit_words
from ..model.record import AttemptRecord, Failure, Phases
from ..model.task import Task
from ..ports import FolderStore

TAIL_BYTES = 4000
"""Bytes of the log that a failure shows at most."""
_TAIL_LINES = 20
_UNTAKEN = (RunnerError, OSError, ValueError)
"""What names, sizes and vanished files of a script's making may cause."""


@dataclass(frozen=True)
class Remains:
    """What the process of one attempt has left, and where it belongs."""

    task: Task
    place: Workplace
    store: FolderStore
    staging: Staging
    large: Callable[[int], bool]
    """Whether an input of so many bytes was linked."""
    begun: float
    staged: float
    """Times of the clock: when staging began, when the script did."""

    def record(self, code: int) -> AttemptRecord:
        """The record of an attempt whose script ended with `code`."""
        ended = time.time()
        if code != 0:
            failed = replace(self.failed(Failure.USER, exit_words(code)), exit_code=code, tail=self.tail())
            return self._with_files_if_possible(failed)
        try:
            return self._delivered(ended)
        except _UNTAKEN as error:
            return self.failed(Failure.INPUT, f"its outputs cannot be taken: {error}")

    def failed(self, failure: Failure, reason: str) -> AttemptRecord:
        """The record of an attempt that delivers nothing."""
        begun, now = as_time(self.begun), as_time(time.time())
        host = socket.gethostname()
        return AttemptRecord(self.task.id.attempt, failure, None, begun, now, reason=reason, host=host)

    def tail(self) -> str:
        """The last lines of the script's output."""
        log = self.store.path(log_key(self.task))
        try:
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - TAIL_BYTES))
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-_TAIL_LINES:])

    def _delivered(self, ended: float) -> AttemptRecord:
        self._check_links()
        outputs = {binding.name: self.staging.output_place(binding) for binding in self.task.outputs}
        refs, warnings = collect(self.task, outputs, self.staging)
        whole = self._with_files(replace(self.failed(Failure.LOST, ""), failure=None, exit_code=0))
        now = time.time()
        phases = Phases(round(self.staged - self.begun, 3), round(ended - self.staged, 3), round(now - ended, 3))
        return replace(whole, ended=as_time(now), outputs=refs, warnings=warnings, phases=phases)

    def _with_files(self, record: AttemptRecord) -> AttemptRecord:
        artifacts = keep_artifacts(self.store, self.task, self.place)
        return replace(
            record, artifacts=artifacts, reports=keep_files(self.store, self.place.reports, self.task.id.reports)
        )

    def _with_files_if_possible(self, record: AttemptRecord) -> AttemptRecord:
        try:
            return self._with_files(record)
        except _UNTAKEN as error:
            return replace(record, warnings=(f"what it left in outputs/ and logs/ cannot be kept: {error}",))

    def _check_links(self) -> None:
        """Raise StoreError when the script changed a large input, which it saw through a link."""
        for binding in self.task.inputs:
            for entry in manifest.load(self.store, binding.ref.digest).entries:
                key = transfer.key_of(binding.ref.key, entry)
                if self.large(entry.size) and self._digest_like(entry.digest, key) != entry.digest:
                    raise StoreError(f"the script altered its input '{binding.name}' ({key})")

    def _digest_like(self, known: str, key: str) -> str:
        """The digest of what lies at `key` now, in the manner of `known`; empty: nothing does."""
        if known.startswith("etag:"):
            info = self.store.stat(key)
            return f"etag:{info.etag}" if info else ""
        path = self.store.path(key)
        return digest_of_file(path) if path.is_file() else ""


def log_key(task: Task) -> str:
    """Key of the one log chunk of a local attempt."""
    return f"{task.id.logs}00000001.txt"


def as_time(seconds: float) -> datetime:
    """The clock's seconds as a time, UTC."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
