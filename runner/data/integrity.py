"""Compare the files in a store with the manifest that they were committed under.

A manifest holds the digest of every file. Reading all files again is slow, so a commit also records an ETag of each
output (`DataRef.etag`), a digest of the facts that the store has of its files. In a bucket these are each object's
size and ETag; in a folder, each file's inode, size, mtime and ctime. A program can set a file's mtime, but not its
ctime (inode(7)): a file with the four facts of the commit has not been written to since.

The commit does not wait until the bytes of outputs are on the disk. A power failure may therefore lose the last
writes, even of a file that keeps its four facts (for example one that was created with its final size). So the ETag
includes the boot ID and is valid until the machine restarts; after a restart the files are read once.
"""

# ruff: noqa: PTH116
# A run with nothing to do looks at every file of every output: os.stat is cheaper than a Path.
from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from ..errors import DataChanged, ObjectDamaged, ObjectMissing, StoreError
from ..model.data import DataRef, Entry, Manifest
from ..model.digest import digest_of_bytes
from ..ports import FolderStore, ObjectStore
from . import manifest
from .dataset import Datastores
from .file_digest import digest_of_file
from .transfers.trees import PINNED, key_of

_DIGITS = 32
"""Hex digits of an ETag: 128 bits."""


def etag_of(store: ObjectStore, key: str, entries: Iterable[Entry]) -> str:
    """Return the ETag of the files at `key`, using only the manifest's paths; empty if a file is missing.

    Raises StoreError.
    """
    keys = [key_of(key, entry) for entry in entries]
    if isinstance(store, FolderStore):
        facts, since = [_file_fact(store, one) for one in keys], [boot_id()]
    else:
        facts, since = _object_facts(store, key, keys), []
    return digest_of_bytes("\0".join(keys + facts + since).encode())[:_DIGITS] if all(facts) else ""


def intact(workspace: ObjectStore, store: ObjectStore, ref: DataRef) -> DataRef | None:
    """Return `ref` with its present ETag if its files match their manifest; None if one is missing or changed.

    If the ETag of a folder differs, its files are read: a restored backup has the same bytes in other inodes. Objects
    of a bucket are not read: they count as changed. Raises StoreError.
    """
    try:
        known = manifest.load(workspace, ref.digest)
    except (ObjectMissing, ObjectDamaged):
        return None
    etag = etag_of(store, ref.key, known.entries)
    if etag == ref.etag or not known.entries:
        return ref if etag else None
    if not etag or not isinstance(store, FolderStore):
        return None
    return replace(ref, etag=etag) if all(_has_bytes(store, ref.key, entry) for entry in known.entries) else None


def check_unchanged(store: ObjectStore, ref: DataRef, known: Manifest, what: str) -> None:
    """Check by the store's facts alone that the files of `ref` are still those of its manifest.

    Args:
        store: The store of the files.
        ref: The data.
        known: Their manifest.
        what: The data, for people.

    Raises:
        DataChanged: A committed file is missing or has been changed.
        StoreError: A pinned file is missing or has been changed, so that another attempt pins it anew; or the store
            cannot be used.

    """
    if ref.etag and etag_of(store, ref.key, known.entries) != ref.etag:
        raise DataChanged(f"{what} ({ref.datastore}/{ref.key}) was changed in the store after its commit")
    pinned = {key_of(ref.key, entry): entry for entry in known.entries if entry.digest.startswith(PINNED)}
    if pinned and _etags(store, ref.key, pinned) != {key: entry.digest for key, entry in pinned.items()}:
        raise StoreError(f"{what} ({ref.datastore}/{ref.key}) was changed after it was pinned")


def _etags(store: ObjectStore, key: str, keys: Collection[str]) -> dict[str, str]:
    """Return the ETag of each of these objects that exists, as a manifest has it."""
    if set(keys) == {key}:
        lone = store.stat(key)
        return {key: PINNED + lone.etag} if lone is not None else {}
    found = store.list(f"{key}/" if key else "")
    return {info.key: PINNED + info.etag for info in found if info.key in keys}


def is_intact(workspace: ObjectStore, store: ObjectStore, ref: DataRef) -> bool:
    """Return True if the files of `ref` match their manifest, as `intact` does. Raises StoreError."""
    return intact(workspace, store, ref) is not None


def all_intact(
    workspace: ObjectStore, datastores: Datastores, outputs: Mapping[str, DataRef]
) -> Mapping[str, DataRef] | None:
    """Return `outputs` with their present ETags; None if one of them is not `intact`. Raises StoreError, BadInput."""
    found: dict[str, DataRef] = {}
    for name, ref in outputs.items():
        there = intact(workspace, datastores(ref.datastore), ref)
        if there is None:
            return None
        found[name] = there
    return found


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return the kernel's id of the present boot; empty where there is none (random(4))."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _file_fact(store: FolderStore, key: str) -> str:
    """Return inode, size, mtime and ctime in ns; empty if there is no such file. Raises StoreError."""
    path = store.path(key)
    try:
        facts = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise StoreError(f"cannot look at {path}: {error.strerror or error}") from error
    if not stat.S_ISREG(facts.st_mode):
        return ""
    return f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}-{facts.st_ctime_ns}"


def _object_facts(store: ObjectStore, key: str, keys: list[str]) -> list[str]:
    """Return size and ETag of each object, by one listing if `key` is a folder; empty for missing objects."""
    if keys == [key]:
        lone = store.stat(key)
        found = {key: lone} if lone else {}
    else:
        found = {info.key: info for info in store.list(f"{key}/")} if keys else {}
    return [f"{found[one].size}-{found[one].etag}" if one in found else "" for one in keys]


def _has_bytes(store: FolderStore, key: str, entry: Entry) -> bool:
    try:
        return digest_of_file(store.path(key_of(key, entry))) == entry.digest
    except OSError:
        return False
