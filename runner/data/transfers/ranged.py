"""Download a large object in ranges, and go on inside it after an interruption.

The ranges go into a part file beside the target. A second file lists the ranges that are complete, one line each; it is
appended to after the bytes are written, so a killed process loses the ranges in flight and no more. Both names hold a
digest of the object's key and ETag, so the parts of another version of the object are never continued, and of the boot
ID, because a power failure may lose written bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol, runtime_checkable

from ...backports import without_prefix
from ...errors import DataChanged, ObjectChanged, StoreError
from ...model.data import Entry, Manifest
from ...model.digest import digest_of
from ...ports import FolderStore, ObjectStore
from ..file_digest import digest_of_file
from ..integrity import boot_id
from . import trees
from .progress import SILENT, Progress
from .trees import PINNED

LARGE = 64 << 20
"""Bytes above which a download can go on inside a file."""
_RANGE = 8 << 20
"""Bytes of a range."""
_THREADS = 4
"""Ranges in flight. With `_RANGE` they are the memory that a download takes; eight cost twice the processor time."""
_PART = ".runner-part-"


@runtime_checkable
class RangedStore(ObjectStore, Protocol):
    """An object store that writes a range of an object to a file without holding it in memory."""

    def read_range_into(self, descriptor: int, key: str, start: int, length: int, etag: str = "") -> int:
        """Write at most `length` bytes from `start` to the same place of an open file, and return their number.

        Other places of the file stay as they are, also if the call fails.

        Args:
            descriptor: The file's descriptor.
            key: The key of the object.
            start: The offset of the first byte.
            length: The most bytes, at least 1.
            etag: The ETag that the object must have. Default: empty, any.

        Raises:
            ObjectMissing: There is no such object.
            ObjectChanged: The object has another ETag.

        """


def fetch_files(store: ObjectStore, key: str, manifest: Manifest, into: Path, progress: Progress = SILENT) -> None:
    """Make the files of a manifest files, as `trees.fetch` does; large ones of a bucket from where a call broke off.

    Args:
        store: Where they lie.
        key: The file's key, or the folder's.
        manifest: What they were when they were committed or pinned.
        into: The new file or folder.
        progress: Receives what was brought; its `begin` is the caller's. Default: nobody.

    Raises:
        DataChanged: A committed file is gone, or has other bytes than the manifest says.
        StoreError: A pinned file was changed; or whatever the store has against it.

    """
    for entry in manifest.entries:  # before anything is written
        trees.target_of(into, entry)
    large = [one for one in manifest.entries if one.size > LARGE and not isinstance(store, FolderStore)]
    others = tuple(one for one in manifest.entries if one not in large) if large else manifest.entries
    trees.fetch(store, key, replace(manifest, entries=others), into, progress=progress)
    for entry in large:  # one after the other: each takes the memory of its ranges
        path = trees.target_of(into, entry) if entry.path else into
        path.parent.mkdir(parents=True, exist_ok=True)
        fetch(store, trees.key_of(key, entry), entry, path, progress)
        progress.completed()


def fetch(store: ObjectStore, key: str, entry: Entry, path: Path, progress: Progress) -> None:
    """Make an object a file, from the ranges of an interrupted call on.

    Args:
        store: The store of the object.
        key: The key of the object.
        entry: Its size and digest.
        path: The file, whose folder exists. It appears when it is complete.
        progress: Receives the bytes, with those of earlier calls.

    Raises:
        DataChanged: The object has another content than its step committed.
        ObjectChanged: The object was overwritten meanwhile.
        StoreError: The store or the file cannot be used.

    """
    pinned = entry.digest.startswith(PINNED)
    etag = without_prefix(entry.digest, PINNED) if pinned else _etag_of(store, key, entry)
    try:
        part = _part_of(path, key, etag)
        _remove_others(part)
        _fill(store, key, entry, etag, part, progress)
        if not _is_right(part, entry):
            _remove(part)
            raise DataChanged(f"{key} was changed in the store after its commit: it has other content")
        part.replace(path)
        _remove(part)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error


def _etag_of(store: ObjectStore, key: str, entry: Entry) -> str:
    info = store.stat(key)
    if info is None or info.size != entry.size:
        size = "is no longer there" if info is None else f"has {info.size} bytes where its manifest says {entry.size}"
        raise DataChanged(f"{key} was changed in the store after its commit: it {size}")
    return info.etag


def _part_of(path: Path, key: str, etag: str) -> Path:
    return path.with_name(f"{_PART}{digest_of(path.name)[:8]}-{digest_of([key, etag, boot_id()])[:16]}")


def _remove_others(part: Path) -> None:
    """Remove the parts of other versions of the same file."""
    same = part.name.rpartition("-")[0]
    for other in part.parent.glob(f"{same}-*"):
        if not other.name.startswith(part.name):
            other.unlink(missing_ok=True)


def _remove(part: Path) -> None:
    for path in (part, _list_of(part)):
        path.unlink(missing_ok=True)


def _list_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.ranges")


def _fill(store: ObjectStore, key: str, entry: Entry, etag: str, part: Path, progress: Progress) -> None:
    done = _ranges_in(part)
    starts = range(0, entry.size, _RANGE)
    progress.moved(sum(min(_RANGE, entry.size - start) for start in starts if start in done))
    with _opened(part) as content, _opened(_list_of(part), os.O_APPEND) as complete, _pool() as threads:
        lock = Lock()

        def bring(start: int) -> None:
            size = _bring(store, key, start, etag, content)
            if size != min(_RANGE, entry.size - start):
                raise ObjectChanged(f"{key} was overwritten while it was downloaded; download it again")
            with lock:
                os.write(complete, b"%d\n" % start)
            progress.moved(size)

        for _ in threads.map(bring, (start for start in starts if start not in done)):
            pass


def _bring(store: ObjectStore, key: str, start: int, etag: str, descriptor: int) -> int:
    """Write one range of an object to its place in the part file, and return its bytes."""
    if isinstance(store, RangedStore):
        return store.read_range_into(descriptor, key, start, _RANGE, etag)
    data = store.read_range(key, start, _RANGE, etag)
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], start + written)
    return len(data)


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Yield threads; ranges that have not begun when one fails are not read."""
    threads = ThreadPoolExecutor(_THREADS)
    try:
        yield threads
    finally:
        threads.shutdown(cancel_futures=True)


@contextmanager
def _opened(path: Path, flags: int = 0) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | flags, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _ranges_in(part: Path) -> frozenset[int]:
    """Return where the complete ranges of a part file start. The last line may be cut off."""
    if part.exists():
        with suppress(FileNotFoundError):
            lines = _list_of(part).read_bytes().split(b"\n")[:-1]
            return frozenset(int(line) for line in lines if line.isdigit())
    _list_of(part).unlink(missing_ok=True)
    return frozenset()


def _is_right(part: Path, entry: Entry) -> bool:
    """Compare the whole file with the digest of its commit, if there is one."""
    known = bool(entry.digest) and not entry.digest.startswith(PINNED)
    return part.stat().st_size == entry.size and (not known or digest_of_file(part) == entry.digest)
