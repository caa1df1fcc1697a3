"""Move the files of a manifest between a store and a local folder, many at a time."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Callable

from ...backports import without_prefix
from ...errors import DataChanged, ObjectChanged, ObjectMissing, StoreError
from ...model.data import Entry, Kind, Manifest
from ...model.names import maker_of
from ...ports import FolderStore, ObjectInfo, ObjectStore
from ..file_digest import digest_of_file, md5_of_file
from .progress import SILENT, Progress
from .workers import THREADS, each

if TYPE_CHECKING:
    from ..node_cache import NodeCache

READ_AGAIN = 256 << 20
"""Bytes of a manifest above which fetched files are not read again if the store's files are unchanged."""
PINNED = "etag:"
"""The prefix of the digest of an entry whose content only the store has read."""

_SMALL = 64 << 10
"""Bytes of a file that takes longer to open than to copy."""
_AT_ONCE = 4 << 20
"""Bytes up to which an object is held in memory on its way."""

PlaceFile = Callable[[str, Path], None]
"""Make the object of a key a file at a path."""


def fetch(
    store: ObjectStore,
    key: str,
    manifest: Manifest,
    into: Path,
    *,
    place: PlaceFile | None = None,
    unchanged: Callable[[], bool] = lambda: False,
    cache: NodeCache | None = None,
    progress: Progress = SILENT,
) -> None:
    """Make the files of `manifest`, which lie at `key`, a file or folder at `into`.

    Args:
        store: Where they lie.
        key: The file's key, or the folder's.
        manifest: What they were when they were committed or pinned.
        into: The new file or folder.
        place: Brings one object (default: ``store.download``).
        unchanged: Tells if the store's files are still those of the manifest. It is asked after more than
            `READ_AGAIN` bytes were brought from a folder; where it says yes, they are not read again.
        cache: Files that are at hand, and are looked for first. Default: none.
        progress: Receives what was brought; its `begin` is the caller's. Default: nobody.

    Raises:
        DataChanged: A committed file is gone, or has other bytes than the manifest says.
        StoreError: A pinned file was changed; or whatever the store has against it.

    """
    bring = place or store.download
    large = manifest.bytes > READ_AGAIN and isinstance(store, FolderStore)  # over a network it may be damaged
    into.parent.mkdir(parents=True, exist_ok=True)
    if manifest.kind is Kind.FOLDER:
        into.mkdir(exist_ok=True)
        folders = {_below(into, name) for name in manifest.folders}
        for folder in sorted({target_of(into, entry).parent for entry in manifest.entries} | folders):
            folder.mkdir(parents=True, exist_ok=True)

    def whole(entry: Entry) -> None:
        path = _target(into, entry)
        once = partial(fetch_file, store, key_of(key, entry), entry, path, bring=bring, read=not large)
        if cache is None:
            once()
        else:
            cache.bring(entry, path, once)
        progress.moved(entry.size)
        progress.completed()

    def checked(entry: Entry) -> None:
        if not _has_content(_target(into, entry), entry):
            raise _changed(store, key_of(key, entry), "has other content than its manifest says")

    if cache is not None:
        cache.expect(manifest.entries)
    each(manifest.entries, whole, _threads(store, manifest))
    if large and not unchanged():
        each(manifest.entries, checked)


def _threads(store: ObjectStore, manifest: Manifest) -> int:
    """Return the number of threads that bring the files of a manifest soonest.

    A small file of this machine takes a few short system calls. Threads that wait for the interpreter after each of
    them take four times as long as one thread.
    """
    small = manifest.bytes <= _SMALL * len(manifest.entries)
    return 1 if small and isinstance(store, FolderStore) else THREADS


def fetch_file(
    store: ObjectStore, key: str, entry: Entry, path: Path, *, bring: PlaceFile | None = None, read: bool = True
) -> None:
    """Make the object `key` a new file at `path`, and compare it with `entry`; its content only if it is `read`.

    Raises DataChanged, StoreError as `fetch` does.
    """
    if entry.digest.startswith(PINNED):
        if entry.size <= _AT_ONCE and bring in (None, store.download) and not isinstance(store, FolderStore):
            _fetch_pinned(store, key, entry, path)
            return
        (bring or store.download)(key, path)
        _check_pinned(store, key, entry)
        return
    for left in (1, 0):
        try:
            (bring or store.download)(key, path)
        except ObjectMissing as error:
            raise _changed(store, key, "is no longer there") from error
        size = path.stat().st_size
        if size != entry.size:
            raise _changed(store, key, f"has {size} bytes where its manifest says {entry.size}")
        if not read or _has_content(path, entry):
            return
        path.unlink()
        if not left:  # else it may have been damaged on its way
            raise _changed(store, key, "has other content than its manifest says")


