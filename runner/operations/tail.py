"""The output of a run's steps as it comes, several steps at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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

    def lines(self, view: RunView) -> Iterator[tuple[str, str]]:
        """Step key and line of all that was written since the last call; steps that ended are read to their end.

        The output of a reused step is that of its origin, and told when the step is asked for by name.
        """
        for key, step in view.state.steps.items():
            task = self._task(view, key)
            if task is None or task in self._read or self.only not in ("", key):
                continue
            follower = self._followers.setdefault(task, LogFollower(self.store, task))
            final = step.status in STEP_ENDS
            if final:
                self._read.add(task)
                del self._followers[task]
            yield from ((key, line) for line in follower.lines(final=final))

    def _task(self, view: RunView, key: str) -> TaskId | None:
        step = view.state.steps[key]
        if step.origin and self.only == key:
            return attempt_behind(self.store, step.origin)
        return TaskId(view.state.run, key, step.attempt) if step.attempt else None

    def rest(self) -> Iterator[tuple[str, str]]:
        """Unfinished last lines of steps that still run."""
        for task, follower in self._followers.items():
            yield from ((task.key, line) for line in follower.lines(final=True))
