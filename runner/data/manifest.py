"""Describe a tree of files by content, and keep the description in a store."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ..errors import BadInput
from ..model.data import Entry, Kind, Manifest
from ..model.digest import digest_of_file
from ..model.task import manifest_key
from ..ports import ObjectStore
from . import addressed


def describe(path: Path) -> Manifest:
    """The manifest of a file or folder; of an absent path, that of an empty folder.

    Links count as what they lead to; sockets, pipes and devices are left out. Raises OSError, and
    BadInput as `files_below` does.
    """
    if path.is_file():
        return Manifest(Kind.FILE, (Entry("", path.stat().st_size, digest_of_file(path)),))
    return Manifest(Kind.FOLDER, tuple(_entries(path)))


def named(path: Path) -> Manifest:
    """Like `describe`, but no file is read: the paths alone. Raises BadInput."""
    if path.is_file():
        return Manifest(Kind.FILE, (Entry("", 0, ""),))
    return Manifest(Kind.FOLDER, tuple(Entry(relative, 0, "") for relative, _ in files_below(path)))


def save(store: ObjectStore, manifest: Manifest) -> str:
    """Keep `manifest` under its digest, which is returned; a damaged object of that name is written again."""
    return addressed.keep(store, manifest_key, manifest)


def load(store: ObjectStore, digest: str) -> Manifest:
    """The manifest of that digest. Raises ObjectMissing, ObjectDamaged, StoreError."""
    return addressed.load(store, manifest_key(digest), lambda data: _parse(data, digest))


@lru_cache(maxsize=64)
def _parse(data: bytes, digest: str) -> Manifest:
    return addressed.checked_document(Manifest, data, manifest_key(digest), digest)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """(POSIX path relative to `folder`, path) of every regular file below it, sorted by the former.

    Links are followed; an absent folder has no files. Raises BadInput for a folder that cannot be read
    and for a link that leads to a folder around it.
    """
    if folder.is_dir():
        yield from sorted(_walk(folder, "", (os.path.realpath(folder),)))


def _walk(folder: Path, inside: str, around: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """`around`: the real paths of `folder` and those above it, down from where the walk began."""
    try:
        with os.scandir(folder) as entries:
            found = tuple(entries)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be read: {error.strerror or error}") from error
    for entry in found:
        relative = inside + entry.name
        if entry.is_file():
            yield relative, Path(entry.path)
        elif entry.is_dir():
            real = os.path.realpath(entry.path) if entry.is_symlink() else f"{around[-1]}/{entry.name}"
            if real in around:
                raise BadInput(f"the link {relative} leads to a folder around it", remedy="remove the link")
            yield from _walk(Path(entry.path), f"{relative}/", (*around, real))


def _entries(folder: Path) -> Iterator[Entry]:
    for relative, path in files_below(folder):
        yield Entry(relative, path.stat().st_size, digest_of_file(path))
