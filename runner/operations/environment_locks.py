"""Locks of environments, from targets that install locks."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ..environments.lock import Lock
from ..environments.lock_notes import notes_with_lock
from ..environments.requirements import read
from ..errors import RunnerError
from ..model.environment import NamedEnvironment
from ..ports import EnvironmentStore, Notify


@runtime_checkable
class LockingStore(EnvironmentStore, Protocol):
    """A store of environments that installs locks. It knows the Python and the platform of its target."""

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        """Return the stored lock of an environment; None: there is none. Nothing is resolved.

        Args:
            environment: The environment.

        """

    def obtain_lock(self, environment: NamedEnvironment, notify: Notify) -> Lock | None:
        """Return the lock of an environment, resolved and stored unless it is known. None: nothing is installed.

        Args:
            environment: The environment.
            notify: A function that gets a line at a time for people.

        Raises:
            EnvironmentFailed: It cannot be resolved.

        """


def known_lock(store: EnvironmentStore, environment: NamedEnvironment) -> Lock | None:
    """Return the stored lock of an environment on a target; None: there is none, or the target has no locks."""
    return store.known_lock(environment) if isinstance(store, LockingStore) else None


def notes(store: EnvironmentStore, environment: NamedEnvironment) -> tuple[str, ...]:
    """Return the differences from the requested environment on a target, and those that its resolution made."""
    try:
        lock = known_lock(store, environment)
    except RunnerError:
        lock = None  # making the environment reports it
    return notes_with_lock(environment.name, store.notes(environment), read(environment).date, lock)


def versions(lock: Lock) -> dict[str, str]:
    """Return the versions in a lock by package name."""
    return {package.name: package.version for package in lock.packages}
