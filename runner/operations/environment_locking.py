"""Resolve and store the locks of environments, and renew them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..dataclass import dataclass
from ..environments import lock_store
from ..environments.lock import Lock
from ..errors import BadInput, ObjectDamaged
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..ports import EnvironmentStore, Notify, ObjectStore
from .differences import Difference
from .environment_comparison import package_differences
from .environment_details import PlacedEnvironment
from .environment_locks import LockingStore, versions


@dataclass(frozen=True, kw_only=True)
class LockedEnvironment:
    """The lock of an environment on one target."""

    name: str
    target: str
    lock: Lock | None
    """The stored lock; None: nothing is installed from a lock there."""
    new: bool
    """True if it was resolved now and differs from the one before."""
    changes: tuple[Difference, ...] = ()
    """The packages that differ from the lock before."""


def lock_all(
    store: ObjectStore,
    chosen: Iterable[PlacedEnvironment],
    environments: Callable[[str], EnvironmentStore],
    notify: Notify,
    *,
    upgrade: bool,
) -> Iterator[LockedEnvironment]:
    """Yield the lock of each environment on its target; resolve and store those that are missing.

    With `upgrade`, each specification is resolved again, for all its targets. The new generation holds for later runs
    only when that has succeeded, and when a package has changed.

    Args:
        store: The workspace store.
        chosen: The environments in their present generation.
        environments: Returns the store of environments of a target.
        notify: A function that gets a line at a time for people.
        upgrade: Resolve again.

    Raises:
        BadInput: An environment cannot be made.
        EnvironmentFailed: An environment cannot be resolved.
        StoreError: The store cannot be used.

    """
    by_spec: dict[EnvironmentSpec, list[PlacedEnvironment]] = {}
    for each in chosen:
        by_spec.setdefault(each.environment.spec, []).append(each)
    for spec, places in by_spec.items():
        if upgrade:
            yield from _upgraded(store, spec, places, environments, notify)
        else:
            yield from (_locked(each, spec, environments(each.target), notify) for each in places)


def _upgraded(
    store: ObjectStore,
    spec: EnvironmentSpec,
    places: Iterable[PlacedEnvironment],
    environments: Callable[[str], EnvironmentStore],
    notify: Notify,
) -> list[LockedEnvironment]:
    """Resolve a specification again for all its targets, and begin its next generation if a lock differs."""
    following = lock_store.next_generation(store, spec)
    lock_store.forget(store, following)
    locked = [_locked(each, following, environments(each.target), notify) for each in places]
    if any(each.new for each in locked):
        lock_store.begin(store, following)
    else:
        lock_store.forget(store, following)
    return locked


def _locked(
    each: PlacedEnvironment, following: EnvironmentSpec, store: EnvironmentStore, notify: Notify
) -> LockedEnvironment:
    environment = each.environment
    problems = store.problems(environment)
    if problems:
        raise BadInput(problems)
    if not isinstance(store, LockingStore):
        return LockedEnvironment(name=environment.name, target=each.target, lock=None, new=False)
    upgrades = following != environment.spec
    before = _before(store, environment, upgrades=upgrades)
    again = NamedEnvironment(environment.name, following, environment.variables)
    known = None if upgrades else before
    after = known or store.obtain_lock(again, notify)
    return LockedEnvironment(
        name=environment.name,
        target=each.target,
        lock=after,
        new=known is None and (before is None or after is None or after.digest != before.digest),
        changes=package_differences(versions(before), versions(after)) if before and after else (),
    )


def _before(store: LockingStore, environment: NamedEnvironment, *, upgrades: bool) -> Lock | None:
    """Return the stored lock. An upgrade also replaces a damaged one."""
    try:
        return store.known_lock(environment)
    except ObjectDamaged:
        if upgrades:
            return None
        raise
