"""Choose files by a path or a glob from what a store or a run has (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from ...data.dataset import glob_rule
from ...dataclass import dataclass
from .addresses import has_glob


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file of a datastore."""

    path: str
    """Its path in the tree that was searched: its key, or ``STEP/OUTPUT/PATH``."""
    datastore: str
    key: str
    size: int
    """Bytes."""
    etag: str = ""
    """The store's ETag; empty: not asked for."""
    digest: str = ""
    """The hex SHA-256 under which a step committed it; empty: unknown."""


@dataclass(frozen=True, kw_only=True)
class FoundFiles:
    """The files at an address."""

    path: str
    """The path of the address: a file, a folder, or a glob."""
    files: tuple[FoundFile, ...] = ()
    """Sorted by their paths."""
    folders: tuple[str, ...] = ()
    """Paths of empty folders in the same tree."""

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file.size for file in self.files)

    @property
    def lone(self) -> bool:
        """True if the address names one file, not a folder or a glob."""
        return len(self.files) == 1 and self.files[0].path == self.path

    @property
    def name(self) -> str:
        """The last part of the address, below which its files go into another folder; empty for a glob."""
        return "" if has_glob(self.path) else self.path.rpartition("/")[2]

    def below(self, path: str) -> str:
        """Return a found path relative to the address: to the folder, or to the folders before the first wildcard."""
        start = fixed_folder(self.path)
        return self.name if self.lone else path[len(start) + 1 :] if start else path


def fixed_folder(path: str) -> str:
    """Return the folders of a path before its first wildcard; the whole path if it has none."""
    parts = path.split("/")
    fixed = next((at for at, part in enumerate(parts) if has_glob(part)), len(parts))
    return "/".join(parts[:fixed])


def chosen(path: str, files: Iterable[FoundFile], folders: Iterable[str] = ()) -> FoundFiles:
    """Choose the files that a path names.

    Args:
        path: A file, a folder or a glob; empty: everything.
        files: The files to choose from.
        folders: The empty folders to choose from. A glob chooses none.

    """
    if has_glob(path):
        rule = glob_rule(path)
        kept, empty = [file for file in files if rule.fullmatch(file.path)], []
    else:
        kept = [file for file in files if is_at(path, file.path)]
        empty = [folder for folder in folders if is_at(path, folder)]
    return FoundFiles(path=path, files=tuple(sorted(kept, key=lambda file: file.path)), folders=tuple(sorted(empty)))


def is_at(path: str, found: str) -> bool:
    """Return True if `found` is the file or folder `path`, or lies below it. Empty: everything does."""
    return not path or found == path or found.startswith(f"{path}/")
