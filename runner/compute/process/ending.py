"""End a local attempt: write its record, commit it, and delete the outputs of the step's other attempts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock

from ...data.attempt_outputs import AttemptOutputs
from ...data.masking import masked_record, masked_text
from ...data.transfers.count import TransferCount
from ...data.transfers.progress import SILENT
from ...data.work_dir import WorkDir, keep_reports
from ...errors import StoreError, StoreUnreachable
from ...model.context import StoreAccess
from ...model.disk_full import is_disk_full
from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from ...model.task import Task
from ...override import override
from ...ports import FolderStore, ObjectStore
from ...runs import records
from . import leftovers as process_leftovers
from .files import AttemptFiles, Beginning
from .outcome import Outcome, observation_of
from .staging import LocalStaging

REPORTS = 3.0
"""Seconds between two times at which the reports of a running script are stored."""
_REPORTS_SHARE = 50
"""One part in so many of the time, at most, is spent on the reports of a script: their files may be large."""


@dataclass(kw_only=True)
class Attempt:
    """One attempt, as this controller knows it."""

    task: Task
    files: AttemptFiles
    observation: Observation
    begun: float
    staged: float
    beginning: Beginning | None = None
    """The time at which its process was started; None: it was not, or it is unknown."""
    go: Callable[[], None] | None = None
    """Starts its script after a thread has copied its inputs; None: no script waits for that."""
    transfers: TransferCount | None = None
    """The transfers of its inputs while this process brings them."""
    unfinished: Callable[[], None] | None = None
    """Continues its end, which a full disk has interrupted; None: nothing is interrupted."""
    adopted: bool = False
    """This process has adopted the orphans of its script from the beginning."""
    alone: bool = False
    """Its script has ended, and none of its processes is left."""
    stopped: bool = False
    """It was stopped: the end of its process is ignored."""
    reported: Mapping[str, int] = field(default_factory=dict)
    """The size of each file of reports that has been stored while the script runs."""
    report_due: float = 0.0
    """The time at which its reports are stored again, at the earliest, by the machine's own clock."""
    ending: Lock = field(default_factory=Lock)
    """Held while its end is processed: a stop must not delete outputs that are being committed."""

    def seen(self, now: float) -> Observation:
        """Return the observation with the time that it has run, or how far its inputs are.

        Args:
            now: The time by the machine's own clock, in seconds.

        """
        seen = self.observation
        if seen.phase is Phase.PENDING and self.transfers is not None and (news := self.transfers.due()):
            seen = self.observation = replace(seen, reason=f"brings its {news.words}")
        if seen.phase is not Phase.RUNNING or self.beginning is None or self.unfinished is not None:
            return seen
        return replace(seen, elapsed=max(0.0, now - self.beginning.at))


