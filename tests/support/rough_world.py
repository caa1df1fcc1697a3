"""A world in which much goes wrong: zombies, stale watches, deletions that drag on, and clocks that jump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from runner.model.observation import Observation, Phase
from runner.model.quantity import exceeds
from runner.model.resources import Resources
from runner.model.task import Task, TaskId
from runner.override import override
from runner.runs import records
from tests.support.fake_target import Ending, FakeAttempt, FakeTarget, World

NIGHT = 8 * 3600.0
"""Seconds a laptop sleeps."""
PATIENCE = 3000
"""Waits after which a run that has not ended never will."""
_LATE = 3
"""Waits until a zombie commits."""


class Jump(NamedTuple):
    """What clocks do between two waits."""

    seconds: float
    monotonic: bool = False
    """Whether the monotonic clock goes on too, as it does in sleep on some systems."""
    elsewhere: bool = False
    """Whether the target goes on, as a cluster does while a laptop sleeps."""


@dataclass
class RoughWorld(World):
    """A `World` with a script of misfortunes, counted in waits."""

    jumps: Mapping[int, Jump] = field(default_factory=dict)
    cancels: Mapping[int, str] = field(default_factory=dict)
    """Waits after which somebody asks for the end of a run."""
    zombies: list[FakeAttempt] = field(default_factory=list)
    after_cancel: list[TaskId] = field(default_factory=list)
    """Attempts whose script was started although a cancel had been asked for."""
    together: set[tuple[TaskId, TaskId]] = field(default_factory=set)
    """An attempt whose script started, and another of its step whose script had started and not ended."""

    @override
    def pass_time(self, seconds: float) -> None:
        super().pass_time(seconds)
        if self.waits > PATIENCE:
            raise AssertionError("the run does not end")
        self._haunt()
        if self.waits in self.cancels:
            records.cancel(self.store, self.cancels[self.waits])
        jump = self.jumps.get(self.waits)
        if jump is not None:
            (self.clock.advance if jump.monotonic else self.clock.jump)(jump.seconds)
            for _ in range(10 if jump.elsewhere else 0):
                super().pass_time(0.0)

    @override
    def run_script(self, attempt: FakeAttempt) -> None:
        before = self.executions[attempt.task.id]
        if attempt.ending is Ending.OOM and exceeds(attempt.task.resources.memory, Resources().memory):
            attempt.ending = Ending.SUCCEEDS
        super().run_script(attempt)
        if self.executions[attempt.task.id] == before:
            return
        mine = attempt.task.id
        if records.canceled(self.store, mine.run):
            self.after_cancel.append(mine)
        for other in (*self.attempts.values(), *self.zombies):
            theirs = other.task.id
            running = other.phase is Phase.RUNNING or other in self.zombies
            if running and other is not attempt and (theirs.run, theirs.key) == (mine.run, mine.key):
                self.together.add((mine, theirs))

    @override
    def end(self, attempt: FakeAttempt) -> None:
        super().end(attempt)
        if attempt.ending is Ending.ZOMBIE:
            ghost = FakeAttempt(attempt.task, attempt.uid, _LATE, Ending.SUCCEEDS, attempt.started)
            self.zombies.append(ghost)

    def _haunt(self) -> None:
        for ghost in tuple(self.zombies):
            ghost.stages -= 1
            if ghost.stages <= 0:
                self.zombies.remove(ghost)
                self.write_end(ghost, None)

    def settle_down(self) -> None:
        """Let all that is still on its way come to its end."""
        for _ in range(20):
            super().pass_time(1.0)
            self._haunt()


@dataclass
class RoughTarget(FakeTarget):
    """One controller's view of a `RoughWorld`: stale at times, and slow to delete."""

    stale: range = range(0)
    """Looks, of this controller's, that show what the one before them showed; and what it started itself."""
    empty: frozenset[int] = frozenset()
    """Looks that show nothing at all."""
    lingers: int = 0
    """How often an attempt has to be stopped until it is gone: a finalizer, a kubelet that does not answer."""
    asked: dict[TaskId, int] = field(default_factory=dict)
    looks: int = 0
    last: Mapping[TaskId, Observation] = field(default_factory=dict)
    mine: dict[TaskId, str] = field(default_factory=dict)

    @override
    def start(self, task: Task) -> str:
        uid = super().start(task)
        self.mine[task.id] = uid
        return uid

    @override
    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        self.looks += 1
        if self.looks in self.empty:
            return {}
        if self.looks in self.stale:
            young = {task: Observation(phase=Phase.PENDING, uid=uid) for task, uid in self.mine.items()}
            return {**young, **self.last}
        self.last = super().observe(run)
        return self.last

    @override
    def stop(self, task: TaskId, uid: str) -> None:
        known = self.world.attempts.get(task)
        if known is None or known.uid != uid:
            return
        if known.ending is Ending.COMMITS_ON_STOP and known.phase is Phase.RUNNING:
            self.world.write_end(known, None)
        self.asked[task] = self.asked.get(task, 0) + 1
        if self.asked[task] > self.lingers:
            super().stop(task, uid)
            self.mine.pop(task, None)

    @override
    def remove(self, task: TaskId, uid: str) -> None:
        if self.world.attempts.get(task, None) is not None and self.asked.get(task, 0) == 0 and self.lingers:
            self.asked[task] = 1
            return
        super().remove(task, uid)
        self.mine.pop(task, None)
