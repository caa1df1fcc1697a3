"""A store and a target through which a controller can be killed before or after any effect it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from runner.errors import Problem, StoreDenied, StoreUnreachable, TargetDenied, TargetUnreachable
from runner.model.data_access import DataAccess
from runner.model.observation import Observation
from runner.model.task import Task, TaskId
from runner.override import override
from runner.ports import ComputeTarget, ObjectInfo, ObjectStore

P = ParamSpec("P")
T = TypeVar("T")


if TYPE_CHECKING:
    Errors = tuple[type[Exception], type[Exception]]
"""What no answer and a refusal are called."""
STORE: Errors = (StoreUnreachable, StoreDenied)
TARGET: Errors = (TargetUnreachable, TargetDenied)


class Killed(BaseException):
    """What SIGKILL is to a process: nothing of ours catches it."""


@dataclass
class Life:
    """One controller's: it ends, or meets trouble, at instants counted over effects, two to each."""

    end: int = 0
    """The instant of its death: odd ones lie before an effect, even ones after it; 0: none."""
    trouble: frozenset[int] = frozenset()
    """Instants at which the store or the target cannot be reached."""
    refusals: frozenset[int] = frozenset()
    """Instants before an effect at which they refuse the credentials: nothing is done then."""
    deaf: frozenset[int] = frozenset()
    """Reads, counted on their own, that get no answer."""
    meanwhile: Mapping[int, Callable[[], None]] = field(default_factory=dict)
    """What happens elsewhere while this one is stopped (SIGSTOP) at an instant."""
    instant: int = 0
    looks: int = 0
    dead: bool = False

    def effect(self, errors: Errors, act: Callable[[], T]) -> T:
        """Do `act`, unless life ends before it; life may also end after it."""
        self._pass(errors)
        if self.instant in self.refusals:
            raise errors[1](f"refused at instant {self.instant}: the credentials have expired")
        done = act()
        self._pass(errors)
        return done

    def look(self, errors: Errors, act: Callable[[], T]) -> T:
        """Do `act`, which changes nothing."""
        self.looks += 1
        if self.looks in self.deaf:
            raise errors[0](f"no answer at look {self.looks}")
        return act()

    def _pass(self, errors: Errors) -> None:
        self.instant += 1
        self.meanwhile.get(self.instant, _nothing)()
        self.dead = self.dead or self.instant == self.end
        if self.dead:
            raise Killed
        if self.instant in self.trouble:
            raise errors[0](f"no answer at instant {self.instant}")


def _nothing() -> None:
    """What happens at most instants."""


@dataclass
class MortalStore:
    """ports.ObjectStore; each write is an effect."""

    store: ObjectStore
    life: Life

    def get(self, key: str) -> bytes:
        return self.life.look(STORE, lambda: self.store.get(key))

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        return self.life.look(STORE, lambda: self.store.read_range(key, start, length, etag))

    def put(self, key: str, data: bytes) -> None:
        self.life.effect(STORE, lambda: self.store.put(key, data))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self.life.effect(STORE, lambda: self.store.put_if_absent(key, data))

    def stat(self, key: str) -> ObjectInfo | None:
        return self.life.look(STORE, lambda: self.store.stat(key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        return self.life.look(STORE, lambda: self.store.list(prefix, after=after))

    def delete(self, key: str) -> None:
        self.life.effect(STORE, lambda: self.store.delete(key))

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        self.life.effect(STORE, lambda: self.store.upload(key, path, digest))

    def download(self, key: str, path: Path) -> None:
        self.life.look(STORE, lambda: self.store.download(key, path))

    def copy(self, source: str, target: str) -> None:
        self.life.effect(STORE, lambda: self.store.copy(source, target))

    def now(self) -> datetime:
        return self.store.now()


@dataclass
class MortalTarget:
    """ports.ComputeTarget; whatever changes the world is an effect."""

    target: ComputeTarget
    life: Life
    name: str = field(default="")

    @property
    def capacity(self) -> int:
        return self.target.capacity

    def start(self, task: Task) -> str:
        return self.life.effect(TARGET, lambda: self.target.start(task))

    def begun(self, task: TaskId) -> str:
        return self.life.look(TARGET, lambda: self.target.begun(task))

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        return self.life.look(TARGET, lambda: self.target.observe(run))

    def wait(self, seconds: float) -> None:
        self.target.wait(seconds)

    def begin_stop(self, task: TaskId, uid: str) -> None:
        self.life.effect(TARGET, lambda: self.target.begin_stop(task, uid))

    def stop(self, task: TaskId, uid: str) -> None:
        self.life.effect(TARGET, lambda: self.target.stop(task, uid))

    def keep_reports(self, task: TaskId) -> None:
        self.life.effect(TARGET, lambda: self.target.keep_reports(task))

    def remove(self, task: TaskId, uid: str) -> None:
        self.life.effect(TARGET, lambda: self.target.remove(task, uid))

    def finish(self, run: str) -> None:
        self.life.effect(TARGET, lambda: self.target.finish(run))

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:
        return self.target.problems(gangs=gangs)

    def data_access(self) -> DataAccess:
        return self.life.look(TARGET, self.target.data_access)

    def close(self) -> None:
        self.target.close()


class InlineExecutor(Executor):
    """Does its work at once, in the caller's thread, so that effects have an order."""

    @override
    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        done: Future[T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller asks the future for it
            done.set_exception(error)
        return done
