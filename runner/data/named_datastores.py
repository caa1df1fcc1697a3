"""Names registered for configured datastores, and the default datastore, as the workspace keeps them.

``registry/datastores/named/<name>.json`` and ``registry/datastores/default.json``, overwritten in place.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from ..model.data import DEFAULT_DATASTORE
from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.names import REGISTRY
from ..model.stored_documents import read_document
from ..ports import ObjectStore

_PREFIX = f"{REGISTRY}datastores/"
_DEFAULT = f"{_PREFIX}default.json"
_NAMED = f"{_PREFIX}named/"


@dataclass(frozen=True)
class NamedDatastore:
    """A datastore that v1's ``register_azure_blob_container`` has named."""

    datastore: str
    """The configured datastore that it is another name of; its own name for a container that Azure holds."""
    account: str = ""
    container: str = ""
    endpoint: str = ""
    """The URL of the Blob service for a container that Azure holds. Its key lies on the machines that use it."""


@dataclass(frozen=True)
class Remembered:
    """Everything that the workspace keeps about datastores."""

    default: str = DEFAULT_DATASTORE
    named: Mapping[str, NamedDatastore] = field(default_factory=dict)


def remembered(store: ObjectStore) -> Remembered:
    """Return the names and the default; one listing if there are none."""
    default, named = DEFAULT_DATASTORE, {}
    for info in store.list(_PREFIX):
        known = read_document(NamedDatastore, store.get(info.key), info.key)
        if info.key == _DEFAULT:
            default = known.datastore
        elif info.key.startswith(_NAMED):
            named[info.key[len(_NAMED) : -len(".json")]] = known
    return Remembered(default, named)


def set_default(store: ObjectStore, name: str) -> None:
    """Make `name` the default datastore."""
    store.put(_DEFAULT, _encode(NamedDatastore(name)))


def give_name(store: ObjectStore, name: str, meant: NamedDatastore) -> None:
    """Register `name` for a configured datastore."""
    store.put(f"{_NAMED}{name}.json", _encode(meant))


def forget_name(store: ObjectStore, name: str) -> None:
    """Remove the name; the data stay."""
    store.delete(f"{_NAMED}{name}.json")


def _encode(value: NamedDatastore) -> bytes:
    return canonical_json(to_document(value))