def _fetch_pinned(store: ObjectStore, key: str, entry: Entry, path: Path) -> None:
    """Bring a small object and know by the same request that it is the pinned one."""
    try:
        data = store.read_range(key, 0, entry.size + 1, without_prefix(entry.digest, PINNED))
    except ObjectChanged as error:
        raise _changed_since(key) from error
    if len(data) != entry.size:
        raise _changed_since(key)
    part = path.with_name(f".part-{os.urandom(6).hex()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def deliver(store: ObjectStore, path: Path, key: str, manifest: Manifest, *, progress: Progress = SILENT) -> None:
    """Put the files and empty folders of `manifest`, which lie at `path`, into the store at `key`."""

    def send_entry(entry: Entry) -> None:
        store.upload(key_of(key, entry), path / entry.path if entry.path else path, entry.digest)
        progress.moved(entry.size)
        progress.completed()

    _make_folders(store, key, manifest)
    each(manifest.entries, send_entry)


def send(store: ObjectStore, files: Mapping[str, Path], progress: Progress = SILENT) -> None:
    """Put files into the store under their keys. Raises StoreError.

    Args:
        store: The store.
        files: The file of each key.
        progress: Receives what was sent; its `begin` is the caller's. Default: nobody.

    """

    def send_file(item: tuple[str, Path]) -> None:
        key, path = item
        try:
            size = path.stat().st_size
        except OSError as error:
            raise StoreError(f"cannot upload {path}: {error.strerror or error}") from error
        store.upload(key, path)
        progress.moved(size)
        progress.completed()

    each(files.items(), send_file)


def discard(store: ObjectStore, key: str) -> None:
    """Delete the file or folder at `key`. Raises StoreError."""
    each((key, *(info.key for info in store.list(f"{key}/"))), store.delete)


def copy(store: ObjectStore, key: str, manifest: Manifest, to: str) -> None:
    """Copy the files of `manifest`, which lie at `key`, to the file or folder `to` of the same store."""
    _make_folders(store, to, manifest)
    each(manifest.entries, lambda entry: store.copy(key_of(key, entry), f"{to}/{entry.path}" if entry.path else to))


def key_of(key: str, entry: Entry) -> str:
    """Return the key of one file of a manifest that lies at `key`."""
    return entry.key or (f"{key}/{entry.path}" if entry.path else key)


def target_of(folder: Path, entry: Entry) -> Path:
    """Return the path of a manifest's file below `folder`. Raises StoreError for a path that leaves it."""
    return _below(folder, entry.path)


def _make_folders(store: ObjectStore, key: str, manifest: Manifest) -> None:
    """Make the empty folders of `manifest` at `key`, where the store has folders. Raises StoreError."""
    if not isinstance(store, FolderStore):
        return
    for name in manifest.folders:
        folder = store.path(f"{key}/{name}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make the folder {folder}: {error.strerror or error}") from error


def _below(folder: Path, path: str) -> Path:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\0" in path:
        raise StoreError(f"a manifest names {path!r}, which lies outside its folder")
    return folder / parts


def _target(into: Path, entry: Entry) -> Path:
    return target_of(into, entry) if entry.path else into


def _changed(store: ObjectStore, key: str, what: str) -> DataChanged:
    """Return the error. A file with the facts of its commit (a disk fault, say) loses them.

    So the next look reads it: see `integrity`.
    """
    if isinstance(store, FolderStore):
        with suppress(OSError):
            facts = store.path(key).stat()
            os.utime(store.path(key), ns=(facts.st_atime_ns, facts.st_mtime_ns))  # this alone changes the ctime
    made = maker_of(key)
    whose = f", which step '{made[1]}' of run {made[0]} wrote," if made else ""
    return DataChanged(f"{key}{whose} was changed in the store after its commit: it {what}")


def is_content(store: ObjectStore, key: str, entry: Entry, path: Path) -> bool:
    """Return True if the file at `path` has the content of `entry`, which lies at `key` of `store`.

    If only the store knows the pinned content, it must still hold it. False in doubt.
    """
    if not entry.digest.startswith(PINNED):
        return path.stat().st_size == entry.size and digest_of_file(path) == entry.digest
    info = store.stat(key_of(key, entry))
    return info is not None and PINNED + info.etag == entry.digest and is_object(store, info, path)


def is_object(store: ObjectStore, info: ObjectInfo, path: Path) -> bool:
    """Return True if the file at `path` has the bytes of the object, which a bucket can tell by an MD5 ETag only.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html, ``ETag``: of an object uploaded in one part.
    """
    if path.stat().st_size != info.size:
        return False
    if isinstance(store, FolderStore):
        return digest_of_file(path) == digest_of_file(store.path(info.key))
    return md5_of_file(path) == info.etag


def _has_content(path: Path, entry: Entry) -> bool:
    """Return True if the file has the content of `entry`, as far as this is known."""
    return not entry.digest or entry.digest.startswith(PINNED) or digest_of_file(path) == entry.digest


def _check_pinned(store: ObjectStore, key: str, entry: Entry) -> None:
    """Check after the transfer that the pinned object was the same all the while."""
    info = store.stat(key)
    if info is None or PINNED + info.etag != entry.digest:
        raise _changed_since(key)


def _changed_since(key: str) -> StoreError:
    return StoreError(f"{key} was changed after the step's inputs were pinned; submit the run again")