@dataclass(frozen=True)
class Conclusion(ABC):
    """Ends attempts whose processes have ended."""

    store: ObjectStore
    data: LocalStaging
    hidden: Callable[[], Sequence[bytes]] = tuple
    """Gives the values of secrets that are masked in all that is kept."""

    def conclude(self, attempt: Attempt) -> None:
        """End the attempt, whose process has ended. An unexpected error fails it, or its run would wait for ever."""
        try:
            with attempt.ending:
                if not attempt.stopped:
                    self._take_up(attempt)
        except Exception as error:  # noqa: BLE001 - in a thread of the pool nobody would hear of it
            reason = f"runner failed to take up its end: {type(error).__name__}: {error}"
            reason = masked_text(reason, self.hidden())
            attempt.observation = Observation(
                phase=Phase.FAILED, uid=attempt.observation.uid, reason=reason, failure=Failure.STORE
            )

    def go_on(self, attempt: Attempt) -> None:
        """Continue an end that a full disk has interrupted."""
        with attempt.ending:
            if attempt.unfinished is not None and not attempt.stopped:
                attempt.unfinished()

    def end(self, attempt: Attempt, record: AttemptRecord) -> None:
        """Write its record, commit it if it succeeded, and set the observation that the controller gets."""
        uid = attempt.observation.uid
        attempt.unfinished = None
        record = masked_record(record, self.hidden())
        try:
            commit = records.finish(self.store, attempt.task, record)
        except StoreError as error:
            if is_disk_full(error):
                _later(attempt, error, partial(self.end, attempt, record))
                return
            attempt.observation = Observation(phase=Phase.FAILED, uid=uid, reason=str(error), failure=Failure.STORE)
            return
        if commit is not None:
            self._tidy(attempt, own=commit.attempt == record.attempt)
        attempt.observation = observation_of(uid, record, commit)

    def is_over(self, attempt: Attempt) -> bool:
        """Return True if the attempt has ended or must not start; another controller may have ended it meanwhile."""
        record = records.record_of(self.store, attempt.task.id)
        commit = records.committed(self.store, attempt.task.id)
        uid = attempt.observation.uid
        if record is not None:
            self.end(attempt, record)
        elif commit is not None:
            attempt.observation = Observation(
                phase=Phase.SUCCEEDED, uid=uid, outputs=commit.outputs, attempt=commit.attempt
            )
        elif records.canceled(self.store, attempt.task.id.run):
            attempt.observation = Observation(
                phase=Phase.FAILED, uid=uid, reason="the run was canceled", failure=Failure.CANCELED
            )
        else:
            return False
        return True

    def results(self, attempt: Attempt, access: StoreAccess) -> AttemptOutputs:
        """Return the attempt's outputs and folders; its script gets `access`."""
        place = WorkDir(attempt.files.folder)
        return AttemptOutputs(
            task=attempt.task,
            place=place,
            staging=replace(self.data.staging(attempt.task, place, access), progress=attempt.transfers or SILENT),
            begun=attempt.begun,
            hidden=self.hidden(),
        )

    def keep_due_reports(self, attempt: Attempt, clock: Callable[[], float]) -> None:
        """Store what a running script has reported, every few seconds: others look at it meanwhile.

        Args:
            attempt: The attempt.
            clock: The machine's own clock, in seconds.

        """
        begun = clock()
        if attempt.observation.phase is Phase.RUNNING and begun >= attempt.report_due:
            with suppress(StoreError, OSError):  # its end stores them in any case
                self.keep_reports(attempt)
            attempt.report_due = begun + max(REPORTS, _REPORTS_SHARE * (clock() - begun))

    @abstractmethod
    def keep_reports(self, attempt: Attempt) -> None:
        """Store what the running script has reported so far, unless the attempt does so by itself."""

    @abstractmethod
    def _take_up(self, attempt: Attempt) -> None:
        """Set the observation of an attempt whose process has ended, and end its record."""

    def _tidy(self, attempt: Attempt, *, own: bool) -> None:
        """Delete the outputs of attempts that were not committed. Errors are ignored."""
        results = self.results(attempt, StoreAccess())
        with suppress(StoreError):
            if own:
                results.sweep()
            else:
                results.discard()


@dataclass(frozen=True)
class FolderConclusion(Conclusion):
    """Ends attempts whose store is a folder: this process describes their outputs and writes their records."""

    store: FolderStore

    @override
    def keep_reports(self, attempt: Attempt) -> None:
        """Store the files of reports that have changed since the last call."""
        if not attempt.ending.acquire(blocking=False):  # its end stores them all
            return
        try:
            place = WorkDir(attempt.files.folder)
            sizes = {path.name: path.stat().st_size for path in place.reports.glob("*.jsonl")}
            if attempt.observation.phase is Phase.RUNNING and not attempt.stopped and sizes != attempt.reported:
                keep_reports(self.store, attempt.task.id.reports, place, self.hidden())
                attempt.reported = sizes
        finally:
            attempt.ending.release()

    @override
    def _take_up(self, attempt: Attempt) -> None:
        code = attempt.files.exit_code
        # What the script has left running ends with it, as with a container: it would write on into outputs that
        # are being read. If the wrapper alone is gone, the script must not run beside the next attempt.
        found = process_leftovers.end(attempt.files, adopted=attempt.adopted and code is not None)
        if code is None:
            reason = "its process vanished without an exit code"
            attempt.observation = Observation(
                phase=Phase.FAILED, uid=attempt.observation.uid, reason=reason, failure=Failure.LOST
            )
            return
        attempt.alone = not found.left
        results = self.results(attempt, StoreAccess())
        killed = attempt.beginning is not None and attempt.beginning.oom_since
        outcome = Outcome(
            results=results,
            store=self.store,
            linked_from=self.data.linked_from,
            staged=attempt.staged,
            oom=killed,
            full_disk=attempt.files.met_full_disk,
        )
        attempt.unfinished = None
        try:
            record = outcome.record(code, found) if not found.left else results.not_alone(found.left)
        except StoreUnreachable as error:
            _later(attempt, error, partial(self._take_up, attempt))
        else:
            self.end(attempt, record)


def _later(attempt: Attempt, why: StoreError, what: Callable[[], None]) -> None:
    """Let the attempt's end be continued by `what` later, so that a full disk loses no results."""
    attempt.observation = replace(attempt.observation, reason=str(why))
    attempt.unfinished = what
