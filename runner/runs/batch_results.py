"""The results of a pool's claims: a line of JSON each, then the rows of the batches; and those of earlier attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..dataclass import dataclass
from ..model.batches import BatchPlan, ClaimResult, Left, merge_order
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.stored_documents import read_document
from ..ports import ObjectStore
from .optional_documents import found

_HEAD = 1 << 14
"""Bytes of a result that are read to find its first line."""
_KEPT = 3
"""Results whose rows are in memory while all are merged."""


@dataclass(frozen=True)
class BatchResults:
    """The results below the prefix of an attempt (`TaskId.batches`): those of its claims, and carried ones."""

    store: ObjectStore
    prefix: str

    def key(self, number: int) -> str:
        """Return the key of a claim's result."""
        return f"{self.prefix}results/{number:08d}"

    def put(self, number: int, result: ClaimResult, rows: bytes) -> bool:
        """Write the result of a claim; return False if there is one."""
        return self.store.put_if_absent(self.key(number), canonical_json(to_document(result)) + b"\n" + rows)

    def after(self, number: int) -> Iterator[int]:
        """Yield the claims behind `number` that have a result."""
        listed = self.store.list(f"{self.prefix}results/", after=self.key(number) if number else "")
        return (int(info.key[-8:]) for info in listed)

    def header(self, key: str) -> ClaimResult:
        """Return the first line of a result."""
        data, length = b"", _HEAD
        while b"\n" not in data:
            more = self.store.read_range(key, len(data), length)
            if not more:
                break
            data, length = data + more, 16 * length
        return read_document(ClaimResult, data.split(b"\n", 1)[0], key)

    def carried(self) -> dict[str, ClaimResult]:
        """Return the first lines of the carried results by key."""
        return {info.key: self.header(info.key) for info in self.store.list(f"{self.prefix}carried/")}

    def attempts(self, plan: BatchPlan, last: int) -> list[list[ClaimResult]]:
        """Return the first lines of the results of this attempt, then of those that it continues, the newest first.

        Args:
            plan: The plan.
            last: The greatest number of a claim.
        """
        groups: dict[str, list[ClaimResult]] = {}
        for key, result in self.carried().items() if plan.carried else ():
            groups.setdefault(key.rpartition("-")[0], []).append(result)
        return [list(self._own(last).values()), *groups.values()]

    def merged(self, plan: BatchPlan, last: int) -> Iterator[bytes]:
        """Yield the rows of each batch, in the order of the batches.

        Args:
            plan: The plan.
            last: The greatest number of a claim.

        Raises:
            ValueError: A batch has no result.
        """
        own, carried = self._own(last), self.carried() if plan.carried else {}
        kept: dict[str, bytes] = {}
        for key, offset, end in merge_order(own, carried, plan.batches):
            yield self._rows(key, kept)[offset : offset + end.size]

    def _own(self, last: int) -> dict[str, ClaimResult]:
        return {key: self.header(key) for key in map(self.key, range(1, last + 1))}

    def _rows(self, key: str, kept: dict[str, bytes]) -> bytes:
        """Return the rows of a result. The last ones are kept: batches of several results may alternate."""
        if key not in kept:
            data = self.store.get(key)
            kept[key] = data[data.index(b"\n") + 1 :]
            if len(kept) > _KEPT:
                del kept[next(iter(kept))]
        return kept[key]

    def carry(
        self, batches: int, work: str, earlier: Iterable[str], fetch: Callable[[str], bool]
    ) -> tuple[set[int], int]:
        """Copy the results of earlier boards that have whole batches of the same work.

        Args:
            batches: The number of all batches.
            work: The key of the work.
            earlier: The prefixes of the boards, those that count first.
            fetch: Brings the files that the batches of such a board have written into the outputs, once before its
                results are copied; it returns False if they are gone.

        Returns:
            The numbers of the batches that need not be run, and the number of attempts of which results are carried.
        """
        done: set[int] = set()
        groups: list[str] = []
        for prefix in earlier:
            fetched = False
            for key, result in BatchResults(self.store, prefix).of_work(batches, work):
                numbers = {end.number for end in result.ends if end.is_whole}
                if not numbers - done or result.left is Left.LOCAL:
                    continue
                if result.left is Left.STORED and not fetched:
                    fetched = fetch(prefix)
                if result.left is Left.NOTHING or fetched:
                    self._copy(key, groups)
                    done |= numbers
        return done, len(groups)

    def _copy(self, key: str, groups: list[str]) -> None:
        """Copy an earlier result. Those of one attempt form a group; `groups` has those so far, the newest first."""
        group, _, number = key.rpartition("-") if "/carried/" in key else key.rpartition("/")
        if group not in groups:
            groups.append(group)
        self.store.copy(key, f"{self.prefix}carried/{groups.index(group):04d}-{number}")

    def of_work(self, batches: int, work: str) -> Iterator[tuple[str, ClaimResult]]:
        """Yield the keys and first lines of all results, if they are of this work."""
        plan = found(BatchPlan, self.store, f"{self.prefix}plan.json")
        if plan is None or (plan.batches, plan.work) != (batches, work):
            return
        for part in ("results/", "carried/"):
            for info in self.store.list(f"{self.prefix}{part}"):
                yield info.key, self.header(info.key)
