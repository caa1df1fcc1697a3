"""A store, a target and an environment store in memory: they cost next to nothing, so figures are the controller's."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from time import monotonic, sleep

from runner.errors import ObjectMissing, Problem
from runner.model.data import DataRef
from runner.model.data_access import DataAccess
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.observation import Observation, Phase
from runner.model.plan import Plan, Submission
from runner.model.policy import DEFAULT
from runner.model.record import AttemptRecord
from runner.model.step import Argument, InputPath, InputSpec, Interpreter, OutputOf, OutputPath, OutputSpec, StepSpec
from runner.model.task import Task, TaskId
from runner.ports import ObjectInfo, ObjectStore, Prepared
from runner.runs import records

TARGET = "fake"
ENVIRONMENT = "environment"
RUN = "20260102t030405678z-aaaaaaaaaaaaaaaa"


@dataclass
class BenchStore:
    """ports.ObjectStore in memory; it counts what is asked of it, and each answer takes `seconds`."""

    seconds: float = 0.0
    objects: dict[str, bytes] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> bytes:
        """As the port says."""
        self._asked("get")
        try:
            return self.objects[key]
        except KeyError:
            raise ObjectMissing(f"no object {key!r}") from None

    def read_range(self, key: str, start: int, length: int, _etag: str = "") -> bytes:
        """As the port says."""
        return self.get(key)[start : start + length]

    def put(self, key: str, data: bytes) -> None:
        """As the port says."""
        self._asked("put")
        self.objects[key] = data

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """As the port says."""
        self._asked("put_if_absent")
        with self._lock:
            return self.objects.setdefault(key, data) is data

    def stat(self, key: str) -> ObjectInfo | None:
        """As the port says."""
        self._asked("stat")
        data = self.objects.get(key)
        return None if data is None else ObjectInfo(key, len(data), "")

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """As the port says."""
        self._asked("list")
        found = sorted(key for key in tuple(self.objects) if key.startswith(prefix) and key > after)
        return (ObjectInfo(key, len(self.objects[key]), "") for key in found)

    def delete(self, key: str) -> None:
        """As the port says."""
        self._asked("delete")
        self.objects.pop(key, None)

    def upload(self, key: str, path: Path, _digest: str = "") -> None:
        """As the port says."""
        self.put(key, path.read_bytes())

    def download(self, key: str, path: Path) -> None:
        """As the port says."""
        path.write_bytes(self.get(key))

    def copy(self, source: str, target: str) -> None:
        """As the port says."""
        self.put(target, self.get(source))

    def now(self) -> datetime:
        """The time of this machine."""
        return datetime.now(timezone.utc)

    def _asked(self, what: str) -> None:
        self.calls[what] += 1
        if self.seconds:
            sleep(self.seconds)


class Now:
    """ports.Clock: this machine's."""

    def now(self) -> datetime:
        """UTC."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Seconds."""
        return monotonic()


