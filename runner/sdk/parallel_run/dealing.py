"""Deal the batches of a worker's claims to its processes (pure: no process, no clock, no store)."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping

from ...dataclass import dataclass, field
from ...model.batches import BatchEnd, BatchError, Counts

LEAD = 0.04
"""Seconds of work that a process has waiting, so that it never waits for its supervisor."""
_MOST_WAITING = 512
"""Batches."""
_WEIGHT = 0.05
"""The weight of one batch in the mean of their times."""
_MOST_ERRORS = 5
"""Errors that a result keeps."""


@dataclass(kw_only=True)
class _Claimed:
    """A claim whose batches are being run."""

    order: tuple[int, ...]
    ends: dict[int, tuple[BatchEnd, bytes]] = field(default_factory=dict)
    errors: list[BatchError] = field(default_factory=list)


@dataclass(frozen=True)
class Finished:
    """A claim of which all batches have ended."""

    claim: int
    ends: tuple[BatchEnd, ...]
    rows: tuple[bytes, ...]
    errors: tuple[BatchError, ...]


class Dealer:
    """The batches that a worker has claimed: which wait, which process has which, and how they ended.

    Args:
        max_try: The most tries of a batch.
        processes: The number of processes, which are named 0, 1, ….

    """

    def __init__(self, max_try: int, processes: int) -> None:
        self._max_try = max_try
        self._waiting: deque[int] = deque()
        self._with: list[deque[int]] = [deque() for _ in range(processes)]
        self._tries: dict[int, int] = {}
        self._claims: dict[int, _Claimed] = {}
        self._claim_of: dict[int, int] = {}
        self.mean = 0.0
        """The time of a batch in seconds; 0: unknown."""
        self.counts = Counts()
        """All batches that have ended here."""

    def add(self, claim: int, numbers: Iterable[int]) -> None:
        """Take a claim.

        Args:
            claim: Its number.
            numbers: Its batches.
        """
        order = tuple(numbers)
        self._claims[claim] = _Claimed(order=order)
        for number in order:
            self._claim_of[number] = claim
        self._waiting.extend(order)

    @property
    def waiting(self) -> int:
        """The number of batches that no process has."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """True if no batch is left."""
        return not self._claim_of

    def running(self, process: int) -> int | None:
        """Return the batch that a process runs; None: it has none.

        Args:
            process: The process.
        """
        return self._with[process][0] if self._with[process] else None

    def is_free(self, process: int) -> bool:
        """Return True if a process has nothing to do.

        Args:
            process: The process.
        """
        return not self._with[process]

    def deal(self, process: int) -> list[int]:
        """Return the next batches for a process; empty: it has enough, or there are none.

        Args:
            process: The process.
        """
        held = self._with[process]
        wanted = self._wanted()
        if not self._waiting or len(held) > wanted // 2:
            return []
        even = math.ceil(len(self._waiting) / len(self._with))
        taken = [self._waiting.popleft() for _ in range(min(wanted - len(held), even))]
        held.extend(taken)
        return taken

    def _wanted(self) -> int:
        """Return the number of batches that a process should have."""
        if not self.mean or self.mean > LEAD:
            return 1
        return min(_MOST_WAITING, 1 + math.ceil(LEAD / self.mean))

    def ended(self, process: int, end: BatchEnd, rows: bytes, seconds: float, error: BatchError | None) -> None:
        """Note a successful call of ``run()``.

        Args:
            process: The process.
            end: Without its tries, which are known here.
            rows: Its rows.
            seconds: The time that it took.
            error: The reason why items are missing. None: none is.
        """
        self._with[process].remove(end.number)
        self.mean = seconds if not self.mean else self.mean + _WEIGHT * (seconds - self.mean)
        self._close(end._replace(tries=self.tries(end.number)), rows, error)

    def failed(self, process: int, items: int, error: BatchError) -> bool:
        """Note a failed call of ``run()``, by an error, a hang or the death of its process.

        Args:
            process: The process.
            items: The number of items of the batch; -1: unknown.
            error: The reason.

        Returns:
            True if it was the last try: the batch is lost.
        """
        number = error.number
        self._with[process].remove(number)
        tries = self.tries(number)
        if tries < self._max_try:
            self._tries[number] = tries
            self._waiting.appendleft(number)
            return False
        lost = BatchEnd(number, max(items, 1), max(items, 1), tries, 0, lost=True)
        self._close(lost, b"", error)
        return True

    def tries(self, number: int) -> int:
        """Return the number of the try that a batch is in.

        Args:
            number: The batch.
        """
        return self._tries.get(number, 0) + 1

    def take_back(self, process: int) -> None:
        """Let the batches of a process that has ended wait again; their tries do not change.

        Args:
            process: The process.
        """
        held = self._with[process]
        self._waiting.extendleft(reversed(held))
        held.clear()

    def finished(self) -> list[Finished]:
        """Return the claims that have ended since the last call."""
        over = [claim for claim, one in self._claims.items() if len(one.ends) == len(one.order)]
        return [self._finished(claim, self._claims.pop(claim)) for claim in over]

    def _finished(self, claim: int, one: _Claimed) -> Finished:
        ordered = [one.ends[number] for number in sorted(one.order)]
        return Finished(claim, tuple(end for end, _ in ordered), tuple(rows for _, rows in ordered), tuple(one.errors))

    def _close(self, end: BatchEnd, rows: bytes, error: BatchError | None) -> None:
        claimed = self._claims[self._claim_of.pop(end.number)]
        claimed.ends[end.number] = (end, rows)
        if error is not None and len(claimed.errors) < _MOST_ERRORS:
            claimed.errors.append(error)
        self._tries.pop(end.number, None)
        self.counts += Counts.of((end,))

    def wants_claim(self, elapsed: Mapping[int, float], latency: float) -> bool:
        """Return True if another claim is needed now, so that it is there when a process is out of work.

        Args:
            elapsed: The processes that can run batches, each with the seconds since its batch began.
            latency: Seconds that a claim takes.
        """
        if not elapsed:
            return False
        if not self.mean:
            return not self._waiting and any(not self._with[process] for process in elapsed)
        left = min(self._left(process, passed) for process, passed in elapsed.items())
        return left + self.waiting * self.mean / len(elapsed) <= max(LEAD, 3 * latency)

    def _left(self, process: int, passed: float) -> float:
        """Return the seconds for which a process has work."""
        held = len(self._with[process])
        return (held - 1) * self.mean + max(0.0, self.mean - passed) if held else 0.0
