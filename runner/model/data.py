"""Places in datastores, what lies there, and datasets as definitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum

from ..dataclass import dataclass, field
from .digest import digest_of, guid

DEFAULT_DATASTORE = "workspaceblobstore"
"""v1's name for the datastore every workspace has."""
FILE_DATASTORE = "workspacefilestore"
"""v1's second one, a file share; here a folder of this name in the workspace store, unless it is configured."""


class Kind(str, Enum):
    """What lies at a place."""

    FILE = "file"
    FOLDER = "folder"


class Mode(str, Enum):
    """How data reaches a step, or leaves it."""

    MOUNT = "mount"
    DOWNLOAD = "download"
    UPLOAD = "upload"
    DIRECT = "direct"


@dataclass(frozen=True)
class DataPath:
    """A place in a datastore as a user names it; `path` may hold ``*`` and ``**``."""

    datastore: str
    path: str


def has_wildcard(path: str) -> bool:
    """Return True if a path, or a part of one, is a pattern."""
    return any(char in path for char in "*?[")


@dataclass(frozen=True)
class DataRef:
    """A place in a datastore whose content is known: never a URL, a host or a local path."""

    datastore: str
    key: str
    """The file's key, or the folder's without a trailing slash."""
    digest: str
    """The digest of its `Manifest`, which is stored at ``manifests/<digest>.json``."""
    files: int = 0
    bytes: int = 0
    content: str = ""
    """The digest of the files' names and bytes alone, where they are known: data that were copied elsewhere or
    touched keep theirs. Empty: `digest` says as much."""
    etag: str = ""
    """What the store said of the files when they were committed: see `runner.data.integrity`. Empty: not recorded."""


@dataclass(frozen=True)
class Entry:
    """One file of a manifest."""

    path: str
    """POSIX, relative to the folder; empty for a lone file."""
    size: int
    """Bytes."""
    digest: str
    """Hex SHA-256 of the content, or ``etag:…`` where only the store has read it."""
    key: str = ""
    """The object's key when it is not the ref's key joined with `path` (datasets)."""


@dataclass(frozen=True)
class Manifest:
    """The files of one output or one pinned dataset, sorted by path."""

    kind: Kind
    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()
    """The empty folders, sorted: POSIX paths relative to the folder. A bucket has none: this alone knows them."""

    @property
    def bytes(self) -> int:
        """The sizes of all files together."""
        return sum(entry.size for entry in self.entries)


@dataclass(frozen=True)
class Transform:
    """One lazy operation of a dataset, applied where the data are read."""

    operation: str
    """``keep_columns``, ``drop_columns``, ``take`` …"""
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetDefinition:
    """A dataset: where its files are and how to read them; the data themselves are never copied."""

    kind: str
    """``file`` or ``tabular``."""
    paths: tuple[DataPath, ...]
    format: str = ""
    """For tabular ones: ``delimited``, ``parquet`` or ``json_lines``."""
    options: Mapping[str, object] = field(default_factory=dict)
    """How to parse: the arguments of v1's ``from_delimited_files`` and friends."""
    transforms: tuple[Transform, ...] = ()
    name: str = ""
    """The registered name, for show."""
    version: int = 0
    id: str = ""

    @property
    def bare(self) -> DatasetDefinition:
        """The definition without its registration."""
        return replace(self, name="", version=0, id="")

    @property
    def identity(self) -> str:
        """The definition's content as v1 writes ids: a GUID."""
        return guid(digest_of(self.bare))
