"""A store that keeps its writes in memory, for dry runs."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..data.file_digest import digest_of_file
from ..dataclass import dataclass
from ..errors import ObjectChanged, ObjectMissing
from ..model.digest import digest_of_bytes
from ..ports import FolderStore, ObjectInfo, ObjectStore
from .keys import check_key, check_prefix, check_range
from .localfile import changed, copy_into, local_file_errors, new_file, write_all


@dataclass(frozen=True)
class _Written:
    """An object that would be written: its bytes, or the file that would be uploaded."""

    info: ObjectInfo
    content: bytes | Path


class OverlayStore:
    """An `ObjectStore` that reads from `base` and never changes it."""

    def __init__(self, base: ObjectStore) -> None:
        """Start without any writes over `base`."""
        self._base = base
        self._layer: dict[str, _Written | None] = {}
        """By key; None: deleted."""
        self._lock = threading.Lock()

    @property
    def planned(self) -> tuple[tuple[str, int], ...]:
        """Key and size in bytes of every object that would be written, in key order."""
        with self._lock:
            written = [entry.info for entry in self._layer.values() if entry]
        return tuple(sorted((info.key, info.size) for info in written))

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raise ObjectMissing."""
        if check_key(key) not in self._layer:
            return self._base.get(key)
        content = self._content(key)
        if isinstance(content, bytes):
            return content
        with local_file_errors(content, "read"):
            return content.read_bytes()

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """Return at most `length` bytes from `start`. Raise ObjectMissing, and ObjectChanged if the ETag differs."""
        check_range(start, length)
        with self._lock:
            entry = self._layer.get(check_key(key))
        if entry is None and key not in self._layer:
            return self._base.read_range(key, start, length, etag)
        content = self._content(key)
        if entry and etag not in ("", entry.info.etag):
            raise ObjectChanged(f"the object {key!r} was overwritten while it was being read; read it again")
        if isinstance(content, bytes):
            return content[start : start + length]
        with local_file_errors(content, "read"), content.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def put(self, key: str, data: bytes) -> None:
        """Note a write of the object."""
        entry = _of_bytes(check_key(key), data)
        with self._lock:
            self._layer[key] = entry

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Note a write of the object unless it exists; return False if it does."""
        entry = _of_bytes(check_key(key), data)
        with self._lock:
            if self._info(key):
                return False
            self._layer[key] = entry
        return True

    def stat(self, key: str) -> ObjectInfo | None:
        """Return the object's facts; None if it does not exist."""
        return self._info(check_key(key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key starts with `prefix` and sorts after `after`, in key order."""
        with self._lock:
            layer = dict(self._layer)
        check_prefix(prefix)
        planned = (
            entry.info for key, entry in sorted(layer.items()) if entry and key.startswith(prefix) and key > after
        )
        below = (info for info in self._base.list(prefix, after=after) if info.key not in layer)
        return heapq.merge(planned, below, key=lambda info: info.key)

    def delete(self, key: str) -> None:
        """Note a deletion. An absent key is no error."""
        with self._lock:
            self._layer[check_key(key)] = None

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Note an upload. The file is read only to compare it with a `digest`."""
        with local_file_errors(path, "upload"):
            facts = path.stat()
            if digest and digest_of_file(path) != digest:
                raise changed(path)
        info = ObjectInfo(check_key(key), facts.st_size, f"{facts.st_size:x}-{facts.st_mtime_ns:x}")
        with self._lock:
            self._layer[key] = _Written(info, path.absolute())

    def download(self, key: str, path: Path) -> None:
        """Download the object to a new file at `path`, whose parent exists. Raise ObjectMissing."""
        if check_key(key) not in self._layer:
            self._base.download(key, path)
            return
        content = self._content(key)
        with new_file(path) as descriptor, local_file_errors(path, "download to"):
            if isinstance(content, bytes):
                write_all(descriptor, content)
            else:
                copy_into(content, descriptor)

    def copy(self, source: str, target: str) -> None:
        """Note a copy of the object `source` to `target`. Raise ObjectMissing."""
        found = self.stat(source)
        if found is None:
            raise ObjectMissing(f"no object {source!r}")
        if source == check_key(target):
            return
        entry = _Written(replace(found, key=target), self._source(source))
        with self._lock:
            self._layer[target] = entry

    def now(self) -> datetime:
        """Return the time of the base, UTC."""
        return self._base.now()

    def _info(self, key: str) -> ObjectInfo | None:
        if key not in self._layer:
            return self._base.stat(key)
        entry = self._layer[key]
        return entry.info if entry else None

    def _source(self, key: str) -> bytes | Path:
        """Return the content, or the file that has it."""
        if key in self._layer:
            return self._content(key)
        return self._base.path(key) if isinstance(self._base, FolderStore) else self._base.get(key)

    def _content(self, key: str) -> bytes | Path:
        entry = self._layer[key]
        if entry is None:
            raise ObjectMissing(f"no object {key!r}: it would have been deleted")
        return entry.content


def _of_bytes(key: str, data: bytes) -> _Written:
    return _Written(ObjectInfo(key, len(data), digest_of_bytes(data)[:32]), bytes(data))
