"""Read the documents of runs: the end of a run, its tags, and all that it refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from ...errors import ObjectMissing, StoreError
from ...model.events import JournalEntry, RunEnded, RunSubmitted
from ...model.plan import Submission
from ...model.stored_documents import read_document
from ...ports import ObjectStore
from ...runs import journal, plans, tags
from . import mentions
from .listed import ListedRun, is_commit
from .mentions import Mentions

if TYPE_CHECKING:
    from concurrent.futures import Executor

Contents = Callable[[Sequence[str]], Iterable["bytes | None"]]
"""Return the content of each object in order, None for one that is absent. Raises StoreError."""

_RUNS_AT_ONCE = 64
"""Runs whose documents are read together."""


@dataclass(kw_only=True)
class RunReader:
    """Reads runs. What an ended run says is kept, since it does not change."""

    read: Contents
    _ends: dict[str, datetime] = field(default_factory=dict)
    _said: dict[str, Mentions] = field(default_factory=dict)
    _plans: dict[str, Mentions] = field(default_factory=dict)

    def ends(self, runs: Iterable[ListedRun]) -> dict[str, datetime]:
        """Return the time of the end of each run that has ended.

        A run whose journal has a gap, or a last entry that cannot be read, counts as one in progress.
        """
        asked = [one for one in runs if one.begun and one.entries == one.newest]
        fresh = [one for one in asked if one.run not in self._ends]
        keys = [journal.entry_key(one.run, one.newest) for one in fresh]
        for one, key, data in zip(fresh, keys, self.read(keys), strict=True):
            with suppress(StoreError):
                entry = read_document(JournalEntry, data or b"", key)
                if any(isinstance(event, RunEnded) for event in entry.events):
                    self._ends[one.run] = entry.time
        return {one.run: self._ends[one.run] for one in asked if one.run in self._ends}

    def mentions(self, runs: Iterable[ListedRun]) -> dict[str, Mentions]:
        """Return what each run refers to: by its journal, plan, assignments, commits; in progress by attempts too."""
        asked = list(runs)
        fresh = [one for one in asked if one.run not in self._said]
        found: dict[str, Mentions] = {}
        for at in range(0, len(fresh), _RUNS_AT_ONCE):
            found.update(self._said_by(fresh[at : at + _RUNS_AT_ONCE]))
        self._said.update({run: said for run, said in found.items() if run in self._ends})
        return {one.run: found.get(one.run) or self._said[one.run] for one in asked}

    def _said_by(self, runs: Sequence[ListedRun]) -> Iterator[tuple[str, Mentions]]:
        keys = {one.run: self._documents_of(one) for one in runs}
        read = iter(self.read([key for its in keys.values() for key in its]))
        for run, its in keys.items():
            documents = [data for data in islice(read, len(its)) if data]
            said = mentions.in_documents(documents)
            for digest in _plans_in(documents):
                said |= self._plan(digest)
            yield run, said

    def _documents_of(self, one: ListedRun) -> list[str]:
        entries = [journal.entry_key(one.run, number) for number in range(1, one.newest + 1)]
        ended = one.run in self._ends  # a step may have committed while its run was canceled: no journal entry says so
        records = [key for key in one.records if not ended or is_commit(key)]
        return [*entries, *one.assignments, *one.reports, *records]

    def _plan(self, digest: str) -> Mentions:
        if digest not in self._plans:
            key = plans.plan_key(digest)
            self._plans[digest] = mentions.in_documents(data for data in self.read([key]) if data)
        return self._plans[digest]


def tags_of(read: Contents, run: str, chunks: Sequence[str]) -> frozenset[str]:
    """Return the names of a run's tags.

    Args:
        read: Reads objects.
        run: The id of the run.
        chunks: The keys of tags that were added or removed after its submission.

    """
    first, *rest = read([journal.entry_key(run, 1), *chunks])
    given = {tag: "" for one in _submissions_in([first or b""]) for tag in one.tags}
    lines = [line for data in rest for line in tags.parsed(data or b"")]
    return frozenset(tags.fold(sorted(lines, key=tags.written), given))


def contents(store: ObjectStore, keys: Sequence[str], pool: Executor | None) -> Iterator[bytes | None]:
    """Yield the content of each object in order, None for one that is absent. Raises StoreError.

    Args:
        store: The store.
        keys: The keys of the objects.
        pool: Threads, for requests to a bucket. None: one object after the other.

    """
    yield from (pool.map if pool else map)(lambda key: _content(store, key), keys)


def _content(store: ObjectStore, key: str) -> bytes | None:
    try:
        return store.get(key)
    except ObjectMissing:
        return None


def _plans_in(documents: Iterable[bytes]) -> Iterator[str]:
    """Yield the digests of the plans that journal entries name."""
    yield from (one.plan for one in _submissions_in(documents))


def _submissions_in(documents: Iterable[bytes]) -> Iterator[Submission]:
    for data in documents:
        if b'"RunSubmitted"' in data:
            with suppress(StoreError):
                entry = read_document(JournalEntry, data, "journal")
                yield from (event.submission for event in entry.events if isinstance(event, RunSubmitted))
