"""The end of an attempt: its record, and its outputs taken into the store."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ..backports import without_prefix
from ..dataclass import dataclass, field
from ..errors import BadInput, DataChanged, ObjectDamaged, RunnerError, StoreError, StoreUntrusted
from ..model.disk_full import DISK_FULL, is_disk_full
from ..model.names import attempt_folder, retry_command
from ..model.record import AttemptRecord, Failure
from ..model.task import Task
from ..processes.leftovers import named
from ..processes.table import Process
from . import input_changes, inputs, mounts, unkept_files, write_back
from .input_changes import Changes
from .transfers import trees
from .work_dir import (
    Launch,
    Staging,
    WorkDir,
    collect,
    keep_artifacts,
    keep_reports,
    own_folders,
    prepare,
    unkept_artifacts,
)

_LACKING = DISK_FULL | {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


@dataclass(frozen=True, kw_only=True)
class AttemptOutputs:
    """One attempt: its outputs, and where they are stored."""

    task: Task
    place: WorkDir
    staging: Staging
    begun: float
    """Start of staging, in seconds of the clock."""
    hidden: Sequence[bytes] = field(default=(), repr=False)
    """The values of secrets (`secret_values.masks`), which are masked in everything that is kept. It may grow."""
    worker: int = 0
    """The index of the worker that runs it, which has its own artifacts and reports. Default: 0, the only one."""
    delivers: bool = True
    """False: the script itself stores what belongs to the outputs, as the workers of a pool do. Default: True."""

    def staged(self, interpreter: str) -> Launch | AttemptRecord:
        """Return the process to start, or the record of an attempt that could not be staged."""
        try:
            return prepare(self.task, self.place, self.staging, interpreter)
        except ObjectDamaged as error:  # another attempt would read the same
            return self.failed(Failure.INPUT, f"its inputs cannot be staged: {error}")
        except DataChanged as error:
            again = f"make it again: {retry_command(self.task.id.run)}"
            return replace(self.failed(Failure.INPUT, str(error)), remedy=again)
        except StoreUntrusted as error:
            return self.failed(Failure.REFUSED, f"staging in failed: {error}")
        except (StoreError, OSError) as error:
            return self.failed(Failure.STORE, f"staging in failed: {error}")
        except (RunnerError, ValueError) as error:
            return self.failed(Failure.INPUT, f"its inputs cannot be staged: {error}")

    def refused(self, error: Exception) -> AttemptRecord:
        """Return the record of a script that the system refuses to start.

        Its arguments are too long, or have a NUL (execve(2)).

        A lack of disk space, memory or processes may be temporary; the refusal of the arguments is not.
        """
        passing = isinstance(error, OSError) and error.errno in _LACKING
        return self.failed(Failure.LOST if passing else Failure.REFUSED, f"its process cannot be started: {error}")

    def script_failed(self, failure: Failure, reason: str, *, exit_code: int, tail: str) -> AttemptRecord:
        """Return the record of a failed script. Its artifacts are kept if possible."""
        record = replace(self.failed(failure, reason), exit_code=exit_code, tail=tail)
        try:
            return self._with_files(record)
        except (RunnerError, OSError, ValueError) as error:
            return replace(record, warnings=(f"what it left in outputs/ and logs/ cannot be kept: {error}",))

    def delivered(self, outputs: Mapping[str, Path], *, wait_for_room: bool = False) -> AttemptRecord:
        """Return the record of a successful script, once its outputs are stored; the attempt fails if they cannot be.

        Args:
            outputs: The outputs' paths on this machine, by name.
            wait_for_room: The call may be repeated, so a full disk raises StoreUnreachable.
        """
        try:
            inputs.check_mounted(self.task, self.staging)
            changes = self._changes(outputs)
        except DataChanged as error:
            again = f"make it again: {retry_command(self.task.id.run)}"
            return replace(self.failed(Failure.INPUT, f"{error}, while the script could read it"), remedy=again)
        except StoreError as error:
            return self.failed(Failure.STORE, f"its inputs cannot be compared: {error}")
        except BadInput as error:
            reason = "; ".join(problem.what for problem in error.problems)
            failed = self.script_failed(Failure.INPUT, reason, exit_code=0, tail="")
            return replace(failed, remedy=error.problems[0].remedy)
        try:
            refs, warnings = collect(self.task, outputs, self.staging) if self.delivers else ({}, ())
            warnings = (*warnings, *self._left_beside(outputs))
            whole = self._with_files(replace(self.failed(None), exit_code=0, outputs=refs, warnings=warnings))
            lines = write_back.send(changes, self.staging.datastores, self.staging.progress)
            reusable = not any(one.written or one.watched.moved for one in changes)
            whole = replace(whole, warnings=(*whole.warnings, *lines), reusable=reusable)
        except StoreError as error:
            if wait_for_room and is_disk_full(error):
                raise
            return self.failed(Failure.STORE, f"staging out failed: {error}")
        except (RunnerError, OSError, ValueError) as error:
            return self.failed(Failure.INPUT, f"its outputs cannot be taken: {error}")
        return replace(whole, ended=as_time(time.time()))

    def lost_mount(self, tail: str) -> str:
        """Return the failure of a mount that may have made the script fail; empty: there is none.

        Args:
            tail: The end of the script's output.

        """
        mounted = ((one.name, self.staging.mount(one)) for one in self.task.inputs if one.is_mounted)
        return mounts.lost({name: source for name, source in mounted if source is not None}, tail)

    def not_alone(self, running: Iterable[Process]) -> AttemptRecord:
        """Return the record of a script that left processes which cannot be ended and may change its outputs."""
        reason = f"its outputs cannot be taken: processes that it left running cannot be ended: {named(running)}"
        return self.failed(Failure.INPUT, reason)

    def _left_beside(self, outputs: Mapping[str, Path]) -> tuple[str, ...]:
        """Return the warnings about files that the script left beside its inputs and outputs."""
        places = {f"input {binding.name}": self.place.inputs / binding.name for binding in self.task.inputs}
        places.update({f"output {name}": path for name, path in outputs.items()})
        return unkept_files.beside(self.place.root, places, own_folders(self.task, self.place, outputs))

    def _changes(self, outputs: Mapping[str, Path]) -> tuple[Changes, ...]:
        """Return the writes below writable inputs. Raises StoreError, and BadInput for a forbidden write."""
        staging = self.staging
        changes = input_changes.found(
            self.place.root, self.task, outputs.values(), staging.workspace, staging.datastores
        )
        write_back.check(changes)
        return changes

    def discard(self) -> None:
        """Delete the outputs of this attempt, which was not committed. Raises StoreError.

        Each attempt has its own paths, so the outputs of others are not affected.
        """
        self._discard(self.task.id.attempt)

    def sweep(self) -> None:
        """Delete the outputs of earlier attempts that were killed; those of this one are the step's outputs.

        An earlier attempt that still runs will find that it cannot commit, and discards its own outputs.
        Raises StoreError.
        """
        for attempt in range(1, self.task.id.attempt):
            self._discard(attempt)

    def _discard(self, attempt: int) -> None:
        own, its = (f"{attempt_folder(self.task.step_run, n)}/" for n in (self.task.id.attempt, attempt))
        for binding in self.task.outputs:
            store = self.staging.datastores(binding.datastore)
            if attempt == self.task.id.attempt:
                trees.discard(store, binding.key)
            elif binding.key.startswith(own):
                trees.discard(store, its + without_prefix(binding.key, own))

    def failed(self, failure: Failure | None, reason: str = "") -> AttemptRecord:
        """Return the record of an attempt without outputs."""
        return bare_record(self.task.id.attempt, failure, reason, begun=self.begun)

    def _with_files(self, record: AttemptRecord) -> AttemptRecord:
        task, store = self.task.id, self.staging.workspace
        return replace(
            record,
            artifacts=keep_artifacts(store, task.worker_artifacts(self.worker), self.place, self.hidden),
            warnings=(*record.warnings, *unkept_artifacts(self.place)),
            reports=keep_reports(store, task.worker_reports(self.worker), self.place, self.hidden),
        )


def bare_record(attempt: int, failure: Failure | None, reason: str, *, begun: float) -> AttemptRecord:
    """Return a record of what is known before the start: the times and the machine."""
    import socket  # slow to load, and only who runs a step needs it

    now = as_time(time.time())
    return AttemptRecord(
        attempt=attempt,
        failure=failure,
        exit_code=None,
        started=as_time(begun),
        ended=now,
        reason=reason,
        host=socket.gethostname(),
    )


def as_time(seconds: float) -> datetime:
    """Return the clock's seconds as a time in UTC."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
