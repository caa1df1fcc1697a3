"""The effects that `runner` needs, as protocols. Each has at least a fake and a real adapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Callable, Protocol, runtime_checkable

from .dataclass import dataclass, field
from .errors import Problem
from .model.credentials import Credentials
from .model.data_access import DataAccess
from .model.environment import NamedEnvironment
from .model.grants import Grants
from .model.observation import Observation
from .model.task import Task, TaskId

Notify = Callable[[str], None]
"""Receives one line of progress or a warning, for people."""


@dataclass(frozen=True)
class ObjectInfo:
    """An object in a listing."""

    key: str
    size: int
    """Bytes."""
    etag: str
    """A text that changes whenever the content does."""
    modified: float = field(default=0.0, compare=False)
    """Seconds since the epoch of the last write, by the store's clock; 0: unknown. Whole seconds in buckets."""


class ObjectStore(Protocol):
    """Bytes by key, in one flat namespace, with an atomic put-if-absent.

    Keys are POSIX paths without a leading slash, ``.`` or ``..``. Errors are `StoreError`s:
    ObjectMissing, StoreDenied, StoreUnreachable. No method makes a partly written object visible.
    """

    def get(self, key: str) -> bytes:
        """Return the bytes of an object.

        Args:
            key: The object's key.

        Raises:
            ObjectMissing: There is no such object.
        """

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """Return a part of an object's bytes.

        Args:
            key: The object's key.
            start: The offset of the first byte, from 0.
            length: The most bytes. Fewer are returned only at the object's end, and none behind it.
            etag: The `ObjectInfo.etag` that the object must have. Default: empty, any.

        Raises:
            ObjectMissing: There is no such object.
            ObjectChanged: It has another etag.
            ValueError: `start` or `length` is negative.
        """

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite an object, atomically.

        Args:
            key: The object's key.
            data: Its bytes.
        """

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write an object unless there is one of that key, atomically.

        Args:
            key: The object's key.
            data: Its bytes.

        Returns:
            True if it was written; False if there was one.
        """

    def stat(self, key: str) -> ObjectInfo | None:
        """Return the facts of an object, or None if there is none.

        Args:
            key: The object's key.
        """

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix, in the order of their keys.

        Args:
            prefix: The beginning of the keys.
            after: Only keys that sort after this one. Default: empty, all.
        """

    def delete(self, key: str) -> None:
        """Delete an object; an absent one is no error.

        Args:
            key: The object's key.
        """

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Write the content of a file, atomically.

        Args:
            key: The object's key.
            path: The file.
            digest: The hex SHA-256 that the sent bytes must have. Default: empty, any.

        Raises:
            StoreError: The bytes differ, since the file has changed: nothing is written then.
        """

    def download(self, key: str, path: Path) -> None:
        """Write an object to a new file, whose folder exists.

        Args:
            key: The object's key.
            path: The file.

        Raises:
            ObjectMissing: There is no such object.
        """

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside the store, atomically.

        The two are independent afterwards; a key copied onto itself stays as it is.

        Args:
            source: The key of the object.
            target: The key of the copy.

        Raises:
            ObjectMissing: There is no object at `source`.
        """

    def now(self) -> datetime:
        """Return the store's own time, in UTC."""


@runtime_checkable
class FolderStore(ObjectStore, Protocol):
    """An object store whose objects are files of this machine: outputs can be written in place."""

    def path(self, key: str) -> Path:
        """Return the path of an object, which need not exist.

        Args:
            key: The object's key.
        """

    def read_into(self, key: str, descriptor: int) -> None:
        """Write an object's bytes to an open file of the caller's, from its start.

        Args:
            key: The object's key.
            descriptor: The file's descriptor.

        Raises:
            ObjectMissing: There is no such object.
        """

    def put_both(self, key: str, other: str, data: bytes) -> bool:
        """Write an object unless it exists, and then write or overwrite another, if possible as two names of one file.

        Args:
            key: The key of the object that must not exist.
            other: The key of the other object.
            data: The bytes of both.

        Returns:
            False if `key` exists; `other` stays as it was.
        """


