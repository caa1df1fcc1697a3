"""Published modules in the workspace store: ``registry/modules/<name>/<generation, 8 digits>/``.

``module.json`` describes the module, ``versions/<serial, 8 digits>.json`` each version, ``default.json`` names the
default version. Scripts lie with the snapshots, so a module can be used where its folder is not. A module created
again under a known name is a new generation; the name then means the newest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ...dataclass import dataclass, field
from ...errors import ObjectMissing
from ...model.digest import canonical_json, digest_of
from ...model.document import to_document
from ...model.environment import NamedEnvironment
from ...model.names import REGISTRY
from ...model.plan import Scalar
from ...model.stored_documents import read_document
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from ...ports import ObjectStore

_PREFIX = f"{REGISTRY}modules/"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,254}")


@dataclass(frozen=True)
class ModuleRecord:
    """A module by its name and generation."""

    name: str
    generation: int
    description: str = ""

    @property
    def id(self) -> str:
        """The id: a GUID, as in v1."""
        return _guid(["module", self.name, self.generation])


@dataclass(frozen=True, kw_only=True)
class Port:
    """An input or output of a module."""

    name: str
    mode: str = ""
    path_on_compute: str = ""
    datastore: str = ""
    folder: bool = False
    optional: bool = False


@dataclass(frozen=True, kw_only=True)
class VersionRecord:
    """One version of a module."""

    version: str
    script: str
    snapshot: str
    description: str = ""
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    params: Mapping[str, Scalar] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    """Ports are written in it as ``$AZUREML_DATAREFERENCE_<name>``."""
    environment: NamedEnvironment | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


def create(store: ObjectStore, name: str, description: str) -> ModuleRecord:
    """Create a new generation of a module.

    Args:
        store: The workspace store.
        name: The module's name.
        description: Text for people.

    Returns:
        The module's record.

    Raises:
        UserErrorException: The name is invalid.

    """
    if not _NAME.fullmatch(name):
        raise UserErrorException(f"{name!r} cannot name a module",
                                 remedy="use letters, digits, dash, underscore, dot and space")  # fmt: skip
    while True:
        newest = find(store, name=name)
        record = ModuleRecord(name, newest.generation + 1 if newest else 1, description)
        if store.put_if_absent(f"{_folder(record)}module.json", _encode(record)):
            return record


def find(store: ObjectStore, *, name: str = "", identity: str = "") -> ModuleRecord | None:
    """Return the newest generation of a name, or the module of an id, or None.

    Args:
        store: The workspace store.
        name: The name. Default: empty, any.
        identity: The id. Default: empty, any.

    """
    found = [record for record in _records(store, name) if identity in ("", record.id)]
    return found[-1] if found else None


def add(store: ObjectStore, module: ModuleRecord, record: VersionRecord) -> VersionRecord:
    """Store a version.

    Args:
        store: The workspace store.
        module: The module.
        record: The version; one without a name gets the next number.

    Returns:
        The version with its name.

    Raises:
        UserErrorException: The module has a version of that name.

    """
    while True:
        known = versions(store, module)
        made = replace(record, version=record.version or str(_next_number(known)))
        if any(made.version == other.version for other in known):
            raise UserErrorException(f"module '{module.name}' has a version {made.version!r} already",
                                     remedy="give another version, or none for the next number")  # fmt: skip
        if store.put_if_absent(f"{_folder(module)}versions/{len(known) + 1:08d}.json", _encode(made)):
            return made


def versions(store: ObjectStore, module: ModuleRecord) -> tuple[VersionRecord, ...]:
    """Return every version, oldest first.

    Args:
        store: The workspace store.
        module: The module.

    """
    keys = [info.key for info in store.list(f"{_folder(module)}versions/")]
    return tuple(read_document(VersionRecord, store.get(key), key) for key in keys)


def default_version(store: ObjectStore, module: ModuleRecord) -> str:
    """Return the default version's name: the one that was set, else the first; empty without versions.

    Args:
        store: The workspace store.
        module: The module.

    """
    try:
        return str(json.loads(store.get(f"{_folder(module)}default.json"))["version"])
    except ObjectMissing:
        known = versions(store, module)
        return known[0].version if known else ""


def set_default(store: ObjectStore, module: ModuleRecord, version: str) -> None:
    """Make a version the default one.

    Args:
        store: The workspace store.
        module: The module.
        version: The version's name.

    """
    store.put(f"{_folder(module)}default.json", canonical_json({"version": version}))


def version_id(module: ModuleRecord, version: str) -> str:
    """Return the version's id: a GUID, as in v1.

    Args:
        module: The module.
        version: The version's name.

    """
    return _guid(["module version", module.name, module.generation, version])


def by_version_id(store: ObjectStore, identity: str) -> tuple[ModuleRecord, VersionRecord] | None:
    """Return the module and the version of an id, or None.

    Args:
        store: The workspace store.
        identity: The id.

    """
    for module in _records(store, ""):
        for record in versions(store, module):
            if version_id(module, record.version) == identity:
                return module, record
    return None


def _records(store: ObjectStore, name: str) -> Iterator[ModuleRecord]:
    for info in store.list(f"{_PREFIX}{name}/" if name else _PREFIX):
        if info.key.endswith("/module.json"):
            yield read_document(ModuleRecord, store.get(info.key), info.key)


def _next_number(known: tuple[VersionRecord, ...]) -> int:
    return max((int(record.version) for record in known if record.version.isdigit()), default=0) + 1


def _folder(module: ModuleRecord) -> str:
    return f"{_PREFIX}{module.name}/{module.generation:08d}/"


def _encode(record: ModuleRecord | VersionRecord) -> bytes:
    return canonical_json(to_document(record))


def _guid(what: object) -> str:
    text = digest_of(what)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:32]))
