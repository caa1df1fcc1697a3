"""The end of one worker of an attempt, in the order that a death at any moment leaves either one commit or none.

Worker 0 alone commits. The others leave a record each; in a gang, worker 0 waits for all of them. The first failure of
any worker that is final is the end of the attempt: its record exists before the container ends, and the first stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from ..data.attempt_outputs import as_time
from ..data.masking import masked_record
from ..dataclass import dataclass
from ..errors import BadInput, StoreError
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.exits import STOPPED
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.task import Task
from ..model.workers import STEP_FAILED, WorkerKind
from ..ports import ObjectStore
from ..runs import records
from ..runs.batch_board import begun_workers
from .attempt import Attempt
from .merging import Merge, Records, copied_artifacts
from .sigterm import finish_in_grace
from .worker import Worker

SOON = 5.0
"""Seconds that worker 0 of a pool waits for the records of workers that have begun: all batches have their results."""
_LOOK = (0.2, 0.5, 1.0, 2.0)
"""Seconds between two looks at the records of others; the last value repeats."""
_REPEATED = 1
"""The exit code of an end that is not final."""


@dataclass(frozen=True)
class WorkerEnd:
    """The end of a worker's container."""

    record: AttemptRecord
    exit_code: int
    commit: CommitRecord | None = None
    """The commit record of the step, if there is one."""