class ComputeTarget(Protocol):
    """A place in which tasks run. Every method may be called again after a crash, with the same result."""

    name: str

    @property
    def capacity(self) -> int:
        """The greatest number of tasks at the same time."""

    def start(self, task: Task) -> str:
        """Create the attempt's object (Job, process) unless it exists, and return its uid.

        An existing object is adopted only if it has the task's digest. The task's assignment is already in the store.

        Args:
            task: The task.

        Raises:
            TargetError: The object cannot be created.
        """

    def begun(self, task: TaskId) -> str:
        """Return the digest of the task with which an attempt was started; empty: no start is known.

        Args:
            task: The attempt.

        Raises:
            TargetError: The target cannot be reached.
        """

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """Return every attempt of a run that the target runs, or of which it has the end.

        Args:
            run: The run's id.
        """

    def wait(self, seconds: float) -> None:
        """Return when an observation may have changed, or when the time is over.

        Args:
            seconds: The longest wait.
        """

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Start to stop an attempt, without waiting for its end. A `stop` follows later.

        Args:
            task: The attempt.
            uid: The uid of its object.
        """

    def stop(self, task: TaskId, uid: str) -> None:
        """Stop an attempt, and wait until nothing of it runs; an absent one is no error.

        Args:
            task: The attempt.
            uid: The uid of its object.
        """

    def keep_reports(self, task: TaskId) -> None:
        """Store what the script of a running attempt has reported so far, unless the attempt does so by itself.

        Args:
            task: The attempt; an absent one is no error.
        """

    def remove(self, task: TaskId, uid: str) -> None:
        """Delete the object of an ended attempt, whose outcome is in the journal; an absent one is no error.

        Args:
            task: The attempt.
            uid: The uid of its object.
        """

    def finish(self, run: str) -> None:
        """Delete the objects that were made for a run as a whole: it has ended.

        Args:
            run: The run's id.
        """

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:
        """Return the problems that prevent a use of this target now: unreachable, permissions and the like.

        Args:
            gangs: True if a step has several workers that talk to each other.
        """

    def data_access(self) -> DataAccess:
        """Return the ways in which steps of this target can get their inputs now.

        It is called before every start of an attempt that has inputs, so an answer may be a minute old.

        Raises:
            TargetError: The target cannot be reached.
        """

    def close(self) -> None:
        """Close threads and connections. Started tasks go on."""


@dataclass(frozen=True)
class Prepared:
    """An environment that can be used on a target."""

    reference: str
    """The image or the interpreter, as `ComputeTarget.start` understands it. Images by digest where there is one."""
    lock: str = ""
    """The digest of the lock that was installed. Empty: nothing was installed from a lock."""


class EnvironmentStore(Protocol):
    """Makes environments usable on one target: images, or virtual environments."""

    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return an environment if nothing has to be made, else None.

        Args:
            environment: The environment.
        """

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the problems because of which `ensure` could not work. It is called before anything starts.

        Args:
            environment: The environment.
        """

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """Return a line for people for each difference from the requested environment, before anything starts.

        Args:
            environment: The environment.
        """

    def ensure(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        """Make an environment unless it exists, and return it.

        Args:
            environment: The environment.
            notify: A function that gets a line at a time for people.

        Raises:
            EnvironmentFailed: It cannot be made.
        """


@dataclass(frozen=True, kw_only=True)
class StoredEnvironment:
    """An environment that exists on a target: an image, or a virtual environment."""

    reference: str
    """Its name."""
    names: frozenset[str]
    """All references under which runs may know it."""
    place: str
    """The place for people: ``folder``, ``Docker engine``, ``registry``, names of nodes."""
    environment: str = ""
    """The digest of the specification for which it was made first; empty: unknown."""
    lock: str = ""
    """The digest of its lock; empty: it has none, or it is unknown."""
    base: str = ""
    """The base image with its digest; empty: it has none, or it is unknown."""
    size: int = 0
    """Bytes; 0: unknown."""
    made: datetime | None = None
    used: datetime | None = None
    """The last time at which it was made or found, as far as that is known."""
    busy: str = ""
    """The reason why it cannot be removed now; empty: there is none."""
    complete: bool = True
    """False: its making was interrupted, or goes on."""


class EnvironmentInventory(Protocol):
    """The environments that exist on one target. Errors are EnvironmentFailed."""

    def stored(self) -> tuple[StoredEnvironment, ...]:
        """Return the environments that `runner` has made, the newest first."""

    def remove(self, listed: StoredEnvironment) -> bool:
        """Delete an environment.

        Args:
            listed: The environment as `stored` returned it. An absent one is no error.

        Returns:
            False if it is in use, or has been used since it was listed: it stays.
        """


class CredentialMinter(Protocol):
    """The maker of temporary keys for one store. Errors are StoreError."""

    def mint(self, attempt: TaskId, grants: Grants, expires: float) -> Credentials:
        """Return keys that open a part of the store for an attempt. The store itself refuses all else.

        Args:
            attempt: The attempt, for the store's own logs.
            grants: The places that the keys open; more of what may be read, if they do not fit.
            expires: Seconds since the epoch at which the keys end, at the latest.

        Raises:
            BadInput: The places do not fit into what the store takes.
        """


class Clock(Protocol):
    """Time as an argument."""

    def now(self) -> datetime:
        """Return the time, in UTC with its zone."""

    def monotonic(self) -> float:
        """Return seconds that never go back."""
