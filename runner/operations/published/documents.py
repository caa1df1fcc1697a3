"""Registered documents that change: ``registry/published/<kind>/<id>/<revision, 8 digits>.json``.

A change is a new revision, written only if nobody has written that revision before. So two changes at once are made
one after the other, none is lost, and the history stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Generic, TypeVar

from ...errors import BadInput
from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.names import PUBLISHED, is_segment
from ...model.stored_documents import read_document
from ...ports import FolderStore, ObjectStore

T = TypeVar("T")
R = TypeVar("R")
_THREADS = 16
"""The most parallel requests."""


class Documents(Generic[T]):
    """The documents of one kind."""

    def __init__(self, store: ObjectStore, kind: str, shape: type[T], *, folder: str = PUBLISHED) -> None:
        """Remember the place.

        Args:
            store: The workspace store.
            kind: The name of the folder below `folder`.
            shape: The dataclass of the documents.
            folder: The folder of the store, with its slash. Default: that of published things, which no
                step with keys of its own can write.

        """
        self._store = store
        self._place = f"{folder}{kind}/"
        self._shape = shape

    def create(self, identity: str, value: T) -> bool:
        """Store the first revision. Return False if the document exists.

        Args:
            identity: The document's id: one path segment.
            value: The document.

        """
        return self._store.put_if_absent(self._key(identity, 1), _encode(value))

    def find(self, identity: str) -> T | None:
        """Return the newest revision; None if there is no such document.

        Args:
            identity: The document's id.

        """
        found = self._newest(identity)
        return found[1] if found else None

    def all(self, known: MutableMapping[str, T] | None = None) -> Iterator[T]:
        """Yield the newest revision of every document, in the order of their ids.

        Args:
            known: The caller's memory of documents by their keys, which it keeps between calls: a revision never
                changes, so it is read once. Default: None, everything is read.

        """
        newest: dict[str, str] = {}
        for info in self._store.list(self._prefix()):
            newest[info.key.rpartition("/")[0]] = info.key
        keys = list(newest.values())
        if known is None:
            yield from self._parallel(self._read, keys)
            return
        # Threads may share `known`, so each step below is one that another thread cannot see half done.
        found = {key: value for key in keys if (value := known.get(key)) is not None}
        missing = [key for key in keys if key not in found]
        found.update(zip(missing, self._parallel(self._read, missing)))
        known.update(found)
        for key in list(known):
            if key not in found:
                known.pop(key, None)
        yield from (found[key] for key in keys)

    def find_each(self, identities: Sequence[str]) -> Iterator[T | None]:
        """Yield the newest revision of some documents in the given order; None for each that does not exist.

        Args:
            identities: The ids.

        """
        return self._parallel(self.find, identities)

    def change(self, identity: str, edit: Callable[[T], T]) -> T:
        """Store the next revision, and return it.

        Args:
            identity: The document's id.
            edit: Returns the changed document; it is called again if another process changed it in the meantime.

        Raises:
            BadInput: There is no such document, or `edit` refuses.

        """
        while True:
            found = self._newest(identity)
            if found is None:
                raise BadInput(f"there is no object of id {identity!r} in {self._prefix()}")
            number, known = found
            changed = edit(known)
            if changed == known or self._store.put_if_absent(self._key(identity, number + 1), _encode(changed)):
                return changed

    def withdraw(self, identity: str) -> None:
        """Delete a document that was created just now and is refused.

        Args:
            identity: The document's id.

        """
        self._store.delete(self._key(identity, 1))

    def _newest(self, identity: str) -> tuple[int, T] | None:
        if not is_segment(identity):
            return None  # such as "..", which a caller of the REST interface may send
        keys = [info.key for info in self._store.list(f"{self._prefix()}{identity}/")]
        return (int(keys[-1][-13:-5]), self._read(keys[-1])) if keys else None

    def _read(self, key: str) -> T:
        return read_document(self._shape, self._store.get(key), key)

    def _parallel(self, read: Callable[[str], R], names: Sequence[str]) -> Iterator[R]:
        """Yield results in order: many of a bucket are read at the same time, since each request has a latency."""
        if len(names) <= _THREADS or isinstance(self._store, FolderStore):
            yield from map(read, names)
            return
        from concurrent.futures import ThreadPoolExecutor  # slow to load, and most registries are short

        with ThreadPoolExecutor(_THREADS) as pool:
            yield from pool.map(read, names)

    def _prefix(self) -> str:
        return self._place

    def _key(self, identity: str, revision: int) -> str:
        return f"{self._prefix()}{identity}/{revision:08d}.json"


def _encode(value: object) -> bytes:
    return canonical_json(to_document(value))