@dataclass(kw_only=True)
class WorkerAttempt:
    """One worker's part of an attempt."""

    worker: Worker
    task: Task
    store: ObjectStore
    hidden: list[bytes]
    """The values of secrets, which are masked in all that is kept. It may grow."""
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _told: bool = False
    """True if the attempt record is this worker's."""
    _of_all: bool = False
    """True if the end is not that of this worker alone."""

    def ended_before(self) -> int | None:
        """Return the exit code if nothing is to be started: the step, the attempt or this worker has ended.

        None: the worker is to be started. Raises StoreError.
        """
        task = self.task.id
        if records.committed(self.store, task) is not None:
            return _said("the step is committed already", 0)
        record = records.record_of(self.store, task)
        if record is not None:  # worker 0 may have died before its commit
            done = records.finish(self.store, self.task, record) is not None
            return _said("this attempt has ended already", 0 if done else STEP_FAILED)
        if records.canceled(self.store, task.run):
            return _said("the run was canceled", 0)
        mine = records.worker_record_of(self.store, task, self.worker.index)
        if mine is not None and mine.failure is not None:
            records.refuse(self.store, task, mine)
            return _said("this worker has ended already", STEP_FAILED)
        if mine is None or self.worker.kind is WorkerKind.GANG:  # a gang that starts again needs each of its workers
            return None
        return _said("this worker has ended already", 0)

    def on_failed(self, record: AttemptRecord) -> None:
        """Write the attempt record at once, so that the first failure stands and not one that it has caused.

        Args:
            record: The failure, without the files that the script has left.

        Raises:
            StoreError: The store cannot be used.
        """
        if self.worker.is_final(record, stopped=False):
            self._told = records.refuse(self.store, self.task.id, self._shown(record))

    def merged(self, attempt: Attempt, record: AttemptRecord) -> AttemptRecord:
        """Return the record of the whole attempt, if this is worker 0 and it has succeeded; else the record as it is.

        Args:
            attempt: The attempt, whose script has ended.
            record: Its end.

        Raises:
            StoreError: The store cannot be used.
            Stopped: The container received SIGTERM.
        """
        if record.failure is not None or self.worker.index:
            return record
        pool = self.worker.kind is WorkerKind.POOL
        others = self._records_soon() if pool else self._all_records(attempt)
        if others is None:
            return replace(record, failure=Failure.LOST, outputs={}, reason="another worker has failed")
        merge = Merge(self.task, self.store, attempt.outputs.staging.datastores)
        try:
            with finish_in_grace(attempt.is_canceled):
                if pool:
                    whole = merge.with_extra(record, attempt.outputs.place.extra_outputs)
                else:
                    whole = merge.outputs(record, others)
                return replace(merge.files(whole, others), ended=as_time(time.time()))
        except BadInput as error:
            self._of_all = True
            reason, remedy = "; ".join(problem.what for problem in error.problems), error.problems[0].remedy
            return replace(record, failure=Failure.INPUT, outputs={}, reason=reason, remedy=remedy)

    def finish(self, record: AttemptRecord, *, stopped: bool) -> WorkerEnd:
        """Write the records of this end, and commit if worker 0 has succeeded.

        Args:
            record: The end.
            stopped: True: the container received SIGTERM.

        Raises:
            StoreError: The store cannot be used.
        """
        record = self._shown(record)
        if record.failure is not None:
            return self._failed(record, stopped=stopped)
        if self.worker.index:
            records.end_worker(self.store, self.task.id, self.worker.index, record)
            return WorkerEnd(record, 0)
        commit = records.finish(self.store, self.task, record)
        if commit is not None:
            return WorkerEnd(record, 0, commit)
        stored = records.record_of(self.store, self.task.id)
        return WorkerEnd(stored or record, STEP_FAILED)

    def restore_reports(self, attempt: Attempt) -> None:
        """Bring back the reports of an earlier process of this worker. Raises StoreError, OSError."""
        merge = Merge(self.task, self.store, attempt.outputs.staging.datastores)
        merge.restore_reports(self.worker.index, attempt.outputs.place.reports)

    def _failed(self, record: AttemptRecord, *, stopped: bool) -> WorkerEnd:
        task, final = self.task.id, self.worker.is_final(record, stopped=stopped)
        if final:
            self._tell(record)
        commit, stored = records.committed(self.store, task), records.record_of(self.store, task)
        if commit is not None or (stored is not None and stored.failure is None):
            return WorkerEnd(record, 0, commit)  # a pool that has all its results does not need this worker
        if stored is None:
            return WorkerEnd(record, STOPPED if stopped else _REPEATED)
        return WorkerEnd(record if final and (self._told or self.worker.index) else stored, STEP_FAILED)

    def _tell(self, record: AttemptRecord) -> None:
        """Write the records of a final failure: the worker's own, and the attempt's unless it has one."""
        task, index = self.task.id, self.worker.index
        before, whole = self._told, record
        if index:
            records.end_worker(self.store, task, index, record)
            whole = replace(record, artifacts=(), reports=())
        self._told = before or records.refuse(self.store, task, whole)
        if self._told and index and record.artifacts:
            with suppress(StoreError):  # they are kept as those of the worker
                whole = replace(whole, artifacts=copied_artifacts(self.store, task, index, record.artifacts))
        if self._told and (before or (index and whole.artifacts)):  # the same end again, with the names of its files
            self.store.put(task.record, canonical_json(to_document(whole)))

    def _shown(self, record: AttemptRecord) -> AttemptRecord:
        return masked_record(record if self._of_all else self.worker.named(record), self.hidden)

    def _all_records(self, attempt: Attempt) -> Records | None:
        """Return the records of all other workers, once they exist; None if the attempt has ended before."""
        looks = 0
        others = frozenset(range(1, self.worker.count))
        while missing := sorted(others - records.ended_workers(self.store, self.task.id)):
            if records.record_of(self.store, self.task.id) is not None:
                return None
            if looks == len(_LOOK):
                with suppress(StoreError):  # a line for people
                    attempt.shipper.add(f"runner: worker 0 has ended and waits for {_numbers(missing)}")
            self._pause(looks)
            looks += 1
        return self._read(others)

    def _records_soon(self) -> Records:
        """Return the records of the workers that have succeeded, after a moment for those that have begun."""
        until, looks = self.monotonic() + SOON, 0
        while (
            begun_workers(self.store, self.task.id.batches)
            - (ended := records.ended_workers(self.store, self.task.id))
            - {0}
        ):
            if self.monotonic() >= until:
                break
            self._pause(min(looks, 1))
            looks += 1
        return {index: one for index, one in self._read(ended - {0}).items() if one.failure is None}

    def _read(self, indexes: frozenset[int]) -> Records:
        found = ((index, records.worker_record_of(self.store, self.task.id, index)) for index in sorted(indexes))
        return {index: record for index, record in found if record is not None}

    def _pause(self, looks: int) -> None:
        self.sleep(_LOOK[min(looks, len(_LOOK) - 1)])


def _numbers(indexes: Sequence[int]) -> str:
    shown = ", ".join(map(str, indexes[:10]))
    rest = f" and {len(indexes) - 10} more" if len(indexes) > 10 else ""
    return f"worker{'s' if len(indexes) > 1 else ''} {shown}{rest}"


def _said(reason: str, code: int) -> int:
    print(f"runner: {reason}; nothing is started")
    return code
