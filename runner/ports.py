"""The effects `runner` needs, as protocols. Each has at least a fake and a real adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol, runtime_checkable

from .dataclass import dataclass, field
from .errors import Problem
from .model.environment import NamedEnvironment
from .model.observation import Observation
from .model.task import Task, TaskId


@dataclass(frozen=True)
class ObjectInfo:
    """An object as a listing shows it."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """Changes whenever the content does."""
    modified: float = field(default=0.0, compare=False)
    """When it was written, in seconds since the epoch by the store's clock; 0: unknown. Whole seconds in buckets."""


class ObjectStore(Protocol):
    """Bytes by key, in one flat namespace, with an atomic put-if-absent.

    Keys are POSIX paths without a leading slash, ``.`` or ``..``. Errors are `StoreError`s:
    ObjectMissing, StoreDenied, StoreUnreachable. No method keeps an object half written visible.
    """

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectMissing."""

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite, atomically."""

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write unless there is an object of that key; False when there was one."""

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's facts, or None."""

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and sorts after `after`, in key order."""

    def delete(self, key: str) -> None:
        """Remove; an absent key is no error."""

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Write the file's content, atomically.

        Args:
            key: The object's.
            path: The file.
            digest: The hex SHA-256 that the bytes sent must have; empty: any.

        Raises:
            StoreError: the bytes are others, since the file has changed: nothing is written then.

        """

    def download(self, key: str, path: Path) -> None:
        """Make the object a new file at `path`; its parent exists. Raises ObjectMissing."""

    def copy(self, source: str, target: str) -> None:
        """Make `target` hold what `source` holds, atomically, without the bytes coming by. Raises ObjectMissing.

        The two are independent afterwards; a key copied onto itself stays as it is.
        """

    def now(self) -> datetime:
        """The store's own time, UTC."""


@runtime_checkable
class FolderStore(ObjectStore, Protocol):
    """An object store whose objects are files of this machine: outputs can be written in place."""

    def path(self, key: str) -> Path:
        """Where the object lies, whether it exists or not."""


class ComputeTarget(Protocol):
    """Where tasks run. Every method may be called again after a crash, and says the same."""

    name: str

    @property
    def capacity(self) -> int:
        """The most tasks it should hold at a time."""

    def start(self, task: Task) -> str:
        """Make the attempt's object (Job, process) unless it is there; its uid.

        The object found there is adopted only if it carries the task's digest. The task's
        assignment is already in the store. Raises TargetError.
        """

    def begun(self, task: TaskId) -> str:
        """Give the digest of the task with which the attempt was started; empty: it was not, as far as is known.

        Raises TargetError.
        """

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """Every attempt of the run that the target holds or has an ending of."""

    def wait(self, seconds: float) -> None:
        """Return when an observation may have changed, or after `seconds`."""

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Have it end from now on, without waiting for that: a `stop` follows, maybe later as many are to stop."""

    def stop(self, task: TaskId, uid: str) -> None:
        """Kill it and see that it leaves nothing running; an absent one is no error."""

    def remove(self, task: TaskId, uid: str) -> None:
        """Forget the ended attempt: its outcome is in the journal. Absent is no error."""

    def finish(self, run: str) -> None:
        """The run has ended: remove all that was made for it as a whole."""

    def problems(self) -> tuple[Problem, ...]:
        """What stands against using this target now: unreachable, permissions, … ; empty: nothing."""

    def close(self) -> None:
        """Let go of threads and connections; started tasks go on."""


class EnvironmentStore(Protocol):
    """Makes environments usable on one target: images, or virtual environments."""

    def find(self, environment: NamedEnvironment) -> str | None:
        """The reference, if nothing has to be made."""

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Why `ensure` could not work: checked before anything starts. Empty: it should."""

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """How it will differ from what was asked for, a line each: for people, before anything starts."""

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:
        """Make it unless it is there; a reference that `ComputeTarget.start` understands.

        `say` gets a line at a time for people. Raises EnvironmentFailed.
        """


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """UTC, aware."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
