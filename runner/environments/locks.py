"""Locks of environments: from the store, else resolved and stored."""

from __future__ import annotations

from typing import Protocol

from ..model.environment import NamedEnvironment
from ..ports import Notify, ObjectStore
from . import lock_store
from .lock import Lock
from .requirements import Requirements, installs, read
from .sources import PackageSources


class Resolve(Protocol):
    """Resolves the requirements of an environment."""

    def __call__(
        self, environment: NamedEnvironment, wanted: Requirements, python: str, platform: str, notify: Notify
    ) -> Lock:
        """Return the lock. Raises EnvironmentFailed."""


class Locks:
    """The locks of environments in one workspace."""

    def __init__(
        self, store: ObjectStore, resolve: Resolve | None = None, sources: PackageSources | None = None
    ) -> None:
        """Remember the workspace's store, and the function that resolves. Default: `resolver.resolve`, by uv."""
        self._store = store
        self._resolve = resolve
        self.sources = sources or PackageSources(store)
        """The packages that no public index has."""

    def known(self, environment: NamedEnvironment, python: str, platform: str) -> Lock | None:
        """Return the stored lock; None if there is none. Nothing is resolved.

        Args:
            environment: The environment.
            python: The minor version of the target, like ``3.11``.
            platform: The platform of the target, like ``x86_64-manylinux_2_28``.

        Returns:
            The lock. That of an environment without requirements is empty, and needs no store.

        Raises:
            StoreError: The store cannot be used, or the lock in it is damaged.

        """
        if not installs(environment.spec):
            return Lock(spec=environment.spec.digest, python=python, platform=platform)
        return lock_store.load(self._store, environment.spec.digest, python, platform)

    def obtain(self, environment: NamedEnvironment, python: str, platform: str, notify: Notify) -> Lock:
        """Return the stored lock; else resolve one and store it. The first one that is stored is everybody's.

        Args:
            environment: The environment.
            python: The minor version of the target, like ``3.11``.
            platform: The platform of the target, like ``x86_64-manylinux_2_28``.
            notify: A function that gets a line at a time for people.

        Raises:
            EnvironmentFailed: It cannot be resolved.
            StoreError: The store cannot be used, or the lock in it is damaged.

        """
        found = self.known(environment, python, platform)
        if found is not None:
            return found
        resolve = self._resolve or _by_uv(self.sources)
        return lock_store.keep(self._store, resolve(environment, read(environment), python, platform, notify))


def _by_uv(sources: PackageSources) -> Resolve:
    from .resolver import Resolver

    return Resolver(sources).resolve
