"""Move the files of a manifest between a store and a local folder, many at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TypeVar

from ..errors import StoreError
from ..model.data import Entry, Kind, Manifest
from ..model.digest import digest_of_file
from ..ports import FolderStore, ObjectStore

T = TypeVar("T")
_THREADS = 16
PINNED = "etag:"
"""What begins the digest of an entry whose content only the store has read."""

Place = Callable[[str, Path], None]
"""Make the object of a key a file at a path."""


def fetch(store: ObjectStore, key: str, manifest: Manifest, into: Path, *, place: Place | None = None) -> None:
    """Make the files of `manifest`, which lie at `key`, a file or folder at `into`.

    `place` brings one object (default: ``store.download``). Raises StoreError when a file is gone, is not the one
    that was pinned, has another size than the manifest says or, once over a network, another content.
    """
    bring = place or store.download
    checked = not isinstance(store, FolderStore)
    into.parent.mkdir(parents=True, exist_ok=True)
    if manifest.kind is Kind.FILE:
        _bring(bring, key, manifest.entries[0], into, checked=checked)
        _check_pinned(store, key, manifest.entries[0])
        return
    into.mkdir(exist_ok=True)
    for parent in sorted({target_of(into, entry).parent for entry in manifest.entries}):
        parent.mkdir(parents=True, exist_ok=True)

    def bring_pinned(entry: Entry) -> None:
        _bring(bring, key, entry, target_of(into, entry), checked=checked)
        _check_pinned(store, key, entry)

    _each(manifest.entries, bring_pinned)


def deliver(store: ObjectStore, path: Path, key: str, manifest: Manifest) -> None:
    """Put the files that `manifest` lists of the file or folder at `path` into the store at `key`."""
    _each(manifest.entries, lambda entry: store.upload(key_of(key, entry), path / entry.path if entry.path else path))


def discard(store: ObjectStore, key: str) -> None:
    """Delete the file or folder at `key`. Raises StoreError."""
    _each((key, *(info.key for info in store.list(f"{key}/"))), store.delete)


def copy(store: ObjectStore, key: str, manifest: Manifest, to: str) -> None:
    """Copy the files of `manifest`, which lie at `key`, to the file or folder `to` of the same store."""
    _each(manifest.entries, lambda entry: store.copy(key_of(key, entry), f"{to}/{entry.path}" if entry.path else to))


def key_of(key: str, entry: Entry) -> str:
    """The key of one file of a manifest that lies at `key`."""
    return entry.key or (f"{key}/{entry.path}" if entry.path else key)


def target_of(folder: Path, entry: Entry) -> Path:
    """Where a file of a manifest belongs below `folder`. Raises StoreError for a path that leaves it."""
    parts = PurePosixPath(entry.path)
    if parts.is_absolute() or ".." in parts.parts:
        raise StoreError(f"a manifest names {entry.path!r}, which lies outside its folder")
    return folder / parts


def _bring(bring: Place, key: str, entry: Entry, path: Path, *, checked: bool) -> None:
    source = key_of(key, entry)
    bring(source, path)
    size = path.stat().st_size
    if size != entry.size:
        raise StoreError(f"{source} has {size} bytes where its manifest says {entry.size}: it was changed in the store")
    if checked and not _has_content(path, entry):
        path.unlink()
        bring(source, path)  # it may have been damaged on its way
        if not _has_content(path, entry):
            raise StoreError(f"{source} has another content than its manifest says: it was changed in the store")


def _has_content(path: Path, entry: Entry) -> bool:
    """Whether it has the content of `entry`, as far as anybody knows that."""
    return not entry.digest or entry.digest.startswith(PINNED) or digest_of_file(path) == entry.digest


def _check_pinned(store: ObjectStore, key: str, entry: Entry) -> None:
    """Look after the transfer: what was the pinned object then was so all the while."""
    if not entry.digest.startswith(PINNED):
        return
    info = store.stat(key_of(key, entry))
    if info is None or PINNED + info.etag != entry.digest:
        raise StoreError(f"{key_of(key, entry)} was changed after the step's inputs were pinned; submit the run again")


def _each(items: Iterable[T], work: Callable[[T], None]) -> None:
    todo = tuple(items)
    if len(todo) < 2:
        for item in todo:
            work(item)
        return
    from concurrent.futures import ThreadPoolExecutor  # only transfers need it

    pool = ThreadPoolExecutor(min(_THREADS, len(todo)))
    try:
        for future in [pool.submit(work, item) for item in todo]:
            future.result()
    except Exception:
        pool.shutdown(cancel_futures=True)  # what is discarded afterwards must not come back
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who must stop does not wait
