"""Describe a tree of files by content, and keep the description in a store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from ..model.data import Entry, Kind, Manifest
from ..model.digest import canonical_json, digest_of_bytes, digest_of_file
from ..model.document import from_document, to_document
from ..model.task import manifest_key
from ..ports import ObjectStore


def describe(path: Path) -> Manifest:
    """The manifest of a file or folder; of an absent path, that of an empty folder.

    Links to files count as files; sockets, pipes and devices are left out. Raises OSError.
    """
    if path.is_file():
        return Manifest(Kind.FILE, (Entry("", path.stat().st_size, digest_of_file(path)),))
    return Manifest(Kind.FOLDER, tuple(_entries(path)))


def save(store: ObjectStore, manifest: Manifest) -> str:
    """Keep `manifest` under its digest, which is returned."""
    data = canonical_json(to_document(manifest))
    digest = digest_of_bytes(data)
    store.put_if_absent(manifest_key(digest), data)
    return digest


def load(store: ObjectStore, digest: str) -> Manifest:
    """The manifest of that digest. Raises ObjectMissing."""
    return _parse(store.get(manifest_key(digest)))


@lru_cache(maxsize=64)
def _parse(data: bytes) -> Manifest:
    return from_document(Manifest, json.loads(data))


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """(POSIX path relative to `folder`, path) of every regular file below it, sorted by the former."""
    found: list[tuple[str, Path]] = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file():
                found.append((path.relative_to(folder).as_posix(), path))
    yield from sorted(found)


def _entries(folder: Path) -> Iterator[Entry]:
    for relative, path in files_below(folder):
        yield Entry(relative, path.stat().st_size, digest_of_file(path))
