"""The output of a run's steps as it is written, for several steps at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..control.progress import keys_of
from ..model.events import JournalEntry
from ..model.status import STEP_ENDS
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs.records import committing_attempt
from .log_following import ALL, LogFollower, LogPart
from .values import RunView


@dataclass(kw_only=True)
class LogTail:
    """Reads new output of the newest attempt of each step, or of one step."""

    store: ObjectStore
    only: str = ""
    """The key of the only step to read; empty: all steps."""
    worker: int = 0
    """The index of the worker whose output is read."""
    part: LogPart = ALL
    """The part of each log that is read."""
    _followers: dict[TaskId, LogFollower] = field(default_factory=dict)
    _read: set[TaskId] = field(default_factory=set)
    _changed: dict[str, None] | None = None
    """Keys of the steps with journal entries since the last read; None before the first."""

    def hear(self, entries: Iterable[JournalEntry]) -> None:
        """Note new journal entries, so that the next read only looks at changed and running steps."""
        if self._changed is not None:
            self._changed.update(dict.fromkeys(key for entry in entries for key in keys_of(entry.events)))

    def lines(self, view: RunView) -> Iterator[tuple[str, str]]:
        """Yield step key and line of all output written since the last call. Ended steps are read to their end.

        A reused step has the output of its original attempt. It is read only if the step is asked for by name.
        """
        todo = list(self._looked_at(view))
        self._changed = dict.fromkeys(todo)  # a look that the store interrupts is made again
        for key in todo:
            yield from self._lines_of(view, key)
            self._changed.pop(key, None)

    def _lines_of(self, view: RunView, key: str) -> Iterator[tuple[str, str]]:
        task = self._task(view, key)
        if task is None or task in self._read:
            return
        follower = self._followers.setdefault(task, self._follower(task))
        final = view.state.steps[key].status in STEP_ENDS
        yield from ((key, line) for line in follower.lines(final=final))
        if final:
            self._read.add(task)
            del self._followers[task]

    def _follower(self, task: TaskId) -> LogFollower:
        return LogFollower(store=self.store, task=task, worker=self.worker, part=self.part)

    def _looked_at(self, view: RunView) -> Iterable[str]:
        changed = self._changed
        if self.only:
            return (self.only,)
        if changed is None:
            return view.state.steps
        return {**dict.fromkeys(task.key for task in self._followers), **changed}

    def _task(self, view: RunView, key: str) -> TaskId | None:
        step = view.state.steps[key]
        if step.origin and self.only == key:
            return committing_attempt(self.store, step.origin)
        return TaskId(view.state.run, key, step.attempt) if step.attempt else None

    def rest(self) -> Iterator[tuple[str, str]]:
        """Yield the unfinished last lines of steps that still run."""
        for task, follower in self._followers.items():
            yield from ((task.key, line) for line in follower.lines(final=True))
