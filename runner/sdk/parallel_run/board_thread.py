"""The thread that talks to the board for a supervisor, so that a slow store never stops the batches.

The supervisor puts orders into it and takes what it has to tell; a byte in a pipe wakes the supervisor.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

from ...dataclass import dataclass
from ...errors import StoreError
from ...model.batches import BatchError, BatchPlan, BatchProgress, Beat, ClaimResult, Counts, claim_size
from ...override import override
from ...runs.batch_board import BatchBoard
from .output_files import OutputFiles

BEAT = 5.0
"""Seconds between two signs of life."""
POLL = 2.0
"""Seconds between two looks at what other workers have done, and between two displays of the progress."""
_FIRST_WAIT = 0.05
"""Seconds; a wait for others grows from it to `POLL`."""
_KEPT_ERRORS = 1000
"""Failures of other workers that are remembered."""
_WINDOW = 10.0
"""Seconds over which the speed is measured."""


@dataclass(frozen=True)
class Claimed:
    """The supervisor has to run the batches of a claim."""

    claim: int
    numbers: Sequence[int]


@dataclass(frozen=True)
class AllClaimed:
    """No batch is left to be claimed."""


@dataclass(frozen=True)
class AllDone:
    """Every batch has a result."""


@dataclass(frozen=True)
class Stopped:
    """No worker is to go on."""

    reason: str


@dataclass(frozen=True)
class Broken:
    """The board cannot be used."""

    error: BaseException


@dataclass(frozen=True)
class _Claim:
    """The order to claim batches. `rate`: batches per second of this worker."""

    rate: float


@dataclass(frozen=True)
class _Publish:
    """The order to write a result."""

    claim: int
    result: ClaimResult
    rows: bytes
    since: float


class BoardThread(threading.Thread):
    """Claims and publishes for one worker, beats, and looks at the others.

    Args:
        board: The board; only this thread uses it until it has ended, and one that gives the signs of life.
        plan: The plan.
        workers: The number of workers.
        files: The files of the outputs.

    """

    def __init__(self, board: BatchBoard, plan: BatchPlan, workers: int, files: OutputFiles) -> None:
        super().__init__(daemon=True, name="board")
        self._board = board
        self._plan = plan
        self._workers = workers
        self._files = files
        self.live: Callable[[], tuple[Counts, float]] = lambda: (Counts(), 0.0)
        """Returns what has ended here, and the batches per second here."""
        self._orders: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._news: deque[object] = deque()
        self.wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        os.set_blocking(self.wake, False)
        self._ended = threading.Event()
        self._last_size = 0
        self._holding = 0
        """Claims that this worker runs."""
        self._claimed_all = False
        self._polled = time.monotonic()
        self._wait = _FIRST_WAIT
        self._speed = _Speed()
        self._share = 1.0 / workers
        self.latency = 0.0
        """Seconds that the last claim took."""
        self._sums = (Counts(), Counts())
        """All batches that have a result, of all workers and the carried ones; and those in results of this worker."""
        self._carried = 0
        self.errors: list[BatchError] = []
        """Errors in results of other workers."""
        self.progress = BatchProgress(total=plan.batches, done=0)

    # For the supervisor

    def ask_for_claim(self, rate: float) -> None:
        """Ask for a claim; `Claimed` or `AllClaimed` follows.

        Args:
            rate: Batches per second of this worker; 0: unknown.
        """
        self._orders.put(_Claim(rate))

    def publish(self, claim: int, result: ClaimResult, rows: bytes, since: float) -> None:
        """Write a result soon, after the files that its batches have written.

        Args:
            claim: The claim.
            result: Its batches.
            rows: Their rows.
            since: The time at which the first of the running batches began, in seconds since 1970.
        """
        self._orders.put(_Publish(claim, result, rows, since))

    def close(self, abort: str = "") -> None:
        """End after all orders so far, and wait for it.

        Args:
            abort: The reason why other workers must stop as well. Default: none.
        """
        self._orders.put(Stopped(abort))
        self.join()

    def news(self) -> list[object]:
        """Return what the thread has to tell."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.wake, 1 << 10)
        found: list[object] = []
        while self._news:
            found.append(self._news.popleft())
        return found

    def known(self) -> Counts:
        """Return all batches that have ended, as far as it is known here: each counts once."""
        settled, own = self._sums
        return settled + (self.live()[0] - own)

    # The thread

    @override
    def run(self) -> None:
        """Carry out orders until `close`."""
        threading.Thread(target=self._beat, daemon=True, name="beat").start()
        try:
            self._take_stock()
            while self._step():
                pass
        except BaseException as error:  # noqa: BLE001 - the supervisor ends with it
            self._tell(Broken(error))
        finally:
            self._ended.set()

    def _beat(self) -> None:
        """Give signs of life until the end, also while a large file is being uploaded.

        A failure is ignored: at worst other workers run the same batches.
        """
        while not self._ended.wait(BEAT):
            counts, rate = self.live()
            with contextlib.suppress(StoreError):
                self._board.beat(Beat(number=0, counts=counts - self._sums[1], rate=rate))

    def _tell(self, what: object) -> None:
        self._news.append(what)
        with contextlib.suppress(BlockingIOError):  # it is being woken already
            os.write(self._waker, b"x")

    def _take_stock(self) -> None:
        """Count what is done already, and run again what an earlier incarnation of this worker has left."""
        carried = set(range(self._plan.batches)).difference(self._plan.numbers(0, self._plan.positions))
        for result in self._board.results.carried().values() if carried else ():
            ends = [end for end in result.ends if end.number in carried and end.is_whole]
            carried.difference_update(end.number for end in ends)
            self._settle(Counts.of(ends))
        self._carried = self._sums[0].batches
        if reason := self._board.aborted():
            self._tell(Stopped(reason))
        for claim in self._board.own_lost():
            self._hold(claim)

    def _hold(self, claim: int) -> None:
        self._holding += 1
        found = self._board.claimed(claim)
        self._tell(Claimed(claim, self._plan.numbers(found.first, found.stop)))

    def _step(self) -> bool:
        """Carry out one order, or do what is due; return False at the end."""
        waiting = self._claimed_all and not self._holding
        try:
            order = self._orders.get(timeout=self._wait if waiting else POLL / 2)
        except queue.Empty:
            order = None
        if isinstance(order, _Claim):
            self._claim(order.rate)
        elif isinstance(order, _Publish):
            self._publish(order)
        elif isinstance(order, Stopped):
            if order.reason:
                self._board.abort(order.reason)
            self._show()
            return False
        elif waiting:
            self._look_for_the_end()
        self._do_what_is_due()
        return True

    def _claim(self, rate: float) -> None:
        begun = time.monotonic()

        def size(remaining: int) -> int:
            return claim_size(
                rate=rate, remaining=remaining, share=self._share, last=self._last_size, workers=self._workers
            )

        claim = self._board.claim(self._plan, size)
        self.latency = time.monotonic() - begun
        if claim is None:
            self._claimed_all = True
            self._tell(AllClaimed())
            return
        found = self._board.claimed(claim)
        self._last_size = found.stop - found.first
        self._hold(claim)

    def _publish(self, order: _Publish) -> None:
        files, left = self._files.sent(order.since)
        first = self._board.publish(order.claim, replace(order.result, files=files, left=left), order.rows)
        if first:
            self._files.listed(len(files))
        self._holding -= 1
        self._wait = _FIRST_WAIT
        counted = order.result if first else self._result(order.claim)
        self._settle(counted.counts, order.result.counts)
        if self._claimed_all and not self._holding:
            self._look_for_the_end()

    def _result(self, claim: int) -> ClaimResult:
        return self._board.results.header(self._board.results.key(claim))

    def _settle(self, counts: Counts, own: Counts | None = None) -> None:
        settled, before = self._sums
        self._sums = (settled + counts, before + (own or Counts()))

    def _look_for_the_end(self) -> None:
        """Wait for the results of other workers, and take over what a lost one has left."""
        self._wait = min(POLL, 2 * self._wait)
        self._learn()
        if self._board.all_done(self._plan):
            self._tell(AllDone())
            self._wait = POLL
            return
        for claim in self._board.lost():
            self._hold(claim)

    def _learn(self) -> None:
        """Count the results of other workers."""
        for number in self._board.new_results():
            header = self._result(number)
            self._settle(header.counts)
            if len(self.errors) < _KEPT_ERRORS:
                self.errors.extend(header.errors)
            self._tell(None)  # a threshold may be exceeded

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        if now - self._polled >= POLL:
            self._polled = now
            if self._workers > 1:
                if reason := self._board.aborted():
                    self._tell(Stopped(reason))
                self._learn()
            self._show()

    def _show(self) -> None:
        """Compute the progress of all workers; worker 0 shows it."""
        _, rate = self.live()
        others = self._board.other_beats() if self._workers > 1 else []
        now = self.known()
        for beat in others:
            now += beat.counts
        rates = rate + sum(beat.rate for beat in others)
        self._share = rate / rates if rate else 1.0 / self._workers
        items_rate, batch_rate = self._speed.measured(time.monotonic(), now.items, now.batches)
        done = min(now.batches, self._plan.batches)
        left = self._plan.batches - done
        self.progress = BatchProgress(
            total=self._plan.batches,
            done=done,
            failed=now.failed_batches,
            items=now.items,
            failed_items=now.failed_items,
            carried=self._carried,
            rate=round(items_rate, 3),
            batch_rate=round(batch_rate, 3),
            seconds_left=0.0 if not left else round(left / batch_rate, 1) if batch_rate else None,
            workers=1 + len(others),
        )
        if self._board.worker == 0:
            self._board.show(self.progress)


class _Speed:
    """The speed over the last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int, int]] = deque()

    def measured(self, now: float, items: int, batches: int) -> tuple[float, float]:
        """Note the counts at a time; return items and batches per second."""
        self._seen.append((now, items, batches))
        while len(self._seen) > 2 and now - self._seen[1][0] >= _WINDOW:
            self._seen.popleft()
        then, items_then, batches_then = self._seen[0]
        passed = now - then
        if passed <= 0:
            return 0.0, 0.0
        return max(0, items - items_then) / passed, max(0, batches - batches_then) / passed
