"""A compute target in memory: attempts progress by script, one stage per wait. It passes the contract suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

from runner.data import integrity, manifest
from runner.errors import Problem, TargetError
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.data_access import DataAccess
from runner.model.digest import digest_of_bytes
from runner.model.observation import LIVE, Observation, Phase
from runner.model.record import AttemptRecord, Failure
from runner.model.task import Task, TaskId
from runner.ports import ObjectStore
from runner.runs import records
from tests.support.fake_clock import FakeClock


class Ending(Enum):
    """How an attempt ends."""

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    EVICTED = "evicted"
    """The target says that it was lost."""
    VANISHES = "vanishes"
    """The target knows nothing of it any more, and there is no record."""
    FORGOTTEN = "forgotten"
    """The target knows nothing of it any more, but it has committed."""
    HANGS = "hangs"
    DISRUPTED = "disrupted"
    """Evicted, preempted, its spot node taken back: the target says that it was by intent."""
    OOM = "oom"
    """Memory runs out, unless it has been given more than a step has by itself."""
    UNPULLABLE = "unpullable"
    """The target says that its image cannot be had; no script was started."""
    UNSCHEDULABLE = "unschedulable"
    """It waits for a place for ever."""
    STUCK = "stuck"
    """It has a place and never starts."""
    ZOMBIE = "zombie"
    """Its node is cut off: the target says that it was lost, but it goes on, and commits later."""
    COMMITS_ON_STOP = "commits on stop"
    """It hangs; told to end, it ends well."""


SAID = {
    Ending.EVICTED: (Failure.LOST, "its node is gone"),
    Ending.ZOMBIE: (Failure.LOST, "its node is gone"),
    Ending.DISRUPTED: (Failure.DISRUPTED, "it was evicted"),
    Ending.OOM: (Failure.OOM, "OOMKilled"),
    Ending.UNPULLABLE: (Failure.IMAGE, "the image cannot be pulled"),
}
"""What the target says of attempts that leave no record."""
NEVER_START = frozenset({Ending.UNSCHEDULABLE, Ending.STUCK})
NEVER_END = frozenset({*NEVER_START, Ending.HANGS, Ending.COMMITS_ON_STOP})


@dataclass
class FakeAttempt:
    """One attempt as the world has it."""

    task: Task
    uid: str
    stages: int
    """Waits until it ends; it is pending during the first one."""
    ending: Ending
    started: datetime
    phase: Phase = Phase.PENDING
    record: AttemptRecord | None = None
    elapsed: float = 0.0
    """Seconds in its phase."""

    @property
    def alive(self) -> bool:
        """Whether the target shows it as not yet ended."""
        return self.phase in LIVE


if TYPE_CHECKING:
    Script = Callable[[TaskId], tuple[Ending, int]]
"""How the attempt of that id ends, and after how many waits."""


@dataclass
class World:
    """What outlives every controller: attempts and their store."""

    store: ObjectStore
    script: Script
    clock: FakeClock = field(default_factory=FakeClock)
    attempts: dict[TaskId, FakeAttempt] = field(default_factory=dict)
    executions: Counter[TaskId] = field(default_factory=Counter)
    """How often the script of each attempt was started."""
    dropped: list[TaskId] = field(default_factory=list)
    """Attempts that were forgotten while they ran."""
    finished: set[str] = field(default_factory=set)
    waits: int = 0

    def pass_time(self, seconds: float) -> None:
        """Every attempt goes one stage on."""
        self.waits += 1
        self.clock.advance(seconds)
        for attempt in tuple(self.attempts.values()):
            if attempt.task.id.run in self.finished:
                del self.attempts[attempt.task.id]  # its owner is gone: the garbage collector's work
            elif attempt.alive:
                attempt.elapsed += seconds
                self._advance(attempt)

    def run_script(self, attempt: FakeAttempt) -> None:
        """The step is the last fence: nothing starts after a commit, an ending or a cancel."""
        task = attempt.task.id
        known = records.record_of(self.store, task)
        if known is not None and known.failure is not None:
            attempt.stages, attempt.ending = 0, Ending.FAILS
        elif records.committed(self.store, task):
            attempt.stages, attempt.ending = 0, Ending.SUCCEEDS
        elif records.canceled(self.store, task.run):
            attempt.stages, attempt.ending = 0, Ending.EVICTED
        else:
            self.executions[task] += 1

    def _advance(self, attempt: FakeAttempt) -> None:
        if attempt.phase is Phase.PENDING and attempt.ending not in NEVER_START:
            attempt.phase, attempt.elapsed = Phase.RUNNING, 0.0
            if attempt.ending is not Ending.UNPULLABLE:
                self.run_script(attempt)
        attempt.stages -= 1
        if attempt.stages <= 0 and attempt.ending not in NEVER_END:
            self.end(attempt)

    def end(self, attempt: FakeAttempt) -> None:
        """Let it end as its script says."""
        task = attempt.task
        attempt.phase = Phase.FAILED
        if attempt.ending in (Ending.SUCCEEDS, Ending.FORGOTTEN):
            attempt.phase = Phase.SUCCEEDED
            self.write_end(attempt, None)
        elif attempt.ending is Ending.FAILS:
            self.write_end(attempt, Failure.USER)
        if attempt.ending in (Ending.VANISHES, Ending.FORGOTTEN):
            del self.attempts[task.id]

    def write_end(self, attempt: FakeAttempt, failure: Failure | None) -> None:
        """Write its record, and its outputs and commit when it has not failed."""
        now, task = self.clock.now(), attempt.task
        outputs: dict[str, DataRef] = {}
        if failure is None:
            outputs = {made.name: _made(self.store, task, made.datastore, made.key) for made in task.outputs}
        reason = "the script ended with exit code 3" if failure else ""
        record = AttemptRecord(
            attempt=task.id.attempt,
            failure=failure,
            exit_code=3 if failure else 0,
            started=attempt.started,
            ended=now,
            reason=reason,
            outputs=outputs,
        )
        commit = records.finish(self.store, task, record)
        attempt.record = replace(record, attempt=commit.attempt, outputs=commit.outputs) if commit else record
        if commit is not None and commit.attempt != task.id.attempt:
            for made in task.outputs:  # another attempt was first: nobody will ever read these
                self.store.delete(made.key)


def _made(store: ObjectStore, task: Task, datastore: str, key: str) -> DataRef:
    """A lone file of what the step is, written where it belongs."""
    content = task.fingerprint.encode()
    store.put(key, content)
    described = Manifest(Kind.FILE, (Entry("", len(content), digest_of_bytes(content)),))
    etag = integrity.etag_of(store, key, described.entries)
    return DataRef(
        datastore=datastore, key=key, digest=manifest.save(store, described), files=1, bytes=len(content), etag=etag
    )


@dataclass
class FakeTarget:
    """ports.ComputeTarget: one controller's view of a `World`."""

    name: str
    world: World
    slots: int = 2
    access: DataAccess = field(default_factory=DataAccess)

    @property
    def capacity(self) -> int:
        return self.slots

    def start(self, task: Task) -> str:
        known = self.world.attempts.get(task.id)
        if known is None:
            ending, stages = self.world.script(task.id)
            uid = f"uid-{task.id.key}-{task.id.attempt}"
            known = FakeAttempt(task, uid, stages, ending, self.world.clock.now())
            self.world.attempts[task.id] = known
        elif known.task.digest != task.digest:
            raise TargetError(f"{known.uid} is not this attempt's")
        return known.uid

    def begun(self, task: TaskId) -> str:
        known = self.world.attempts.get(task)
        return known.task.digest if known is not None else ""

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        return {task: observation_of(attempt) for task, attempt in self.world.attempts.items() if task.run == run}

    def wait(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Nothing: it ends with the stop."""

    def stop(self, task: TaskId, uid: str) -> None:
        self._forget(task, uid)

    def keep_reports(self, task: TaskId) -> None:
        """Nothing: what is reported is in the store at once."""

    def remove(self, task: TaskId, uid: str) -> None:
        known = self.world.attempts.get(task)
        if known is not None and known.alive:
            self.world.dropped.append(task)
        self._forget(task, uid)

    def finish(self, run: str) -> None:
        self.world.finished.add(run)

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:  # noqa: ARG002 - nothing is asked
        return ()

    def data_access(self) -> DataAccess:
        return self.access

    def close(self) -> None:
        """Nothing is held."""

    def _forget(self, task: TaskId, uid: str) -> None:
        known = self.world.attempts.get(task)
        if known is not None and known.uid == uid:
            del self.world.attempts[task]


def observation_of(attempt: FakeAttempt) -> Observation:
    """What the target says of it."""
    record = attempt.record
    if attempt.phase is Phase.PENDING:
        placed = attempt.ending is Ending.STUCK
        reason = "no node has room" if attempt.ending is Ending.UNSCHEDULABLE else ""
        return Observation(phase=Phase.PENDING, uid=attempt.uid, reason=reason, placed=placed, elapsed=attempt.elapsed)
    if attempt.phase is Phase.RUNNING:
        return Observation(phase=Phase.RUNNING, uid=attempt.uid, started=attempt.started, elapsed=attempt.elapsed)
    if record is None:
        failure, reason = SAID[attempt.ending]
        return Observation(phase=Phase.FAILED, uid=attempt.uid, reason=reason, failure=failure)
    return Observation(
        phase=attempt.phase,
        uid=attempt.uid,
        reason=record.reason,
        failure=record.failure,
        exit_code=record.exit_code,
        started=record.started,
        ended=record.ended,
        outputs=record.outputs,
        attempt=record.attempt,
    )
