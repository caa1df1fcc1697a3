"""Paths in datastores, their content, and dataset definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

from ..dataclass import dataclass, field
from .digest import digest_of, guid
from .transforms import Transform

DEFAULT_DATASTORE = "workspaceblobstore"
"""v1's name for the default datastore, which every workspace has."""
FILE_DATASTORE = "workspacefilestore"
"""v1's second datastore, a file share. Unless configured, it is a folder of this name in the workspace store."""


class Kind(str, Enum):
    """The kind of object at a path."""

    FILE = "file"
    FOLDER = "folder"


class Mode(str, Enum):
    """The way in which a step accesses an input or output, as its author asks for it."""

    MOUNT = "mount"
    """A read-only view of the store, read on demand, where the target can mount; else as `DOWNLOAD`."""
    DOWNLOAD = "download"
    """A private copy that is complete before the script starts."""
    UPLOAD = "upload"
    """Of an output: files are stored after the script has succeeded. Of an input: see `step.InputSpec.writable`."""
    DIRECT = "direct"
    """The script gets the dataset and reads it by itself."""
    AUTO = "auto"
    """Read-only like `MOUNT`; runner decides by size and target whether it is mounted or downloaded."""

    @property
    def is_shared(self) -> bool:
        """True if the input is the store's own data: its files are no copy that a script may change."""
        return self in (Mode.MOUNT, Mode.UPLOAD, Mode.AUTO)

    @property
    def shown(self) -> Mode:
        """The mode in v1's words, which scripts see."""
        return Mode.MOUNT if self is Mode.AUTO else self


@dataclass(frozen=True)
class DatastorePath:
    """A path in a datastore as a user writes it; `path` may hold ``*`` and ``**``."""

    datastore: str
    path: str


def has_wildcard(path: str) -> bool:
    """Return True if a path, or a part of one, is a pattern."""
    return any(char in path for char in "*?[")


@dataclass(frozen=True, kw_only=True)
class DataRef:
    """A path in a datastore with known content. It never holds a URL, a host or a local path."""

    datastore: str
    key: str
    """The key of the file, or of the folder without a trailing slash."""
    digest: str
    """The digest of the `Manifest`, which is stored at ``manifests/<digest>.json``."""
    files: int = 0
    bytes: int = 0
    content: str = ""
    """The digest of the files' names and bytes alone, if known. A copy of the data elsewhere has the same.

    Empty: use `digest`.
    """
    etag: str = ""
    """The store's ETag of the files at their commit: see `runner.data.integrity`. Empty: not recorded."""


@dataclass(frozen=True)
class Entry:
    """One file of a manifest."""

    path: str
    """POSIX path relative to the folder; empty for a single file."""
    size: int
    """Size in bytes."""
    digest: str
    """Hex SHA-256 of the content, or ``etag:…`` if only the store has read the content."""
    key: str = ""
    """The object's key if it is not the ref's key joined with `path` (datasets)."""


@dataclass(frozen=True)
class Manifest:
    """The files of one output or of one resolved dataset, sorted by path."""

    kind: Kind
    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()
    """The empty folders, sorted: POSIX paths relative to the folder. A bucket itself has no folders."""

    @property
    def bytes(self) -> int:
        """The size of all files in bytes."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True, kw_only=True)
class DatasetDefinition:
    """A dataset: the location of its files and how to read them. The data themselves are never copied."""

    kind: str
    """``file`` or ``tabular``."""
    paths: tuple[DatastorePath, ...]
    format: str = ""
    """For tabular datasets: ``delimited``, ``parquet`` or ``json_lines``."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Parse options: the arguments of v1's ``from_delimited_files`` and the like."""
    transforms: tuple[Transform, ...] = ()
    name: str = ""
    """The registered name, for display."""
    version: int = 0
    id: str = ""

    @property
    def bare(self) -> DatasetDefinition:
        """Return the definition without its registration."""
        return replace(self, name="", version=0, id="")

    @property
    def identity(self) -> str:
        """The definition's digest in the form of v1's ids, a GUID."""
        return guid(digest_of(self.bare))
