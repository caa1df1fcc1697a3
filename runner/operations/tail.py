"""The output of a run's steps as it comes, several steps at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..control.progress import keys_of
from ..model.events import JournalEntry
from ..model.status import STEP_ENDS
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs.records import attempt_behind
from .values import RunView
from .watch import LogFollower


@dataclass
class LogTail:
    """Reads what is new of the newest attempt of each step, or of one step."""

    store: ObjectStore
    only: str = ""
    """A step's key; empty: all steps."""
    _followers: dict[TaskId, LogFollower] = field(default_factory=dict)
    _read: set[TaskId] = field(default_factory=set)
    _changed: dict[str, None] | None = None
    """Keys of the steps that something was told of since the last look; None: it was the first."""

    def hear(self, entries: Iterable[JournalEntry]) -> None:
        """These are new in the journal: a look costs what they tell of and what is under way, never all steps."""
        if self._changed is not None:
            self._changed.update(dict.fromkeys(key for entry in entries for key in keys_of(entry.events)))

    def lines(self, view: RunView) -> Iterator[tuple[str, str]]:
        """Step key and line of all that was written since the last call; steps that ended are read to their end.

        The output of a reused step is that of its origin, and told when the step is asked for by name.
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
        follower = self._followers.setdefault(task, LogFollower(self.store, task))
        final = view.state.steps[key].status in STEP_ENDS
        found = tuple(follower.lines(final=final))
        if final:
            self._read.add(task)
            del self._followers[task]
        yield from ((key, line) for line in found)

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
            return attempt_behind(self.store, step.origin)
        return TaskId(view.state.run, key, step.attempt) if step.attempt else None

    def rest(self) -> Iterator[tuple[str, str]]:
        """Unfinished last lines of steps that still run."""
        for task, follower in self._followers.items():
            yield from ((task.key, line) for line in follower.lines(final=True))
