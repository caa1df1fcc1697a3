"""The mini-batches that the workers of a pool share: who has claimed which, and how they ended.

The batches that are to be run have positions 0, 1, … in the order of their numbers. A claim is a range of positions. It
has one result, which the first worker writes that has run all its batches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from ..dataclass import dataclass, field

SILENCE = 45.0
"""Seconds without a sign of life after which a worker's claims are run by another one."""
CLAIM_SECONDS = 1.5
"""The work in one claim, in seconds: a dead worker costs at most so much, and a request to the store much less."""
_GROWTH = 4
"""The most that a claim is larger than the one before, because the first batches may be unusually quick."""


@dataclass(frozen=True, kw_only=True)
class BatchPlan:
    """The work of one attempt, as worker 0 has written it."""

    batches: int
    """The number of all batches."""
    work: str
    """The key of the work: results of equal keys and equal batch numbers are interchangeable."""
    ranges: tuple[tuple[int, int], ...]
    """The batches to be run: the first number and the one after the last, of each range, in order."""
    carried: int = 0
    """The number of earlier attempts of which results are carried."""

    @property
    def positions(self) -> int:
        """The number of batches to be run."""
        return sum(stop - first for first, stop in self.ranges)

    def numbers(self, first: int, stop: int) -> list[int]:
        """Return the batch numbers of a range of positions.

        Args:
            first: The first position.
            stop: The position after the last.
        """
        found: list[int] = []
        for start, end in self.ranges:
            size = end - start
            found.extend(range(start + min(first, size), start + min(stop, size)))
            first, stop = max(0, first - size), max(0, stop - size)
        return found


@dataclass(frozen=True)
class Claim:
    """A range of positions that one worker runs."""

    first: int
    stop: int
    """The position after the last."""
    worker: int
    incarnation: int
    """The number of the worker's start that made the claim, from 1."""


@dataclass(frozen=True)
class Takeover:
    """The decision that a claim of a lost worker is run by another one."""

    worker: int
    incarnation: int


class BatchEnd(NamedTuple):
    """The end of one batch."""

    number: int
    items: int
    """The items that it has."""
    failed: int
    """The items of which ``run()`` returned nothing."""
    tries: int
    """The calls of ``run()``."""
    size: int
    """Bytes of its rows."""
    lost: bool = False
    """True: no call of ``run()`` succeeded."""

    @property
    def is_whole(self) -> bool:
        """True if each item has a result, so that no later attempt has to run it."""
        return not self.lost and not self.failed


@dataclass(frozen=True, kw_only=True)
class BatchError:
    """The reason why one batch failed, or lost items."""

    number: int
    label: str
    """The data of the batch, for people."""
    worker: int
    process: str
    reason: str
    """One line."""
    detail: str = ""
    """The last lines of the traceback, or of the process's output."""


class Left(str, Enum):
    """The place of the files that scripts have written below the outputs before a result."""

    NOTHING = "nothing"
    STORED = "stored"
    """They lie at the outputs' keys."""
    LOCAL = "local"
    """Only the machine has them until the attempt succeeds."""


@dataclass(frozen=True, kw_only=True)
class WrittenFile:
    """A file that a script wrote below an output, and that a worker has uploaded to the output's key."""

    output: str
    path: str
    """Its path below the output."""
    size: int
    digest: str
    """Hex SHA-256."""
    number: int
    """The number of the upload in the worker's incarnation: the last one of a path counts."""
    open: bool = False
    """True: a batch that was running may have written to it still."""


@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """The first line of a claim's result; the rows of its batches follow, one after another."""

    worker: int
    incarnation: int
    table: tuple[tuple[int, ...], ...]
    """The fields of a `BatchEnd` of each batch, in the order of their numbers. There may be thousands."""
    errors: tuple[BatchError, ...] = ()
    """Of the first batches that failed."""
    files: tuple[WrittenFile, ...] = ()
    """The files that the worker has uploaded since its result before."""
    left: Left = Left.NOTHING

    @cached_property
    def ends(self) -> tuple[BatchEnd, ...]:
        """The ends of its batches."""
        return tuple(BatchEnd(row[0], row[1], row[2], row[3], row[4], lost=bool(row[5])) for row in self.table)

    @property
    def counts(self) -> Counts:
        """The sum of its batches."""
        return Counts.of(self.ends)


