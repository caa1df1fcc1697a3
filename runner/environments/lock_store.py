"""Locks in the workspace's store, by the digest of the environment's specification. The first one is kept.

Everybody who needs a lock reads the stored one, so two controllers that resolve at the same time install the same
packages. The document carries its own digest: a damaged one is an error, and is never installed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from ..errors import ObjectDamaged, ObjectMissing
from ..model.digest import canonical_json, digest_of
from ..model.document import from_document, to_document
from ..model.environment import EnvironmentSpec
from ..model.stored_documents import UNREADABLE
from ..ports import ObjectStore
from .lock import FORMAT, Lock

LOCKS = "environments/locks/"
GENERATIONS = "environments/generations/"
_REMEDY = "`runner environment lock --upgrade` resolves the environment again, into a new lock"


def key(spec: str, python: str, platform: str) -> str:
    """Return the key of a lock.

    Args:
        spec: The digest of the specification.
        python: The minor version, like ``3.11``.
        platform: The platform, like ``x86_64-manylinux_2_28``.

    """
    return f"{LOCKS}{spec}/{python}-{platform}.json"


def load(store: ObjectStore, spec: str, python: str, platform: str) -> Lock | None:
    """Return a stored lock; None if there is none. Raises ObjectDamaged, StoreError."""
    found = _read(store, key(spec, python, platform))
    if found is not None and (found.spec, found.python, found.platform) != (spec, python, platform):
        raise _damaged(key(spec, python, platform), "it is the lock of another environment")
    return found


def keep(store: ObjectStore, lock: Lock) -> Lock:
    """Store a lock unless there is one. Return the lock that is stored. Raises ObjectDamaged, StoreError."""
    place = key(lock.spec, lock.python, lock.platform)
    document = {"format": FORMAT, "lock": to_document(lock), "sha256": digest_of(lock)}
    if store.put_if_absent(place, canonical_json(document)):
        return lock
    return load(store, lock.spec, lock.python, lock.platform) or lock


def of_spec(store: ObjectStore, spec: str) -> Iterator[Lock]:
    """Yield the stored locks of a specification: one for each Python and platform. Raises ObjectDamaged, StoreError."""
    for info in tuple(store.list(f"{LOCKS}{spec}/")):
        found = _read(store, info.key)
        if found is not None:
            yield found


def of_digest(store: ObjectStore, spec: str, digest: str) -> Lock | None:
    """Return the stored lock of a specification that has a digest; None if there is none. Raises StoreError."""
    return next((lock for lock in of_spec(store, spec) if lock.digest == digest), None)


def generations(store: ObjectStore) -> dict[str, int]:
    """Return the generation of each specification that was upgraded, by the digest of its first generation."""
    found: dict[str, int] = {}
    for info in store.list(GENERATIONS):
        digest, _, number = info.key[len(GENERATIONS) :].partition("/")
        if number.isdecimal():
            found[digest] = max(int(number), found.get(digest, 0))
    return found


def next_generation(store: ObjectStore, spec: EnvironmentSpec) -> EnvironmentSpec:
    """Return the specification in the generation after its newest one. Nothing is written.

    Its digest is another one, so its packages are resolved again. Locks, images and the reuse of steps follow.

    Args:
        store: The workspace's store.
        spec: The specification, of any generation.

    Raises:
        StoreError: The store cannot be used.

    """
    return replace(spec, generation=generations(store).get(_first(spec), 0) + 1)


def forget(store: ObjectStore, spec: EnvironmentSpec) -> None:
    """Delete the locks of a generation that has not begun: those of an upgrade that did not succeed."""
    for info in tuple(store.list(f"{LOCKS}{spec.digest}/")):
        store.delete(info.key)


def begin(store: ObjectStore, spec: EnvironmentSpec) -> None:
    """Let runs that are submitted later use the generation of a specification, or a newer one. Raises StoreError."""
    store.put_if_absent(f"{GENERATIONS}{_first(spec)}/{spec.generation}", b"")


def current(spec: EnvironmentSpec, known: dict[str, int]) -> EnvironmentSpec:
    """Return the specification in its newest generation (pure).

    Args:
        spec: The specification, of any generation.
        known: The result of `generations`.

    """
    number = known.get(_first(spec), 0) if known else 0
    return spec if number == spec.generation else replace(spec, generation=number)


def _first(spec: EnvironmentSpec) -> str:
    """Return the digest of the specification in its first generation."""
    return replace(spec, generation=0).digest


def _read(store: ObjectStore, place: str) -> Lock | None:
    try:
        data = store.get(place)
    except ObjectMissing:
        return None
    try:
        document = json.loads(data)
        lock = from_document(Lock, document["lock"], place)
        intact = document["sha256"] == digest_of(lock)
    except UNREADABLE as error:
        raise _damaged(place, "its content is no lock") from error
    if not intact:
        raise _damaged(place, "its content does not have the digest that it states")
    return lock


def _damaged(place: str, why: str) -> ObjectDamaged:
    return ObjectDamaged(f"the lock {place!r} is damaged or was changed, so nothing is installed: {why}. {_REMEDY}")
