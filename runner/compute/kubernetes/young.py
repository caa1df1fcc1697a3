"""The commits of attempts that have just begun, asked of the store itself.

The kubelet looks at its containers once a second, so a watch tells of an end up to a second late. To a
step of half a second that is everything, to one of a minute nothing: the store is asked often at first,
ever more seldom, and no more when it could save less than that second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from ...errors import StoreError
from ...model.task import TaskId
from ...ports import ObjectStore
from ...runs import records
from .interpret import Traces

FIRST_PAUSE = 0.1
_SHARE = 20.0
"""An attempt of this many seconds is asked about once a second, and from then on not at all."""
_AT_ONCE = 8
"""Most asked about in one look, whoever is due longest first: a thousand beginnings must not hold up a tick."""
_BREATH = 0.02
"""Seconds between two looks at least: at most 400 requests of the store a second."""


@dataclass
class _Young:
    running: bool
    since: float
    due: float


class YoungAttempts:
    """Attempts whose commit may be there before the cluster says so."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._young: dict[TaskId, _Young] = {}
        self._found: dict[TaskId, Traces] = {}
        self._looked = 0.0

    def follow(self, live: Mapping[TaskId, bool]) -> None:
        """Ask about these from now on; True: seen running, where its youth begins anew."""
        now = monotonic()
        for task, running in live.items():
            known = self._young.get(task)
            if known is None or running > known.running:
                self._young[task] = _Young(running, now, now + FIRST_PAUSE)
        for task in self._young.keys() - live.keys():
            del self._young[task]

    def found(self, task: TaskId) -> Traces | None:
        """What the attempt has left, if its commit was found."""
        return self._found.get(task)

    def forget(self, task: TaskId) -> None:
        """Its outcome is known to whoever asks."""
        self._young.pop(task, None)
        self._found.pop(task, None)

    def pause(self) -> float | None:
        """Seconds until `look` has something to do; None: nothing."""
        now = monotonic()
        dues = [young.due for young in self._young.values() if now - young.since < _SHARE]
        return max(0.0, min(dues) - now, self._looked + _BREATH - now) if dues else None

    def look(self) -> bool:
        """Ask about those that are due; whether a commit was found."""
        now = monotonic()
        due = [task for task, young in self._young.items() if young.due <= now < young.since + _SHARE]
        found = False
        for task in sorted(due, key=lambda task: self._young[task].due)[:_AT_ONCE]:
            found = self._ask(task) or found
            self._young[task].due = monotonic() + max(FIRST_PAUSE, (now - self._young[task].since) / _SHARE)
        self._looked = monotonic()
        return found

    def _ask(self, task: TaskId) -> bool:
        if task in self._found:
            return False
        try:
            commit = records.committed(self._store, task)
            if commit is None:
                return False
            self._found[task] = Traces(records.read_record(self._store, commit.record), commit.outputs, commit.attempt)
        except StoreError:
            # Only a shortcut: what stands against the store shows where it is needed.
            return False
        return True
