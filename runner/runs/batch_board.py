"""The board of a pool: the objects by which the workers of one attempt share its batches.

Below the prefix of an attempt (`TaskId.batches`)::

    plan.json                the work, written once by worker 0
    claims/00000001.json     who runs which batches; numbered, each written only if its number is free
    takeovers/00000001-1     a claim of a lost worker and who runs it now
    results/00000001         the result of a claim: a line of JSON, then the rows; the first one counts
    carried/0000-00000001    results of earlier attempts, the last one first, whose whole batches are not run again
    beats/0-1.json           the sign of life of a worker's incarnation, overwritten every few seconds
    abort.json               the reason why no worker is to go on
    progress.json            the progress for people, overwritten by worker 0

A worker that starts again has a greater incarnation: what its earlier ones have claimed and not finished is lost. All
writes that decide are conditional puts, so it does not matter who is late: every batch counts once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from ..dataclass import dataclass
from ..model.batches import (
    SILENCE,
    BatchPlan,
    BatchProgress,
    Beat,
    Claim,
    ClaimResult,
    Takeover,
    ranges_without,
)
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.stored_documents import read_document
from ..ports import ObjectStore
from .batch_results import BatchResults
from .optional_documents import found

PROGRESS = "progress.json"
"""The name of the object with the progress."""
R = TypeVar("R")


@dataclass(frozen=True)
class Aborted:
    """The content of ``abort.json``."""

    reason: str


class BatchBoard:
    """The board as one worker sees it. It is used by one thread at a time.

    Args:
        store: The workspace store.
        prefix: `TaskId.batches`.
        worker: The worker's index.
        clock: Returns seconds that never go back (`time.monotonic`).

    """

    def __init__(self, store: ObjectStore, prefix: str, worker: int, clock: Callable[[], float]) -> None:
        self._store = store
        self.prefix = prefix
        self.results = BatchResults(store, prefix)
        self._clock = clock
        self.worker = worker
        self.incarnation = 0
        self._beats = 0
        self._seen: dict[str, tuple[str, float]] = {}
        """The last ETag of each beat, and when this worker first saw it."""
        self._claims: dict[int, Claim] = {}
        self._last = 0
        """The greatest number of a claim that is known."""
        self._end = 0
        """The position after that claim."""
        self._done: set[int] = set()
        self._unreported: list[int] = []
        """Claims whose results others have written, and that `new_results` has not returned yet."""
        self._first_open = 1
        """All claims before this one have results."""

    # The worker's life

    def begin(self) -> int:
        """Start an incarnation of this worker, and return its number."""
        self.incarnation = 1 + max((number for worker, number in self._beating() if worker == self.worker), default=0)
        while not self._create(self._beat_key(self.worker, self.incarnation), Beat(number=0)):
            self.incarnation += 1
        return self.incarnation

    def beat(self, beat: Beat) -> None:
        """Give a sign of life. Its number is set here."""
        self._beats += 1
        shown = Beat(number=self._beats, counts=beat.counts, rate=beat.rate)
        self._store.put(self._beat_key(self.worker, self.incarnation), _written(shown))

    def other_beats(self) -> list[Beat]:
        """Return the last beats of the newest incarnations of other workers, without those that are silent."""
        newest = self._newest()
        alive = [
            self._beat_key(worker, number)
            for worker, number in newest.items()
            if worker != self.worker and not self._is_silent(worker, number)
        ]
        return [beat for key in alive if (beat := self._found(Beat, key)) is not None]

    # The plan

    def plan(self) -> BatchPlan | None:
        """Return the plan; None: worker 0 has not written it yet."""
        return self._found(BatchPlan, f"{self.prefix}plan.json")

    def begin_work(
        self,
        batches: int,
        work: str,
        earlier: Iterable[str] = (),
        fetch: Callable[[str], bool] = lambda _prefix: True,
    ) -> BatchPlan:
        """Write the plan unless there is one, and return the one that counts.

        Args:
            batches: The number of all batches.
            work: The key of the work.
            earlier: The prefixes of earlier boards, those that count first. Results of whole batches of equal work are
                copied from them.
            fetch: Brings the files that the batches of such a board have written into the outputs, once before its
                results are copied; it returns False if they are gone.
        """
        if known := self.plan():
            return known
        done, attempts = self.results.carry(batches, work, earlier, fetch)
        plan = BatchPlan(batches=batches, work=work, ranges=ranges_without(batches, done), carried=attempts)
        self._create(f"{self.prefix}plan.json", plan)
        return self.plan() or plan

    # Claims

    def claim(self, plan: BatchPlan, size: Callable[[int], int]) -> int | None:
        """Claim the next batches.

        Args:
            plan: The plan.
            size: Returns the number of batches to claim, from the number of those that nobody has claimed.

        Returns:
            The number of the claim; None: all batches are claimed.
        """
        while True:
            remaining = plan.positions - self._end
            if remaining <= 0:
                return None
            number = self._last + 1
            claim = Claim(self._end, self._end + size(remaining), self.worker, self.incarnation)
            if self._create(self._claim_key(number), claim):
                self._take_note(number, claim)
                return number
            self._catch_up()

    def claimed(self, number: int) -> Claim:
        """Return a claim by its number."""
        if number not in self._claims:
            key = self._claim_key(number)
            self._claims[number] = read_document(Claim, self._store.get(key), key)
        return self._claims[number]

    def all_claimed(self, plan: BatchPlan) -> bool:
        """Tell if every batch is claimed, as far as this worker knows."""
        return self._end >= plan.positions

    def _catch_up(self) -> None:
        """Learn the last claim; those between are not read."""
        last = self._last
        for info in self._store.list(f"{self.prefix}claims/", after=self._claim_key(last) if last else ""):
            last = int(info.key[-13:-5])
        if last > self._last:
            self._take_note(last, self.claimed(last))

    def _take_note(self, number: int, claim: Claim) -> None:
        self._claims[number] = claim
        self._last, self._end = number, claim.stop

    def own_lost(self) -> Iterator[int]:
        """Take over and yield the claims of earlier incarnations of this worker that have no result."""
        if self.incarnation == 1:
            return
        self._catch_up()
        for number in self.open_claims():
            worker, incarnation, takeovers = self._owner(number)
            if worker == self.worker and incarnation < self.incarnation and self._take(number, takeovers):
                yield number

    def lost(self) -> Iterator[int]:
        """Take over and yield the claims without a result whose workers are silent or have started again."""
        newest = self._newest()
        for number in self.open_claims():
            worker, incarnation, takeovers = self._owner(number)
            if (worker, incarnation) == (self.worker, self.incarnation):
                continue
            lost = newest.get(worker, 0) > incarnation or self._is_silent(worker, incarnation)
            if lost and self._take(number, takeovers):
                yield number

    def open_claims(self) -> list[int]:
        """Return the claims that have no result, as far as this worker knows the claims."""
        self._look()
        return [number for number in range(self._first_open, self._last + 1) if number not in self._done]

    def _owner(self, number: int) -> tuple[int, int, int]:
        """Return the worker and incarnation that run a claim now, and how often it was taken over."""
        takeovers = [info.key for info in self._store.list(f"{self.prefix}takeovers/{number:08d}-")]
        if not takeovers:
            claim = self.claimed(number)
            return claim.worker, claim.incarnation, 0
        last = max(takeovers, key=lambda key: int(key.rsplit("-", 1)[1]))
        takeover = read_document(Takeover, self._store.get(last), last)
        return takeover.worker, takeover.incarnation, len(takeovers)

    def _take(self, number: int, takeovers: int) -> bool:
        key = f"{self.prefix}takeovers/{number:08d}-{takeovers + 1}"
        return self._create(key, Takeover(self.worker, self.incarnation))

    # Results

    def publish(self, number: int, result: ClaimResult, rows: bytes) -> bool:
        """Write the result of a claim.

        Args:
            number: The claim.
            result: Its batches.
            rows: Their rows, one batch after another.

        Returns:
            False if another worker was first: its result counts.
        """
        first = self.results.put(number, result, rows)
        self._done.add(number)
        return first

    def new_results(self) -> list[int]:
        """Return the claims whose results others have written, each once."""
        self._look()
        found, self._unreported = self._unreported, []
        return found

    def _look(self) -> None:
        """Learn which claims have results."""
        found = [number for number in self.results.after(self._first_open - 1) if number not in self._done]
        self._unreported.extend(found)
        self._done.update(found)
        while self._first_open in self._done:
            self._first_open += 1

    def all_done(self, plan: BatchPlan) -> bool:
        """Tell if every batch has a result, as far as this worker knows."""
        return self.all_claimed(plan) and self._first_open > self._last

    def merged(self, plan: BatchPlan) -> Iterator[bytes]:
        """Yield the rows of each batch, in the order of the batches.

        Raises:
            ValueError: A batch has no result.
        """
        return self.results.merged(plan, self._last)

    def attempts(self, plan: BatchPlan) -> list[list[ClaimResult]]:
        """Return the first lines of the results of this attempt, then of those that it continues, the newest first."""
        return self.results.attempts(plan, self._last)

    # The end, and what people see

    def abort(self, reason: str) -> None:
        """Tell all workers to stop. The first reason stands."""
        self._create(f"{self.prefix}abort.json", Aborted(reason))

    def aborted(self) -> str:
        """Return the reason of an abort; empty: there is none."""
        found = self._found(Aborted, f"{self.prefix}abort.json")
        return found.reason if found else ""

    def show(self, progress: BatchProgress) -> None:
        """Overwrite the progress."""
        self._store.put(f"{self.prefix}{PROGRESS}", _written(progress))

    # Keys and documents

    def _beat_key(self, worker: int, incarnation: int) -> str:
        return f"{self.prefix}beats/{worker}-{incarnation}.json"

    def _claim_key(self, number: int) -> str:
        return f"{self.prefix}claims/{number:08d}.json"

    def _beating(self) -> list[tuple[int, int]]:
        """Return the workers and incarnations that have beats, and note when each beat changed last."""
        found: list[tuple[int, int]] = []
        for info in self._store.list(f"{self.prefix}beats/"):
            worker, incarnation = _beat_of(info.key)
            found.append((int(worker), int(incarnation)))
            if self._seen.get(info.key, ("", 0.0))[0] != info.etag:
                self._seen[info.key] = (info.etag, self._clock())
        return found

    def _newest(self) -> dict[int, int]:
        """Return the newest incarnation of each worker."""
        newest: dict[int, int] = {}
        for worker, incarnation in self._beating():
            newest[worker] = max(newest.get(worker, 0), incarnation)
        return newest

    def _is_silent(self, worker: int, incarnation: int) -> bool:
        """Tell if a worker's beat has not changed for long, by the clock of this worker."""
        _, since = self._seen.setdefault(self._beat_key(worker, incarnation), ("", self._clock()))
        return self._clock() - since >= SILENCE

    def _create(self, key: str, value: object) -> bool:
        return self._store.put_if_absent(key, _written(value))

    def _found(self, shape: type[R], key: str) -> R | None:
        return found(shape, self._store, key)


def read_progress(store: ObjectStore, prefix: str) -> BatchProgress | None:
    """Return the progress of a pool; None: it has shown none yet, or it cannot be read.

    Args:
        store: The workspace store.
        prefix: `TaskId.batches`.
    """
    return found(BatchProgress, store, f"{prefix}{PROGRESS}")


def begun_workers(store: ObjectStore, prefix: str) -> frozenset[int]:
    """Return the indexes of the workers that have begun: each start of one writes a beat.

    Args:
        store: The workspace store.
        prefix: `TaskId.batches`.
    """
    workers = (_beat_of(info.key)[0] for info in store.list(f"{prefix}beats/"))
    return frozenset(int(worker) for worker in workers if worker.isdecimal())


def _beat_of(key: str) -> tuple[str, str]:
    """Return the worker and the incarnation in a beat's key."""
    worker, _, incarnation = key.rpartition("/")[2].partition(".")[0].partition("-")
    return worker, incarnation


def _written(value: object) -> bytes:
    return canonical_json(to_document(value))
