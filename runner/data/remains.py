"""How an attempt ended, as its record, whichever side runs it; and what it left, taken into the store."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from ..dataclass import dataclass, field
from ..errors import BadInput, DataChanged, ObjectDamaged, RunnerError, StoreError, StoreUntrusted
from ..model.names import attempt_folder, retry_command
from ..model.record import AttemptRecord, Failure
from ..model.room import NO_ROOM, lacks_room
from ..model.task import Task
from ..processes.ending import named
from ..processes.table import Process
from . import input_changes, strays, transfer, write_back
from .input_changes import Changes
from .workplace import (
    Launch,
    Staging,
    Workplace,
    collect,
    keep_artifacts,
    keep_reports,
    own_folders,
    prepare,
    unkept_artifacts,
)

_LACKING = NO_ROOM | {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


@dataclass(frozen=True)
class Remains:
    """One attempt: what it has left, and where that belongs."""

    task: Task
    place: Workplace
    staging: Staging
    begun: float
    """By the clock, seconds: when staging began."""
    hidden: Sequence[bytes] = field(default=(), repr=False)
    """The values of secrets (`secret_values.masks`), which are masked in what is kept; may grow."""

    def staged(self, interpreter: str) -> Launch | AttemptRecord:
        """The process to start, or the record of an attempt that could not be staged."""
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
        """The system does not start it: arguments too long or with a NUL (execve(2)), and it would not next time.

        Where it lacks room, memory or processes just now, it may.
        """
        passing = isinstance(error, OSError) and error.errno in _LACKING
        return self.failed(Failure.LOST if passing else Failure.REFUSED, f"its process cannot be started: {error}")

    def script_failed(self, failure: Failure, reason: str, *, exit_code: int, tail: str) -> AttemptRecord:
        """The script ended badly; what it left is kept if possible, which changes nothing about the failure."""
        record = replace(self.failed(failure, reason), exit_code=exit_code, tail=tail)
        try:
            return self._with_files(record)
        except (RunnerError, OSError, ValueError) as error:
            return replace(record, warnings=(f"what it left in outputs/ and logs/ cannot be kept: {error}",))

    def delivered(self, outputs: Mapping[str, Path], *, wait_for_room: bool = False) -> AttemptRecord:
        """The script ended well: its outputs are taken, and if they cannot be the attempt has failed after all.

        `wait_for_room`: may be called again, so that a full disk is no end: StoreUnreachable.
        """
        try:
            changes = self._changes(outputs)
        except StoreError as error:
            return self.failed(Failure.STORE, f"its inputs cannot be compared: {error}")
        except BadInput as error:
            reason = "; ".join(problem.what for problem in error.problems)
            failed = self.script_failed(Failure.INPUT, reason, exit_code=0, tail="")
            return replace(failed, remedy=error.problems[0].remedy)
        try:
            refs, warnings = collect(self.task, outputs, self.staging)
            warnings = (*warnings, *self._left_beside(outputs))
            whole = self._with_files(replace(self.failed(None), exit_code=0, outputs=refs, warnings=warnings))
            lines = write_back.send(changes, self.staging.datastores)
            reusable = not any(one.written or one.watched.moved for one in changes)
            whole = replace(whole, warnings=(*whole.warnings, *lines), reusable=reusable)
        except StoreError as error:
            if wait_for_room and lacks_room(error):
                raise
            return self.failed(Failure.STORE, f"staging out failed: {error}")
        except (RunnerError, OSError, ValueError) as error:
            return self.failed(Failure.INPUT, f"its outputs cannot be taken: {error}")
        return replace(whole, ended=as_time(time.time()))

    def not_alone(self, running: Iterable[Process]) -> AttemptRecord:
        """The script has ended, and what it left running cannot be ended: its outputs may change at any time."""
        reason = f"its outputs cannot be taken: processes that it left running cannot be ended: {named(running)}"
        return self.failed(Failure.INPUT, reason)

    def _left_beside(self, outputs: Mapping[str, Path]) -> tuple[str, ...]:
        """Warnings about what the script left beside its inputs and outputs."""
        places = {f"input {binding.name}": self.place.inputs / binding.name for binding in self.task.inputs}
        places.update({f"output {name}": path for name, path in outputs.items()})
        return strays.beside(self.place.root, places, own_folders(self.task, self.place, outputs))

    def _changes(self, outputs: Mapping[str, Path]) -> tuple[Changes, ...]:
        """What the script wrote below its writable inputs. Raises BadInput for what it may not write, StoreError."""
        staging = self.staging
        changes = input_changes.found(
            self.place.root, self.task, outputs.values(), staging.workspace, staging.datastores
        )
        write_back.check(changes)
        return changes

    def discard(self) -> None:
        """Delete what this attempt has put where its outputs belong: it is none of a step's. Raises StoreError.

        Every attempt has places of its own, so that nobody else's can be meant.
        """
        self._discard(self.task.id.attempt)

    def sweep(self) -> None:
        """Delete what earlier attempts left that were killed before they could; this one's are the step's outputs.

        One of them that still runs will find itself too late, and discards its own. Raises StoreError.
        """
        for attempt in range(1, self.task.id.attempt):
            self._discard(attempt)

    def _discard(self, attempt: int) -> None:
        own, its = (f"{attempt_folder(self.task.step_run, n)}/" for n in (self.task.id.attempt, attempt))
        for binding in self.task.outputs:
            store = self.staging.datastores(binding.datastore)
            if attempt == self.task.id.attempt:
                transfer.discard(store, binding.key)
            elif binding.key.startswith(own):
                transfer.discard(store, its + binding.key.removeprefix(own))

    def failed(self, failure: Failure | None, reason: str = "") -> AttemptRecord:
        """The record of an attempt that delivers nothing."""
        return bare_record(self.task.id.attempt, failure, reason, begun=self.begun)

    def _with_files(self, record: AttemptRecord) -> AttemptRecord:
        task, store = self.task, self.staging.workspace
        return replace(
            record,
            artifacts=keep_artifacts(store, task, self.place, self.hidden),
            warnings=(*record.warnings, *unkept_artifacts(self.place)),
            reports=keep_reports(store, task, self.place, self.hidden),
        )


def bare_record(attempt: int, failure: Failure | None, reason: str, *, begun: float) -> AttemptRecord:
    """A record of what is known before anything ran: the times and the machine."""
    import socket  # slow to load, and only who runs a step needs it

    now = as_time(time.time())
    return AttemptRecord(attempt, failure, None, as_time(begun), now, reason=reason, host=socket.gethostname())


def as_time(seconds: float) -> datetime:
    """The clock's seconds as a time, UTC."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
