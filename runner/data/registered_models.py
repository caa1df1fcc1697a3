"""Registered models in the workspace store: ``registry/models/<name>/<version, 8 digits>``, record and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ..backports import without_suffix
from ..dataclass import dataclass, field
from ..errors import ObjectMissing
from ..model.names import REGISTRY, is_segment
from ..model.stored_documents import read_document

if TYPE_CHECKING:
    from ..ports import ObjectInfo, ObjectStore

_PREFIX = f"{REGISTRY}models/"


@dataclass(frozen=True, kw_only=True)
class ModelRecord:
    """A version of a registered model."""

    name: str
    version: int
    created: datetime
    files: tuple[str, ...] = ()
    """Paths below the version's folder; the first part is the name of the file or folder that was registered."""
    tags: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    framework: str = ""
    framework_version: str = ""
    run: str = ""
    """The id of the run that made it; empty: none."""
    experiment: str = ""
    datasets: tuple[tuple[str, str], ...] = ()
    """Pairs of a scenario and a dataset's id."""


def versions(store: ObjectStore, name: str | None) -> list[tuple[str, int]]:
    """Return name and version of every registered model, newest version first within a name.

    Args:
        store: The workspace store.
        name: The name. None: any.

    """
    found = []
    for info in record_infos(store, name):
        folder, _, file = info.key[len(_PREFIX) :].partition("/")
        found.append((folder, int(without_suffix(file, ".json"))))
    return sorted(found, key=lambda pair: (pair[0], -pair[1]))


def record_infos(store: ObjectStore, name: str | None = None) -> Iterator[ObjectInfo]:
    """Yield the objects of the records, sorted by name and version. The files of models are left out.

    Args:
        store: The workspace store.
        name: The name. Default: None, any.

    """
    for info in store.list(f"{_PREFIX}{name}/" if name else _PREFIX):
        if info.key.count("/") == 3 and info.key.endswith(".json"):
            yield info


def read(store: ObjectStore, name: str, version: int) -> ModelRecord | None:
    """Return the record of a version; None if there is none.

    Args:
        store: The workspace store.
        name: The name.
        version: The version.

    Raises:
        StoreError: The store cannot be read, or the record is damaged.

    """
    if not is_segment(name):
        return None
    try:
        return read_document(ModelRecord, store.get(key_of(name, version)), key_of(name, version))
    except ObjectMissing:
        return None


def folder_of(name: str, version: int) -> str:
    """Return the key below which the files of a version lie, without a slash at its end."""
    return f"{_PREFIX}{name}/{version:08d}"


def key_of(name: str, version: int) -> str:
    """Return the key of the record of a version."""
    return f"{folder_of(name, version)}.json"
