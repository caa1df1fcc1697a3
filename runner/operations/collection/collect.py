"""Delete the runs that nothing keeps, and what they alone needed.

The order makes every moment safe, also for a process that is killed at it:

1. Condemn the runs: whoever begins to rely on one from now on finds the mark (`runner.runs.retention`).
2. Delete the reuse entries that name their outputs, so that no further step is replaced by these.
3. Wait until every controller has journaled what it may have read there before.
4. Look again at everything; a run that something refers to by now is reprieved.
5. Mark the others finally. Delete their outputs, then their index entry and records, and the mark last.
6. Delete old plans, snapshots and manifests that no remaining run names.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from ...data import collector as announcements
from ...data import retention
from ...model.names import short
from ...ports import FolderStore, ObjectInfo, ObjectStore
from . import content
from .deletion import BATCH, RunDeletion
from .listed import ListedRun
from .lock import Lock, seconds_awake_or_asleep
from .outputs import objects_of
from .survey import Survey, Surveyor

_THREADS = 16
_PATIENCE = 20.0
"""Seconds to wait for the controllers of other runs. A controller gives a sign of life every 5 seconds."""
_PAUSE = 1.0
SILENT = timedelta(days=1)
"""A run in progress, or a submission, of which nothing was heard for so long is taken for abandoned."""


@dataclass(kw_only=True)
class Tally:
    """Numbers of objects and bytes."""

    objects: int = 0
    bytes: int = 0


@dataclass(kw_only=True)
class Findings:
    """The runs and objects that can be deleted, or were."""

    survey: Survey
    runs: dict[str, Tally] = field(default_factory=dict)
    """The records of each run."""
    outputs: dict[str, Tally] = field(default_factory=dict)
    """The outputs of each run."""
    content: list[ObjectInfo] = field(default_factory=list)
    held: str = ""
    """The reason why no run was deleted although some can be; empty: there is none."""
    problems: list[str] = field(default_factory=list)
    """The runs whose deletion has begun and was refused."""


@dataclass(kw_only=True)
class Collector:
    """Finds and deletes what nothing needs."""

    surveyor: Surveyor
    pause: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = seconds_awake_or_asleep
    threads: int = _THREADS

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""
        return self.surveyor.store

    def plan(self) -> Findings:
        """Return what can be deleted now; nothing is changed. Raises BadInput, StoreError."""
        with self._pool() as pool:
            return self._planned(pool)

    def _planned(self, pool: ThreadPoolExecutor | None) -> Findings:
        survey = self.surveyor.look()
        found = Findings(survey=survey)
        sizes = list((pool.map if pool else map)(lambda run: self._size(survey, run), survey.leaving))
        for run, size in zip(survey.leaving, sizes, strict=True):
            one = survey.listed(run)
            found.runs[run], found.outputs[run] = Tally(objects=one.objects, bytes=one.bytes), size
        digests = self.surveyor.digests(survey, without=survey.leaving)
        found.content = list(content.unneeded(self.store, digests, survey.known.now))
        return found

    def _size(self, survey: Survey, run: str) -> Tally:
        found = [info.size for _, info in objects_of(self.surveyor.datastores, run, survey.leaving[run])]
        return Tally(objects=len(found), bytes=sum(found))

    def collect(self) -> Findings:
        """Delete what can be deleted, and return that. Raises BadInput, RunTaken, StoreError."""
        lock = Lock(store=self.store, monotonic=self.monotonic)
        lock.take()
        try:
            with self._pool() as pool:
                return self._collected(lock, pool)
        finally:
            lock.give_up()

    def _collected(self, lock: Lock, pool: ThreadPoolExecutor | None) -> Findings:
        self.store.delete(announcements.DELETING)  # of one that was killed
        first = self.surveyor.look()
        for run in first.condemned - first.leaving.keys():
            retention.reprieve(self.store, run)  # an interrupted collection has left the mark
        waiting = [run for run in first.leaving if run not in first.unfinished]
        done = Findings(survey=first)
        going = self._condemned(done, waiting, lock, pool) if waiting else set()
        self._delete(done, [*sorted(first.unfinished), *sorted(going)], lock, pool)
        last = self.surveyor.look()
        old = list(content.unneeded(self.store, self.surveyor.digests(last), last.known.now))
        sweep = content.ContentSweep(store=self.store, renew_lock=lock.renew, monotonic=self.monotonic, pool=pool)
        done.content = sweep.delete(old, last.known.now)
        return done

    def _condemned(
        self, done: Findings, runs: Collection[str], lock: Lock, pool: ThreadPoolExecutor | None
    ) -> set[str]:
        """Return those of the runs whose deletion is safe, marked so; the others are reprieved."""
        self._each(pool, lock, runs, lambda run: retention.condemn(self.store, run))
        self._forget_results(done.survey, runs, lock, pool)
        since = self.store.now()
        done.held = self._unsettled(done.survey, since)
        now = self.surveyor.look()
        named = {entry.run for entry in self.surveyor.entries_naming(now.leaving)}
        going = set() if done.held else {run for run in runs if run in now.leaving and run not in named}
        self._each(pool, lock, [run for run in runs if run not in going], self._reprieve)
        lock.check()
        # The newest first: one that refers to another one's outputs is marked before these go.
        self._each(pool, lock, sorted(going, reverse=True), lambda run: retention.condemn(self.store, run, final=True))
        done.survey = now
        return going

    def _delete(self, done: Findings, runs: Sequence[str], lock: Lock, pool: ThreadPoolExecutor | None) -> None:
        """Delete runs that are finally condemned, and count them."""
        deletion = RunDeletion(
            store=self.store,
            datastores=self.surveyor.datastores,
            each=lambda items, act: self._each(pool, lock, items, act),
            pool=pool,
        )
        for at in range(0, len(runs), BATCH):
            lock.check()
            outputs, problems = deletion.delete(done.survey, runs[at : at + BATCH])
            done.problems += problems
            for run, found in outputs.items():
                one = done.survey.listed(run)
                done.runs[run] = Tally(objects=one.objects, bytes=one.bytes)
                done.outputs[run] = Tally(objects=len(found), bytes=sum(info.size for _, info in found))

    def _reprieve(self, run: str) -> None:
        retention.reprieve(self.store, run)

    def _forget_results(
        self, survey: Survey, runs: Collection[str], lock: Lock, pool: ThreadPoolExecutor | None
    ) -> None:
        """Delete the reuse entries that name outputs of the runs."""
        outputs = {run: survey.leaving[run] for run in runs}
        named = self.surveyor.entries_naming(outputs)
        self._each(pool, lock, [entry.info.key for entry in named], self.store.delete)

    def _unsettled(self, survey: Survey, since: datetime) -> str:
        """Wait for runs that may rely on something that they have not journaled. Return the reason to stop, if any."""
        end = self.monotonic() + _PATIENCE
        while True:
            now = self.store.now()
            runs = self.surveyor.in_progress(survey)
            found = next((why for one in runs.values() if (why := _unsettled(one, since, now))), "")
            if not found or self.monotonic() >= end:
                return found
            self.pause(_PAUSE)

    def _each(
        self, pool: ThreadPoolExecutor | None, lock: Lock, items: Collection[str], act: Callable[[str], None]
    ) -> None:
        """Call `act` for each item, in a bucket for several at a time. Raises RunTaken, StoreError."""
        known = list(items)
        for at in range(0, len(known), 16 * _THREADS):
            lock.renew()
            batch = known[at : at + 16 * _THREADS]
            for _ in pool.map(act, batch) if pool else map(act, batch):
                pass

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor | None]:
        if isinstance(self.store, FolderStore) or self.threads == 1:
            yield None
            return
        with ThreadPoolExecutor(self.threads) as pool:
            self.surveyor.pool = pool
            try:
                yield pool
            finally:
                self.surveyor.pool = None


def _unsettled(one: ListedRun, since: datetime, now: datetime) -> str:
    """Return why a run that has not ended may rely on something unknown; empty if it does not.

    Times of buckets are whole seconds, so a sign of life counts when it is more than a second later than `since`.
    """
    age = now - datetime.fromtimestamp(one.modified, timezone.utc)
    if not one.begun:
        return f"run {short(one.run)} is being submitted" if age < SILENT else ""
    if one.head > since.timestamp() + 1 or age > SILENT:
        return ""
    return f"run {short(one.run)} has not ended, and its controller gives no sign of life"
