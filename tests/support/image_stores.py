"""The stores of images as a workspace makes them, over a store of locks in memory."""

# ruff: noqa: ARG002 - a fake takes what the real one takes

from __future__ import annotations

import uuid
from pathlib import Path
from tempfile import TemporaryDirectory

from runner.environments.lock import Lock, LockedPackage
from runner.environments.locks import Locks
from runner.environments.sources import PackageSources
from runner.images.bases import Bases
from runner.images.docker import DockerBuilder
from runner.images.kind_images import KindImages
from runner.images.recipes import Recipes
from runner.images.registry_images import RegistryImages
from runner.model.environment import NamedEnvironment
from runner.override import override
from runner.ports import Notify, ObjectStore
from tests.support.memory_store import MemoryStore

_FOLDER = TemporaryDirectory(prefix="runner-images-")
"""The machines' caches. It is removed at the end of the process."""


def recipes(
    store: ObjectStore | None = None, builder: DockerBuilder | None = None, locks: Locks | None = None
) -> Recipes:
    """The maker of images of a workspace with this store, on a new machine; default: an empty store."""
    kept, docker, cache = store or MemoryStore(), builder or DockerBuilder(), Path(_FOLDER.name, uuid.uuid4().hex)
    return Recipes(docker, Bases(docker, lambda: kept, cache), lambda: locks or Locks(kept))


def kind_images(cluster: str, store: ObjectStore | None = None) -> KindImages:
    return KindImages(cluster, recipes(store))


def registry_images(registry: str, store: ObjectStore | None = None) -> RegistryImages:
    return RegistryImages(registry, recipes(store))


class FixedLocks(Locks):
    """Locks that give every environment the same one."""

    def __init__(
        self,
        lock: Lock,
        *,
        stored: bool = False,
        store: ObjectStore | None = None,
        sources: PackageSources | None = None,
    ) -> None:
        super().__init__(store or MemoryStore(), sources=sources)
        self._lock = lock
        self._stored = stored

    @override
    def known(self, environment: NamedEnvironment, python: str, platform: str) -> Lock | None:
        return self._lock if self._stored else None

    @override
    def obtain(self, environment: NamedEnvironment, python: str, platform: str, notify: Notify) -> Lock:
        self._stored = True
        return self._lock


def a_lock(*pins: str) -> Lock:
    """A lock with these packages, each written as ``name==version``."""
    pairs = (pin.partition("==") for pin in pins)
    packages = tuple(LockedPackage(name=name, version=version, hashes=("sha256:1",)) for name, _, version in pairs)
    return Lock(spec="1", python="3.11", platform="x86_64-manylinux_2_28", packages=packages, uv="0.13.9")