@dataclass
class InstantTarget:
    """ports.ComputeTarget: what was started has succeeded at the end of the next wait."""

    store: ObjectStore
    slots: int
    name: str = TARGET
    _live: dict[TaskId, Task] = field(default_factory=dict)
    _ended: dict[TaskId, Observation] = field(default_factory=dict)

    @property
    def capacity(self) -> int:
        """As asked for."""
        return self.slots

    def start(self, task: Task) -> str:
        """Take it."""
        self._live[task.id] = task
        return task.id.key

    def begun(self, task: TaskId) -> str:  # noqa: ARG002 - the port's
        """Nothing: no attempt is started twice here."""
        return ""

    def observe(self, run: str) -> Mapping[TaskId, Observation]:  # noqa: ARG002 - there is only one
        """What goes on, and what has ended and not been removed."""
        live = {task: Observation(phase=Phase.RUNNING, uid=task.key, started=_now()) for task in self._live}
        return {**live, **self._ended}

    def wait(self, seconds: float) -> None:  # noqa: ARG002 - time does not matter here
        """All that goes on ends."""
        for task in self._live.values():
            outputs = {
                made.name: DataRef(datastore=made.datastore, key=made.key, digest="d" * 64, files=1, bytes=1)
                for made in task.outputs
            }
            record = AttemptRecord(
                attempt=task.id.attempt, failure=None, exit_code=0, started=_now(), ended=_now(), outputs=outputs
            )
            records.finish(self.store, task, record)
            self._ended[task.id] = Observation(phase=Phase.SUCCEEDED, uid=task.id.key, ended=_now(), outputs=outputs)
        self._live.clear()

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Nothing: it ends with the stop."""

    def stop(self, task: TaskId, uid: str) -> None:  # noqa: ARG002 - the port's
        """Forget it."""
        self._live.pop(task, None)

    def keep_reports(self, task: TaskId) -> None:
        """Nothing: no script runs."""

    def remove(self, task: TaskId, uid: str) -> None:  # noqa: ARG002 - the port's
        """Forget it."""
        self._ended.pop(task, None)

    def finish(self, run: str) -> None:
        """Nothing is left."""

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:  # noqa: ARG002 - the port's
        """None."""
        return ()

    def data_access(self) -> DataAccess:
        """None has mounts."""
        return DataAccess()

    def close(self) -> None:
        """Nothing is held."""


class ReadyEnvironments:
    """ports.EnvironmentStore: everything is there."""

    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Always."""
        return Prepared(f"image:{environment.name}")

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:  # noqa: ARG002 - the port's
        """None."""
        return ()

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:  # noqa: ARG002 - the port's
        """None."""
        return ()

    def ensure(self, environment: NamedEnvironment, notify: Callable[[str], None]) -> Prepared:  # noqa: ARG002 - the port's
        """It is there."""
        return Prepared(f"image:{environment.name}")


def chain(length: int) -> Plan:
    """Each step reads what the one before it made."""
    return plan_of([step(number, [number - 1] if number else []) for number in range(length)])


def fan(width: int) -> Plan:
    """Steps that need nothing of one another."""
    return plan_of([step(number, []) for number in range(width)])


def grid(steps: int) -> Plan:
    """Layers of a hundred, each step reading two of the layer before."""
    wide = 100

    def needs(number: int) -> list[int]:
        above = number - wide
        return [] if above < 0 else sorted({above, above - above % wide + (above + 1) % wide})

    return plan_of([step(number, needs(number)) for number in range(steps)])


def plan_of(steps: list[StepSpec]) -> Plan:
    """A locked plan."""
    return Plan(steps=tuple(steps), environments={ENVIRONMENT: NamedEnvironment(ENVIRONMENT, EnvironmentSpec())})


def step(number: int, needs: list[int]) -> StepSpec:
    """A step of a plan of thousands, as large as they are in practice."""
    inputs = tuple(InputSpec(name=f"from{need}", source=OutputOf(f"step{need:05d}", "out")) for need in needs)
    paths = (InputPath(one.name) for one in inputs)
    command: tuple[Argument, ...] = (Interpreter(), "train.py", "--size", "3", *paths, OutputPath("out"))
    key = f"step{number:05d}"
    return StepSpec(
        key=key,
        name=key,
        command=command,
        environment=ENVIRONMENT,
        compute="cluster",
        snapshot="5" * 64,
        inputs=inputs,
        outputs=(OutputSpec(name="out"),),
        variables={"NUMBER": str(number)},
        policy=DEFAULT,
    )


def submission(plan: Plan, digest: str, *, again: bool = False) -> Submission:
    """`again`: equal steps of earlier runs are not looked for."""
    targets = {one.key: TARGET for one in plan.steps}
    return Submission(plan=digest, experiment="benchmark", targets=targets, user="somebody", regenerate_outputs=again)


def _now() -> datetime:
    return datetime.now(timezone.utc)
