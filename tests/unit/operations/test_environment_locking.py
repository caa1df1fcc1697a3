from __future__ import annotations

from dataclasses import replace

import pytest

from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.errors import BadInput, EnvironmentFailed, ObjectDamaged
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.operations.differences import Difference
from runner.operations.environment_details import PlacedEnvironment
from runner.operations.environment_locking import LockedEnvironment, lock_all
from runner.ports import EnvironmentStore, Notify
from tests.support.fake_environments import FakeEnvironments
from tests.support.memory_store import MemoryStore

SPEC = EnvironmentSpec(pip=("numpy",))


class Locking(FakeEnvironments):
    """A store with locks of one package, in the newest version."""

    def __init__(self, store: MemoryStore, newest: int = 1, *, platform: str = "any", fails: bool = False) -> None:
        super().__init__()
        self._store = store
        self._platform = platform
        self._newest = newest
        self._fails = fails

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        return lock_store.load(self._store, environment.spec.digest, "3.11", self._platform)

    def obtain_lock(self, environment: NamedEnvironment, notify: Notify) -> Lock | None:
        known = self.known_lock(environment)
        if known is not None:
            return known
        notify("resolving")
        if self._fails:
            raise EnvironmentFailed("no version fits")
        package = LockedPackage(name="numpy", version=str(self._newest), hashes=("sha256:ff",))
        lock = Lock(spec=environment.spec.digest, python="3.11", platform=self._platform, packages=(package,))
        return lock_store.keep(self._store, lock)


def locked(
    store: MemoryStore, environments: EnvironmentStore, spec: EnvironmentSpec = SPEC, *, upgrade: bool = False
) -> LockedEnvironment:
    chosen = [PlacedEnvironment(NamedEnvironment("train", spec), "local")]
    (found,) = lock_all(store, chosen, lambda _: environments, lambda _: None, upgrade=upgrade)
    return found


def test_an_environment_is_resolved_once() -> None:
    store = MemoryStore()
    first, second = (locked(store, environments) for environments in [Locking(store)] * 2)
    assert (first.new, second.new) == (True, False)
    assert first.lock == second.lock
    assert first.lock is not None
    assert [package.version for package in first.lock.packages] == ["1"]


def test_an_upgrade_resolves_again_and_holds_for_later_runs() -> None:
    store = MemoryStore()
    locked(store, Locking(store, 1))
    found = locked(store, Locking(store, 2), upgrade=True)
    assert (found.new, found.changes) == (True, (Difference("numpy", "1", "2"),))
    newest = lock_store.current(SPEC, lock_store.generations(store))
    assert newest == replace(SPEC, generation=1)
    assert locked(store, Locking(store, 3), newest).new is False
    assert locked(store, Locking(store, 3), newest, upgrade=True).changes == (Difference("numpy", "2", "3"),)


def test_an_upgrade_without_a_newer_package_changes_nothing_and_the_next_one_resolves_again() -> None:
    store = MemoryStore()
    locked(store, Locking(store, 1))
    found = locked(store, Locking(store, 1), upgrade=True)
    assert (found.new, found.changes) == (False, ())
    assert lock_store.generations(store) == {}
    assert locked(store, Locking(store, 2), upgrade=True).changes == (Difference("numpy", "1", "2"),)


def test_an_upgrade_that_fails_for_one_target_leaves_nothing_behind() -> None:
    store = MemoryStore()
    for_target = {"good": Locking(store, 2), "bad": Locking(store, platform="other", fails=True)}
    chosen = [PlacedEnvironment(NamedEnvironment("train", SPEC), target) for target in for_target]
    locked(store, Locking(store, 1))
    with pytest.raises(EnvironmentFailed):
        tuple(lock_all(store, chosen, for_target.__getitem__, lambda _: None, upgrade=True))
    assert lock_store.generations(store) == {}
    assert locked(store, Locking(store, 3), upgrade=True).changes == (Difference("numpy", "1", "3"),)


def test_an_upgrade_that_fails_changes_nothing() -> None:
    store = MemoryStore()
    locked(store, Locking(store))
    with pytest.raises(EnvironmentFailed):
        locked(store, Locking(store, fails=True), upgrade=True)
    assert lock_store.generations(store) == {}
    assert locked(store, Locking(store)).new is False


def test_an_upgrade_replaces_a_damaged_lock() -> None:
    store = MemoryStore()
    locked(store, Locking(store))
    store.put(lock_store.key(SPEC.digest, "3.11", "any"), b"{")
    with pytest.raises(ObjectDamaged):
        locked(store, Locking(store))
    found = locked(store, Locking(store, 2), upgrade=True)
    assert (found.new, found.changes) == (True, ())
    assert lock_store.generations(store) != {}


def test_an_upgrade_covers_all_targets_of_a_specification() -> None:
    store = MemoryStore()
    chosen = [PlacedEnvironment(NamedEnvironment(name, SPEC), "local") for name in ("train", "test")]
    locked(store, Locking(store, 1))
    environments = Locking(store, 2)
    found = tuple(lock_all(store, chosen, lambda _: environments, lambda _: None, upgrade=True))
    assert found[0].lock == found[1].lock
    assert set(lock_store.generations(store).values()) == {1}


def test_a_target_without_locks_has_nothing_to_lock() -> None:
    store = MemoryStore()
    found = locked(store, FakeEnvironments(), upgrade=True)
    assert (found.lock, found.new) == (None, False)
    assert lock_store.generations(store) == {}


def test_an_impossible_environment_is_refused() -> None:
    refusing = FakeEnvironments(refused=["openjdk=8"])
    with pytest.raises(BadInput):
        locked(MemoryStore(), refusing, EnvironmentSpec(conda=("openjdk=8",)))
