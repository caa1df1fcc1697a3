"""A poller that finds commits of short attempts in the store before the cluster reports their end.

The kubelet checks its containers once a second, so a watch reports an end up to a second late. For a step of half a
second that is much, for one of a minute nothing. So the store is polled often at first, then ever less often, and no
more when the poll could not save that second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from ...errors import StoreError
from ...model.task import TaskId
from ...ports import ObjectStore
from ...runs import records
from .interpret import StoredResult

FIRST_PAUSE = 0.1
_SHARE = 20.0
"""Seconds of an attempt's run time from which on it is not polled any more. Until then the interval grows to 1 s."""
_MOST_AT_ONCE = 8
"""Attempts in one poll, the longest overdue first. A thousand new attempts must not delay a tick."""
_SHORTEST_PAUSE = 0.02
"""Minimum seconds between two polls: at most 400 requests to the store per second."""


@dataclass
class _Polled:
    running: bool
    since: float
    due: float


class EarlyCommitPoller:
    """Attempts whose commit may be in the store before the cluster reports it."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._polled: dict[TaskId, _Polled] = {}
        self._found: dict[TaskId, StoredResult] = {}
        self._polled_at = 0.0

    def follow(self, live: Mapping[TaskId, bool]) -> None:
        """Poll these attempts from now on. True: the attempt runs; its interval starts again at the shortest."""
        now = monotonic()
        for task, running in live.items():
            known = self._polled.get(task)
            if known is None or running > known.running:
                self._polled[task] = _Polled(running, now, now + FIRST_PAUSE)
        for task in self._polled.keys() - live.keys():
            del self._polled[task]

    def found(self, task: TaskId) -> StoredResult | None:
        """Return the stored result of the attempt, if its commit was found."""
        return self._found.get(task)

    def forget(self, task: TaskId) -> None:
        """Drop the attempt: its result is known."""
        self._polled.pop(task, None)
        self._found.pop(task, None)

    def pause(self) -> float | None:
        """Return the seconds until the next poll is due; None if there is nothing to poll."""
        now = monotonic()
        dues = [polled_attempt.due for polled_attempt in self._polled.values() if now - polled_attempt.since < _SHARE]
        return max(0.0, min(dues) - now, self._polled_at + _SHORTEST_PAUSE - now) if dues else None

    def poll(self) -> bool:
        """Read the commits of attempts that are due. Return True if one was found."""
        now = monotonic()
        due = [
            task
            for task, polled_attempt in self._polled.items()
            if polled_attempt.due <= now < polled_attempt.since + _SHARE
        ]
        found = False
        for task in sorted(due, key=lambda task: self._polled[task].due)[:_MOST_AT_ONCE]:
            found = self._ask(task) or found
            self._polled[task].due = monotonic() + max(FIRST_PAUSE, (now - self._polled[task].since) / _SHARE)
        self._polled_at = monotonic()
        return found

    def _ask(self, task: TaskId) -> bool:
        if task in self._found:
            return False
        try:
            commit = records.committed(self._store, task)
            if commit is None:
                return False
            self._found[task] = StoredResult(
                records.read_record(self._store, commit.record), commit.outputs, commit.attempt
            )
        except StoreError:
            # This is only a shortcut: a broken store is reported where it is needed.
            return False
        return True
