"""Bringing a local attempt to its end: its record, its commit, and what others of its step have left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock

from ..data.masking import masked_record, masked_text
from ..data.remains import Remains
from ..data.workplace import Workplace
from ..errors import StoreError, StoreUnreachable
from ..model.context import StoreAccess
from ..model.observation import Observation, Phase
from ..model.record import AttemptRecord, Failure
from ..model.room import lacks_room
from ..model.task import Task
from ..ports import FolderStore
from ..runs import records
from . import process_leftovers
from .process_files import AttemptFiles, Beginning
from .process_outcome import Outcome, observation_of
from .process_staging import LocalStaging


@dataclass
class Attempt:
    """What this controller knows of one attempt."""

    task: Task
    files: AttemptFiles
    observation: Observation
    begun: float
    staged: float
    beginning: Beginning | None = None
    """Of its process."""
    go: Callable[[], None] | None = None
    """Starts its script, whose inputs have been brought beside the ticks."""
    unfinished: Callable[[], None] | None = None
    """What is left to do about its end, for which there was no room on the disk."""
    adopted: bool = False
    """This process has adopted the orphans of its script from the beginning."""
    stopped: bool = False
    """Its end is no longer taken up."""
    ending: Lock = field(default_factory=Lock)
    """Held while its end is taken up: a stop must not delete what is just being committed."""


@dataclass(frozen=True)
class Conclusion:
    """Where the ends of attempts are kept."""

    store: FolderStore
    data: LocalStaging
    hidden: Callable[[], Sequence[bytes]] = tuple
    """Gives the values of secrets that are masked in all that is kept."""

    def conclude(self, attempt: Attempt) -> None:
        """Bring the attempt, whose process has ended, to its end whatever happens: else it is waited for for ever."""
        try:
            with attempt.ending:
                if not attempt.stopped:
                    self._take_up(attempt)
        except Exception as error:  # noqa: BLE001 - in a thread of the pool nobody would hear of it
            reason = f"runner failed to take up its end: {type(error).__name__}: {error}"
            reason = masked_text(reason, self.hidden())
            attempt.observation = Observation(Phase.FAILED, attempt.observation.uid, reason, Failure.STORE)

    def go_on(self, attempt: Attempt) -> None:
        """Do what is left to do about its end."""
        with attempt.ending:
            if attempt.unfinished is not None and not attempt.stopped:
                attempt.unfinished()

    def end(self, attempt: Attempt, record: AttemptRecord) -> None:
        """Keep its record, and what it is seen as from now on."""
        uid = attempt.observation.uid
        attempt.unfinished = None
        record = masked_record(record, self.hidden())
        try:
            commit = records.finish(self.store, attempt.task, record)
        except StoreError as error:
            if lacks_room(error):
                _later(attempt, error, partial(self.end, attempt, record))
                return
            attempt.observation = Observation(Phase.FAILED, uid, str(error), Failure.STORE)
            return
        if commit is not None:
            self._tidy(attempt, own=commit.attempt == record.attempt)
        attempt.observation = observation_of(uid, record, commit)

    def remains(self, attempt: Attempt, access: StoreAccess) -> Remains:
        """What the attempt works with and leaves; its script gets `access`."""
        place = Workplace(attempt.files.folder)
        return Remains(attempt.task, place, self.data.staging(place, access), attempt.begun, self.hidden())

    def _take_up(self, attempt: Attempt) -> None:
        code = attempt.files.exit_code
        # What the script has left running ends with it, as with a container: it would write on into outputs that
        # are being read. If the wrapper alone is gone, the script must not run beside the next attempt.
        found = process_leftovers.end(attempt.files, adopted=attempt.adopted and code is not None)
        if code is None:
            reason = "its process vanished without an exit code"
            attempt.observation = Observation(Phase.FAILED, attempt.observation.uid, reason, Failure.LOST)
            return
        remains = self.remains(attempt, StoreAccess())
        killed = attempt.beginning is not None and attempt.beginning.oom_since
        outcome = Outcome(
            remains, self.store, self.data.linked_from, attempt.staged, killed, attempt.files.met_full_disk
        )
        attempt.unfinished = None
        try:
            record = outcome.record(code, found) if not found.left else remains.not_alone(found.left)
        except StoreUnreachable as error:
            _later(attempt, error, partial(self._take_up, attempt))
        else:
            self.end(attempt, record)

    def _tidy(self, attempt: Attempt, *, own: bool) -> None:
        """What other attempts than the committed one have written is nobody's: best gone, but no reason to fail."""
        remains = self.remains(attempt, StoreAccess())
        with suppress(StoreError):
            if own:
                remains.sweep()
            else:
                remains.discard()


def _later(attempt: Attempt, why: StoreError, what: Callable[[], None]) -> None:
    """What an attempt has done is not lost because a disk is full just now."""
    attempt.observation = replace(attempt.observation, reason=str(why))
    attempt.unfinished = what
