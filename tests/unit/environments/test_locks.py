"""Locks are resolved once, and everybody reads the first one that was stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.environments import lock_store
from runner.environments.lock import Lock, LockedPackage
from runner.environments.locks import Locks
from runner.environments.requirements import Requirements
from runner.errors import ObjectDamaged
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import Notify
from tests.support.memory_store import MemoryStore

ENVIRONMENT = NamedEnvironment("e", EnvironmentSpec(pip=("six",)))
PLATFORM = "x86_64-manylinux_2_28"


class Solver:
    """Answers with the version that it is given, and calls `first` before it does."""

    def __init__(self, version: str, first: Callable[[], object] = lambda: None) -> None:
        self.version = version
        self.first = first
        self.calls = 0

    def __call__(
        self,
        environment: NamedEnvironment,
        wanted: Requirements,
        python: str,
        platform: str,
        notify: Notify,  # noqa: ARG002 - it has nothing to tell
    ) -> Lock:
        self.calls += 1
        self.first()
        package = LockedPackage(name="six", version=self.version, hashes=("sha256:aa",))
        return Lock(
            spec=environment.spec.digest,
            python=python,
            platform=platform,
            requirements=wanted.lines,
            packages=(package,),
            uv="1",
        )


def obtain(store: MemoryStore, solver: Solver, python: str = "3.8") -> Lock:
    return Locks(store, solver).obtain(ENVIRONMENT, python, PLATFORM, lambda _: None)


def test_a_lock_is_resolved_once_for_each_python_and_platform() -> None:
    store, solver = MemoryStore(), Solver("1.0")
    locks = Locks(store, solver)
    assert locks.known(ENVIRONMENT, "3.8", PLATFORM) is None
    first = obtain(store, solver)
    assert obtain(store, Solver("2.0")) == first == locks.known(ENVIRONMENT, "3.8", PLATFORM)
    assert obtain(store, solver, "3.9") != first
    assert solver.calls == 2
    assert list(lock_store.of_spec(store, ENVIRONMENT.spec.digest)) == [first, obtain(store, solver, "3.9")]
    assert lock_store.of_digest(store, ENVIRONMENT.spec.digest, first.digest) == first
    assert lock_store.of_digest(store, ENVIRONMENT.spec.digest, "0" * 64) is None


def test_an_environment_without_requirements_needs_neither_solver_nor_store() -> None:
    bare = NamedEnvironment("bare", EnvironmentSpec())
    store, solver = MemoryStore(), Solver("1.0")
    lock = Locks(store, solver).obtain(bare, "3.8", PLATFORM, lambda _: None)
    assert (lock.packages, lock.uv, solver.calls, list(store.list(""))) == ((), "", 0, [])


@given(st.lists(st.text("0123456789", min_size=1, max_size=2), min_size=1, max_size=4))
def test_of_controllers_that_resolve_at_the_same_time_all_install_the_lock_that_was_stored_first(
    versions: list[str],
) -> None:
    store, got = MemoryStore(), []
    solver = Solver(versions[0])
    for version in versions[1:]:  # each one resolves while the one before it is still at it
        solver = Solver(version, lambda inner=solver: got.append(obtain(store, inner)))  # type: ignore[misc] # bound now
    got.append(obtain(store, solver))
    assert {lock.packages[0].version for lock in got} == {versions[0]}
    assert len(got) == len(versions)


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"sha256:aa", b"sha256:ab"),
        lambda data: json.dumps({**json.loads(data), "lock": {}}).encode(),
        lambda _: b"[]",
    ],
)
def test_a_damaged_lock_is_an_error_and_never_installed(damage: Callable[[bytes], bytes]) -> None:
    store, solver = MemoryStore(), Solver("1.0")
    obtain(store, solver)
    place = lock_store.key(ENVIRONMENT.spec.digest, "3.8", PLATFORM)
    store.put(place, damage(store.get(place)))
    with pytest.raises(ObjectDamaged, match=r"is damaged or was changed.*--upgrade"):
        obtain(store, solver)


def test_the_lock_of_another_environment_is_refused() -> None:
    store, solver = MemoryStore(), Solver("1.0")
    obtain(store, solver)
    digest = ENVIRONMENT.spec.digest
    store.put(lock_store.key(digest, "3.9", PLATFORM), store.get(lock_store.key(digest, "3.8", PLATFORM)))
    with pytest.raises(ObjectDamaged, match="another environment"):
        obtain(store, solver, "3.9")


def test_an_upgrade_begins_a_generation_with_a_lock_of_its_own() -> None:
    store = MemoryStore()
    spec = ENVIRONMENT.spec
    assert lock_store.current(spec, lock_store.generations(store)) == spec
    second = lock_store.next_generation(store, spec)
    assert lock_store.next_generation(store, spec) == second  # nothing was written
    lock_store.begin(store, second)
    lock_store.begin(store, second)  # by two at the same time
    third = lock_store.next_generation(store, spec)
    lock_store.begin(store, third)
    assert (second.generation, third.generation) == (1, 2)
    assert len({spec.digest, second.digest, third.digest}) == 3
    known = lock_store.generations(store)
    assert lock_store.current(spec, known) == lock_store.current(second, known) == third
    other = EnvironmentSpec(pip=("seven",))
    assert lock_store.current(other, known) == other
    old, new = obtain(store, Solver("1.0")), replace(ENVIRONMENT, spec=third)
    assert Locks(store, Solver("2.0")).obtain(new, "3.8", PLATFORM, lambda _: None).digest != old.digest
