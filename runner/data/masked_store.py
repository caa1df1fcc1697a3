"""The workspace store for a step's script: without the values of the secrets that the step was given.

Masked are documents about runs and registered objects (tags, properties, descriptions, metrics), files of runs below
``logs/``, and names of files of runs. Not masked are the user's data, objects named by their digest, and references
to other objects. A registered name or a run's id with a secret in it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ..backports import without_suffix
from ..errors import BadInput
from ..model.names import REGISTRY
from ..ports import FolderStore, ObjectInfo, ObjectStore
from . import masking

_DOCUMENTS = (REGISTRY, "logged/", "runs/")
_FILES = "/files/"
_LOGS = "logs/"
_NAMED = re.compile(rf"(?:{REGISTRY}[^/]+/|logged/runs/)(?![0-9a-f-]{{36}}(?:/|\.json|$))([^/]+)")
_REFERENCES = frozenset({"datasets", "definition", "experiment", "files", "parent", "run", "snapshot", "version"})
"""Fields of documents that refer to other objects."""


def masked_store(store: ObjectStore, hidden: Sequence[bytes]) -> ObjectStore:
    """Return the store with writes masked; the store itself if there is nothing to hide.

    Args:
        store: A workspace store.
        hidden: The values (`secret_values.masks`).
    """
    if not hidden:
        return store
    return _MaskedFolder(store, hidden) if isinstance(store, FolderStore) else _MaskedStore(store, hidden)


class _MaskedStore:
    """An `ObjectStore` that masks."""

    def __init__(self, store: ObjectStore, hidden: Sequence[bytes]) -> None:
        self._store = store
        self._hidden = hidden

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectMissing."""
        return self._store.get(self._key(key))

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """A part of the object's bytes. Raises ObjectMissing, ObjectChanged."""
        return self._store.read_range(self._key(key), start, length, etag)

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite. Raises BadInput for a name with a secret in it."""
        self._store.put(self._new(key), self._masked(key, data))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write unless there is an object of that key. Raises BadInput for a name with a secret in it."""
        return self._store.put_if_absent(self._new(key), self._masked(key, data))

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's facts, or None."""
        return self._store.stat(self._key(key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Objects in key order; names of files as they are in the store."""
        return self._store.list(prefix, after=after)

    def delete(self, key: str) -> None:
        """Remove."""
        self._store.delete(self._key(key))

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Write the file's content, masked if it is a log of a run."""
        name = self._file_name(key)
        if not name.startswith(_LOGS):
            self._store.upload(self._new(key), path, digest)
            return
        with masking.without(path, self._hidden, masking.copy_file) as shown:
            self._store.upload(self._new(key), shown)

    def download(self, key: str, path: Path) -> None:
        """Make the object a new file. Raises ObjectMissing."""
        self._store.download(self._key(key), path)

    def copy(self, source: str, target: str) -> None:
        """Copy the object `source` to `target`. Raises ObjectMissing."""
        self._store.copy(self._key(source), self._new(target))

    def now(self) -> datetime:
        """The store's own time, UTC."""
        return self._store.now()

    def _file_name(self, key: str) -> str:
        """Return the name of a run's file; empty if the key is not one."""
        return key.partition(_FILES)[2] if key.startswith(("logged/", "runs/")) else ""

    def _key(self, key: str) -> str:
        name = self._file_name(key)
        return without_suffix(key, name) + masking.masked_text(name, self._hidden) if name else key

    def _new(self, key: str) -> str:
        named = _NAMED.match(key)
        if named and masking.masked_text(named[1], self._hidden) != named[1]:
            raise BadInput("a name has the value of a secret in it, and names are stored in clear", remedy="rename it")
        return self._key(key)

    def _masked(self, key: str, data: bytes) -> bytes:
        if not key.startswith(_DOCUMENTS):
            return data
        keep: frozenset[str] = frozenset() if key.endswith(".jsonl") else _REFERENCES
        return masking.masked_lines(data, self._hidden, keep=keep)


class _MaskedFolder(_MaskedStore):
    """A `FolderStore` that masks."""

    def path(self, key: str) -> Path:
        """Return the object's path."""
        assert isinstance(self._store, FolderStore)
        return self._store.path(self._key(key))

    def read_into(self, key: str, descriptor: int) -> None:
        """Write the object's bytes to an open file. Raises ObjectMissing."""
        assert isinstance(self._store, FolderStore)
        self._store.read_into(self._key(key), descriptor)

    def put_both(self, key: str, other: str, data: bytes) -> bool:
        """Write `key` unless it exists, and then `other`. Raises BadInput for a name with a secret in it."""
        if not self.put_if_absent(key, data):
            return False
        self.put(other, data)
        return True