@dataclass(frozen=True)
class Counts:
    """Numbers of batches and items that have ended."""

    batches: int = 0
    failed_batches: int = 0
    items: int = 0
    failed_items: int = 0

    @classmethod
    def of(cls, ends: Iterable[BatchEnd]) -> Counts:
        """Return the numbers of some batches."""
        batches = lost = items = failed = 0
        for end in ends:
            batches += 1
            lost += end.lost
            items += end.items
            failed += end.failed
        return cls(batches, lost, items, failed)

    def __sub__(self, other: Counts) -> Counts:
        return Counts(
            self.batches - other.batches,
            self.failed_batches - other.failed_batches,
            self.items - other.items,
            self.failed_items - other.failed_items,
        )

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.batches + other.batches,
            self.failed_batches + other.failed_batches,
            self.items + other.items,
            self.failed_items + other.failed_items,
        )


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A worker's sign of life."""

    number: int
    """It grows with each beat."""
    counts: Counts = field(default_factory=Counts)
    """Batches that have ended and have no result yet."""
    rate: float = 0.0
    """Batches per second lately."""


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """The progress of one attempt, for people."""

    total: int
    """The number of batches."""
    done: int
    """Those that have ended, failed ones included."""
    failed: int = 0
    items: int = 0
    """The items of the batches that have ended."""
    failed_items: int = 0
    carried: int = 0
    """The part of `done` that earlier attempts have run."""
    rate: float = 0.0
    """Items per second lately; 0: unknown."""
    batch_rate: float = 0.0
    """Batches per second lately; 0: unknown."""
    seconds_left: float | None = None
    """None: unknown."""
    workers: int = 1
    """The workers that give signs of life."""


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """The most failures that a step may have; -1: any number. They are v1's fields of ParallelRunConfig."""

    items: int = -1
    batches: int = -1
    percent: float = -1.0

    def exceeded(self, counts: Counts, total: int) -> str:
        """Return why the step has failed, in words; empty: it has not.

        Args:
            counts: What has ended so far. All of it counts, so a step that has failed stays failed.
            total: The number of all batches.
        """
        if 0 <= self.items < counts.failed_items:
            return f"{counted(counts.failed_items, 'item')} failed, more than error_threshold={self.items} allows"
        if 0 <= self.batches < counts.failed_batches:
            failed = counted(counts.failed_batches, "batch")
            return f"{failed} failed, more than allowed_failed_count={self.batches} allows"
        if self.percent >= 0 and counts.failed_batches * 100 > self.percent * total:
            return (
                f"{counts.failed_batches} of {counted(total, 'batch')} failed, "
                f"more than allowed_failed_percent={self.percent:g} allows"
            )
        return ""


def counted(number: int, thing: str) -> str:
    """Return a number with its thing: ``1 item``, ``2 items``, ``0 batches``.

    Args:
        number: The number.
        thing: One of the things.
    """
    plural = f"{thing}es" if thing.endswith("ch") else f"{thing}s"
    return f"{number} {thing if number == 1 else plural}"


def claim_size(*, rate: float, remaining: int, share: float, last: int, workers: int = 1) -> int:
    """Return the number of batches that a worker claims next.

    A claim is about `CLAIM_SECONDS` of work, and at most half of what is left for this worker if all go on as now, so
    that all workers end at nearly the same time. The number of claims follows the time, not the number of items.

    Args:
        rate: This worker's batches per second; 0: unknown.
        remaining: The batches that nobody has claimed.
        share: This worker's part of the rate of all workers, above 0 and at most 1.
        last: The size of its claim before; 0: it has none.
        workers: The number of workers.
    """
    if rate <= 0 or not last:
        return min(1, remaining)
    seconds = CLAIM_SECONDS + workers / 50  # many workers: fewer conflicts over the next claim
    even = float(remaining) if workers == 1 else remaining * share / 2
    return max(1, min(remaining, int(min(rate * seconds, even, _GROWTH * last))))


def ranges_without(total: int, done: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return the ranges of batch numbers that are not done.

    Args:
        total: The number of all batches.
        done: The numbers of those that are done.
    """
    found: list[tuple[int, int]] = []
    first = 0
    for number in sorted(set(done)):
        if first < number:
            found.append((first, number))
        first = number + 1
    if first < total:
        found.append((first, total))
    return tuple(found)


def merge_order(
    own: Mapping[str, ClaimResult], carried: Mapping[str, ClaimResult], total: int
) -> list[tuple[str, int, BatchEnd]]:
    """Return where the rows of each batch are: the result's key, the offset behind its first line, and the end.

    The order is that of the batches, whoever ran them and whenever. A batch counts once.

    Args:
        own: The first lines of the results of this attempt by key.
        carried: The same of earlier ones, of which the whole batches count, in the order in which they do.
        total: The number of all batches.

    Raises:
        ValueError: A batch has no result; the message names the first ones.
    """
    found: dict[int, tuple[str, int, BatchEnd]] = {}
    for results in (own, carried):
        for key, result in results.items():
            offset = 0
            for end in result.ends:
                if results is own or end.is_whole:
                    found.setdefault(end.number, (key, offset, end))
                offset += end.size
    if len(found) != total:
        missing = [number for number in range(total) if number not in found]
        raise ValueError(f"{len(missing)} batches have no result: {', '.join(map(str, missing[:5]))}")
    return [found[number] for number in range(total)]


def files_of(attempts: Iterable[Iterable[ClaimResult]]) -> list[WrittenFile]:
    """Return the files of the outputs, as all workers have uploaded them; a path is listed twice if two disagree.

    Of one worker, the last upload of a path counts. Of several, those count that no running batch was writing to: the
    batch of the others has no result here, or their worker would have listed them again.

    Args:
        attempts: The first lines of the results of each attempt, the newest first: its files hide older ones.
    """
    found: dict[tuple[str, str], list[WrittenFile]] = {}
    for results in attempts:
        for place, files in _last_uploads(results).items():
            closed = [file for file in files if not file.open] or files
            found.setdefault(place, list({file.digest: file for file in closed}.values()))
    return [file for _, files in sorted(found.items()) for file in files]


def _last_uploads(results: Iterable[ClaimResult]) -> dict[tuple[str, str], list[WrittenFile]]:
    """Return for each output and path the last upload of each worker."""
    last: dict[tuple[str, str], dict[int, tuple[tuple[int, int], WrittenFile]]] = {}
    for result in results:
        for file in result.files:
            of_path = last.setdefault((file.output, file.path), {})
            order = (result.incarnation, file.number)
            if result.worker not in of_path or of_path[result.worker][0] <= order:
                of_path[result.worker] = (order, file)
    return {place: [file for _, file in of_path.values()] for place, of_path in last.items()}
