"""Registered datasets in the workspace store: ``registry/datasets/<name>/<version, 8 digits>.json``.

Versions are claimed by put-if-absent, so two drivers that register at once get two versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from ..errors import BadInput, ObjectMissing, StoreError
from ..model.data import DatasetDefinition
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.names import REGISTRY, dataset_name_problem
from ..model.stored_documents import read_document
from ..ports import ObjectStore
from . import addressed, retention

_PREFIX = f"{REGISTRY}datasets/"
_IDENTITY = re.compile(r"[0-9a-f-]+")


@dataclass(frozen=True)
class Registration:
    """One version of a registered dataset."""

    definition: DatasetDefinition
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def register(store: ObjectStore, name: str, entry: Registration, *, new_version: bool) -> Registration:
    """Return the version that holds this definition, and create it if needed. Raises BadInput."""
    problem = dataset_name_problem(name)
    if problem:
        raise BadInput([problem])
    while True:
        newest = latest(store, name)
        if newest is not None and newest.definition.bare == entry.definition.bare:
            _keep_id(store, newest)
            return newest
        if newest is not None and not new_version:
            raise BadInput(
                f"dataset {name!r} is registered with another definition (version {newest.definition.version})",
                remedy="register(..., create_new_version=True), or take another name",
            )
        made = _versioned(entry, name, newest.definition.version + 1 if newest else 1)
        if store.put_if_absent(_key(name, made.definition.version), _encode(made)):
            _refuse_condemned(store, made)
            store.put(_id_key(made.definition.id), _encode(made))
            return made


def _refuse_condemned(store: ObjectStore, made: Registration) -> None:
    """Take a registration back if `runner gc` deletes the run whose output it names, or just has. Raises BadInput."""
    try:
        retention.refuse_gone_outputs(store, made.definition.paths)
    except BadInput:
        store.delete(_key(made.definition.name, made.definition.version))
        raise


def latest(store: ObjectStore, name: str) -> Registration | None:
    """Return the newest version, or None."""
    if dataset_name_problem(name):
        return None
    keys = [info.key for info in store.list(f"{_PREFIX}{name}/")]
    return _decode(store.get(keys[-1]), keys[-1]) if keys else None


def fetch(store: ObjectStore, name: str, version: int) -> Registration | None:
    """Return one version, or None."""
    return None if dataset_name_problem(name) else _read(store, _key(name, version))


def find(store: ObjectStore, identity: str) -> Registration | None:
    """Return the registered dataset of that id, or None. Raises ObjectDamaged if the id refers to another dataset."""
    if not _IDENTITY.fullmatch(identity):
        return None
    found = _read(store, _id_key(identity))
    if found is not None and found.definition.identity != identity:
        raise addressed.damaged(_id_key(identity))
    return found


def names(store: ObjectStore) -> Iterator[str]:
    """Return every registered name, sorted."""
    seen = ""
    for info in store.list(_PREFIX):
        name = info.key[len(_PREFIX) :].rpartition("/")[0]
        if name != seen:
            seen = name
            yield name


def amend(store: ObjectStore, entry: Registration) -> None:
    """Write a known version again with another description and tags."""
    store.put(_key(entry.definition.name, entry.definition.version), _encode(entry))
    store.put(_id_key(entry.definition.id), _encode(entry))


def forget(store: ObjectStore, name: str) -> None:
    """Remove every version of the name."""
    for info in tuple(store.list(f"{_PREFIX}{name}/")):
        store.delete(info.key)


def _keep_id(store: ObjectStore, entry: Registration) -> None:
    """Store the id of a registered dataset: the process that registered it may have died before it could."""
    key = _id_key(entry.definition.id)
    if store.put_if_absent(key, _encode(entry)):
        return
    try:
        find(store, entry.definition.id)
    except StoreError:  # damaged
        store.put(key, _encode(entry))


def _versioned(entry: Registration, name: str, version: int) -> Registration:
    identity = entry.definition.identity
    return replace(entry, definition=replace(entry.definition, name=name, version=version, id=identity))


def _key(name: str, version: int) -> str:
    return f"{_PREFIX}{name}/{version:08d}.json"


def _id_key(identity: str) -> str:
    return f"{REGISTRY}dataset-ids/{identity}.json"


def _encode(entry: Registration) -> bytes:
    return canonical_json(to_document(entry))


def _decode(data: bytes, key: str) -> Registration:
    return read_document(Registration, data, key)


def _read(store: ObjectStore, key: str) -> Registration | None:
    try:
        return _decode(store.get(key), key)
    except ObjectMissing:
        return None
