"""An object store in memory; it passes the same contract suite as the real ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path

from runner.errors import ObjectChanged, ObjectMissing, StoreError
from runner.model.digest import digest_of_bytes
from runner.ports import ObjectInfo
from runner.storage.keys import check_key, check_prefix, check_range


class MemoryStore:
    """As strict as the strictest real store: no key may lie below another object's."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes:
        try:
            return self.objects[check_key(key)]
        except KeyError:
            raise ObjectMissing(f"no object {key!r}") from None

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        check_range(start, length)
        data = self.get(key)
        if etag not in ("", _info(key, data).etag):
            raise ObjectChanged(f"the object {key!r} was overwritten")
        return data[start : start + length]

    def put(self, key: str, data: bytes) -> None:
        with self._lock:
            self._write(key, data)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        with self._lock:
            if check_key(key) in self.objects:
                return False
            self._write(key, data)
            return True

    def stat(self, key: str) -> ObjectInfo | None:
        data = self.objects.get(check_key(key))
        return None if data is None else _info(key, data)

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with self._lock:
            found = sorted(item for item in self.objects.items() if item[0].startswith(prefix) and item[0] > after)
        return (_info(key, data) for key, data in found)

    def delete(self, key: str) -> None:
        with self._lock:
            self.objects.pop(check_key(key), None)

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise StoreError(f"cannot upload {path}: {error}") from error
        if digest not in ("", digest_of_bytes(data)):
            raise StoreError(f"{path} changed while it was being uploaded; upload it again")
        self.put(key, data)

    def download(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key))

    def copy(self, source: str, target: str) -> None:
        data = self.get(source)
        if check_key(target) != source:
            self.put(target, data)

    def now(self) -> datetime:
        return datetime.now(timezone.utc)

    def _write(self, key: str, data: bytes) -> None:
        check_key(key)
        parents = {key[:at] for at, letter in enumerate(key) if letter == "/"}
        if parents & self.objects.keys() or any(other.startswith(f"{key}/") for other in self.objects):
            raise StoreError(f"cannot write {key!r}: an object cannot hold others below its name")
        self.objects[key] = bytes(data)


def _info(key: str, data: bytes) -> ObjectInfo:
    return ObjectInfo(key, len(data), sha256(data).hexdigest()[:32])
