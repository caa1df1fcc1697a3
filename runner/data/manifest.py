"""Describe a tree of files by content, and keep the description in a store."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.data import Entry, Kind, Manifest
from ..model.task import manifest_key
from ..ports import ObjectStore
from . import addressed
from .file_digest import size_and_digest_of_file


@dataclass(frozen=True)
class Tree:
    """The content of a path of this machine."""

    kind: Kind
    files: tuple[tuple[str, Path], ...] = ()
    """The regular files: (POSIX path relative to the folder, path), sorted. The former is empty for a lone file."""
    folders: tuple[str, ...] = ()
    """The folders with neither files nor folders, sorted: POSIX paths relative to the folder."""
    others: tuple[str, ...] = ()
    """Entries that no store can hold, sorted; each has its kind in parentheses."""


def survey(path: Path) -> Tree:
    """List everything at a path; an absent path is an empty folder.

    Links count as their targets.

    Raises:
        BadInput: a folder cannot be read, or a link leads to a folder around it.
    """
    if path.is_file():
        return Tree(Kind.FILE, (("", path),))
    if not path.is_dir():
        return Tree(Kind.FOLDER, others=_what_is_no_folder(path))
    walk = _Walk()
    walk.enter(path, "", (os.path.realpath(path),))
    return Tree(Kind.FOLDER, tuple(sorted(walk.files)), tuple(sorted(walk.folders)), tuple(sorted(walk.others)))


def describe(path: Path) -> Manifest:
    """Return the manifest of a file or folder; for an absent path, of an empty folder. Raises OSError, BadInput."""
    return manifest_of(survey(path))


def manifest_of(tree: Tree) -> Manifest:
    """Read the files of a tree. Raises OSError."""
    return Manifest(tree.kind, tuple(_entry(relative, path) for relative, path in tree.files), tree.folders)


def named(path: Path) -> Manifest:
    """Return a manifest of the paths alone, without reading a file. Raises BadInput."""
    if path.is_file():
        return Manifest(Kind.FILE, (Entry("", 0, ""),))
    return Manifest(Kind.FOLDER, tuple(Entry(relative, 0, "") for relative, _ in files_below(path)))


def save(store: ObjectStore, manifest: Manifest) -> str:
    """Store `manifest` under its digest and return that; a damaged object of that name is written again."""
    return addressed.keep(store, manifest_key, manifest)


def load(store: ObjectStore, digest: str, *, remember: bool = True) -> Manifest:
    """Return the manifest of that digest. Raises ObjectMissing, ObjectDamaged, StoreError.

    Args:
        store: The workspace store.
        digest: The digest.
        remember: False: it does not stay in memory, which a large one would fill. Default: True.
    """
    parse = _parse if remember else _parse.__wrapped__
    return addressed.load(store, manifest_key(digest), lambda data: parse(data, digest))


@lru_cache(maxsize=64)
def _parse(data: bytes, digest: str) -> Manifest:
    return addressed.checked_document(Manifest, data, manifest_key(digest), digest)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """(POSIX path relative to `folder`, path) of every regular file below it, sorted by the former.

    An absent folder has no files. Raises BadInput as `survey` does.
    """
    if folder.is_dir():
        yield from survey(folder).files


class _Walk:
    """Collects the files below a folder."""

    def __init__(self) -> None:
        self.files: list[tuple[str, Path]] = []
        self.folders: list[str] = []
        self.others: list[str] = []

    def enter(self, folder: Path, inside: str, around: tuple[str, ...]) -> bool:
        """Look at `folder`. Returns True if it holds a file or folder.

        Args:
            folder: The folder.
            inside: Its path relative to the start of the walk.
            around: The real paths of `folder` and those above it, from where the walk began.
        """
        kept = False
        for entry in _entries(folder):
            relative = inside + entry.name
            if _is(entry.is_file):
                self.files.append((relative, Path(entry.path)))
            elif _is(entry.is_dir):
                real = os.path.realpath(entry.path) if entry.is_symlink() else f"{around[-1]}/{entry.name}"
                if real in around:
                    raise BadInput(f"the link {relative} leads to a folder around it", remedy="remove the link")
                if not self.enter(Path(entry.path), f"{relative}/", (*around, real)):
                    self.folders.append(relative)
            else:
                self.others.append(f"{relative} ({_kind_of(entry.path)})")
                continue
            kept = True
        return kept


def _entries(folder: Path) -> tuple[os.DirEntry[str], ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(entries)
    except OSError as error:
        raise BadInput(f"the folder {folder} cannot be read: {error.strerror or error}") from error


def _is(kind: Callable[[], bool]) -> bool:
    """Return True if the entry is of that kind; False for a link that leads to itself."""
    try:
        return kind()
    except OSError:
        return False


def _what_is_no_folder(path: Path) -> tuple[str, ...]:
    return (f"{path.name} ({_kind_of(path)})",) if os.path.lexists(path) else ()


def _kind_of(path: str | Path) -> str:
    mode = os.lstat(path).st_mode
    return _KINDS.get(stat.S_IFMT(mode), "no regular file")


_KINDS = {
    stat.S_IFLNK: "a link that leads nowhere",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _entry(relative: str, path: Path) -> Entry:
    size, digest = size_and_digest_of_file(path)
    return Entry(relative, size, digest)
