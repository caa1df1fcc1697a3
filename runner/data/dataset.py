"""Find the files of a dataset in a datastore, and pin them for a step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Callable

from ..dataclass import dataclass
from ..errors import BadInput, StoreError
from ..model.data import (
    DEFAULT_DATASTORE,
    FILE_DATASTORE,
    DataRef,
    DatasetDefinition,
    DatastorePath,
    Entry,
    Kind,
    Manifest,
    has_wildcard,
)
from ..model.digest import digest_of
from ..model.names import RUNS_FOLDER, is_reserved
from ..ports import FolderStore, ObjectInfo, ObjectStore
from . import manifest as manifests
from .file_digest import digest_of_file
from .selection import Found, chosen
from .transfers.trees import PINNED

_READ_BYTES = 1 << 30
_READ_FILES = 10_000
Datastores = Callable[[str], ObjectStore]
"""Return the store of a datastore's name. Raises BadInput for an unknown one."""


@dataclass(frozen=True)
class Listing:
    """The files that a definition refers to now."""

    datastore: str
    files: tuple[Found, ...]
    """Sorted by their relative paths."""
    lone: bool = False
    """True if the definition names this one file, not a folder or a pattern."""

    @property
    def folder(self) -> str:
        """The folder that the files' paths are relative to; empty: the whole store."""
        first = self.files[0]
        return first.key[: len(first.key) - len(first.relative)].rstrip("/")

    @property
    def key(self) -> str:
        """The key of the file or folder."""
        return self.files[0].key if self.lone else self.folder

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(file.size for file in self.files)

    @property
    def manifest(self) -> Manifest:
        """The manifest of the files, with the store's ETags in place of digests."""
        # A path below the shared folder has the key; only below the whole store is there no folder to name.
        folder = self.folder
        entries = tuple(
            Entry(
                "" if self.lone else file.relative,
                file.size,
                PINNED + file.etag,
                "" if self.lone or folder else file.key,
            )
            for file in self.files
        )
        return Manifest(Kind.FILE if self.lone else Kind.FOLDER, entries)


def pin(
    workspace: ObjectStore,
    datastores: Datastores,
    paths: tuple[DatastorePath, ...],
    what: str,
    *,
    may_be_absent: bool = False,
) -> DataRef:
    """Return the files that `paths` refer to now, and keep their manifest in the workspace store.

    Args:
        workspace: The store of the manifest.
        datastores: The stores of the files.
        paths: Where the files lie.
        what: Names the data in errors.
        may_be_absent: Take a single path without a file for an empty folder.

    Raises:
        BadInput: when no file is there, or when the paths lie in several datastores.
    """
    definition = DatasetDefinition(kind="file", paths=paths)
    listed = listing(datastores, definition, what)
    if not listed.files and may_be_absent:
        return pin_nothing(workspace, paths[0])
    return _pinned(workspace, datastores, listed, definition, what)


def pin_nothing(workspace: ObjectStore, place: DatastorePath) -> DataRef:
    """Return an empty folder at `place`, without a look at the store."""
    return DataRef(
        datastore=place.datastore, key=place.path.strip("/"), digest=manifests.save(workspace, Manifest(Kind.FOLDER))
    )


def current(datastores: Datastores, place: DatastorePath) -> tuple[str, Manifest]:
    """Return the key of the file or folder at `place`, and its manifest now; an empty folder if nothing is there.

    Raises StoreError.
    """
    listed = listing(datastores, DatasetDefinition(kind="file", paths=(place,)))
    return (listed.key, listed.manifest) if listed.files else (place.path.strip("/"), Manifest(Kind.FOLDER))


def pin_dataset(workspace: ObjectStore, datastores: Datastores, definition: DatasetDefinition) -> DataRef:
    """Do `pin` for a dataset's definition; the operations of a file dataset select among its files."""
    what = title(definition)
    return _pinned(workspace, datastores, listing(datastores, definition, what), definition, what)


def title(definition: DatasetDefinition) -> str:
    """Return the dataset's name in errors."""
    return f"dataset '{definition.name}'" if definition.name else "the dataset"


def listing(datastores: Datastores, definition: DatasetDefinition, what: str = "") -> Listing:
    """Return every file that the definition refers to now.

    Raises BadInput for paths in several datastores and for a condition that files cannot meet.
    """
    names = sorted({path.datastore for path in definition.paths})
    if len(names) != 1:
        raise BadInput(
            f"{what or title(definition)} spans the datastores {', '.join(names) or '(none)'}",
            remedy="use one datastore per dataset",
        )
    files = _all_files(datastores(names[0]), definition.paths)
    lone = len(files) == 1 and len(definition.paths) == 1 and files[0].key == definition.paths[0].path.strip("/")
    return Listing(names[0], tuple(chosen(files, definition)), lone)


def nothing_there(definition: DatasetDefinition, what: str = "") -> BadInput:
    """Return the error for a definition that matches no file."""
    listed = ", ".join(f"{path.datastore}/{path.path}" for path in definition.paths)
    said = what or title(definition)
    if definition.kind == "file" and definition.transforms:
        return BadInput(f"{said} has no files: its operations leave none of those at {listed}")
    return BadInput(f"{said} has no files: nothing lies at {listed}", remedy="upload the data first")


def found_at(store: ObjectStore, place: DatastorePath) -> Iterator[tuple[str, ObjectInfo]]:
    """Do `match` without runner's records and, unless `place` names them, without outputs of runs.

    A dataset that is a whole store, or a pattern over it, would else grow with every run.
    """
    default = place.datastore == DEFAULT_DATASTORE
    whole = not fixed_part(place.path.strip("/"))
    holds_records = default or (whole and store.stat("store.json") is not None)  # or it is another workspace's
    hidden = tuple(f"{folder}/" for folder in (RUNS_FOLDER, *((FILE_DATASTORE,) if default else ())))
    named = f"{fixed_part(place.path.strip('/'))}/"
    hidden = tuple(folder for folder in hidden if not named.startswith(folder))
    for relative, info in match(store, place.path):
        if not (holds_records and is_reserved(info.key)) and not info.key.startswith(hidden):
            yield relative, info


def match(store: ObjectStore, pattern: str) -> Iterator[tuple[str, ObjectInfo]]:
    """Yield (path below the fixed part of `pattern`, object) for a file, a folder's files, or a glob's."""
    plain = pattern.strip("/")
    fixed = fixed_part(plain)
    if fixed == plain:
        yield from _file_or_folder(store, plain)
        return
    rule = glob_rule(plain)
    start = f"{fixed}/" if fixed else ""
    for info in store.list(start):
        if rule.fullmatch(info.key):
            yield info.key[len(start) :], info


def fixed_part(pattern: str) -> str:
    """Return the folders of a pattern before its first wildcard."""
    parts: list[str] = []
    for part in PurePosixPath(pattern).parts:
        if has_wildcard(part):
            break
        parts.append(part)
    return "/".join(parts)


def glob_rule(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression over keys: ``*`` stays in a folder, ``**`` does not."""
    out = ""
    for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        out += {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(piece) or re.escape(piece)
    return re.compile(out)


def _file_or_folder(store: ObjectStore, plain: str) -> Iterator[tuple[str, ObjectInfo]]:
    lone = store.stat(plain) if plain else None
    if lone is not None:
        yield plain.rsplit("/", 1)[-1], lone
        return
    start = f"{plain}/" if plain else ""
    for info in store.list(start):
        yield info.key[len(start) :], info


def _all_files(store: ObjectStore, paths: Sequence[DatastorePath]) -> list[Found]:
    """Return each file once, its path relative to the innermost folder that holds all the paths."""
    found: dict[str, ObjectInfo] = {}
    folders: set[str] = set()
    for path in paths:
        for relative, info in found_at(store, path):
            found.setdefault(info.key, info)
            folders.add(info.key[: len(info.key) - len(relative)])
    shared = len(_shared_folder(folders))
    files = [
        Found(relative=key[shared:], key=key, size=info.size, etag=info.etag, modified=info.modified)
        for key, info in found.items()
    ]
    return sorted(files, key=lambda file: file.relative)


def _shared_folder(folders: set[str]) -> str:
    """Return the innermost folder around all paths, with a trailing slash; empty for the whole store."""
    if len(folders) < 2:
        return next(iter(folders), "")
    first, last = min(folders).split("/"), max(folders).split("/")
    same = 0
    while same < min(len(first), len(last)) - 1 and first[same] == last[same]:
        same += 1
    return "".join(f"{part}/" for part in first[:same])


def _pinned(
    workspace: ObjectStore, datastores: Datastores, listed: Listing, definition: DatasetDefinition, what: str
) -> DataRef:
    if not listed.files:
        raise nothing_there(definition, what)
    pinned = listed.manifest
    content = content_of(datastores(listed.datastore), listed.files)
    digest = manifests.save(workspace, pinned)
    return DataRef(
        datastore=listed.datastore,
        key=listed.key,
        digest=digest,
        files=len(pinned.entries),
        bytes=pinned.bytes,
        content=content,
    )


def content_of(store: ObjectStore, files: Sequence[Found]) -> str:
    """Return the digest of the files' names and bytes.

    Files of this machine are read, up to `_READ_BYTES` and `_READ_FILES`: their ETags change with their time. Beyond
    that, and in a bucket, the ETags stand for the bytes.
    """
    read = isinstance(store, FolderStore) and len(files) <= _READ_FILES
    if isinstance(store, FolderStore) and read and sum(file.size for file in files) <= _READ_BYTES:
        return digest_of([[file.relative, _digest(str(store.path(file.key)), file.etag)] for file in files])
    return digest_of([[file.relative, file.size, file.etag] for file in files])


@lru_cache(maxsize=4 * _READ_FILES)
def _digest(path: str, _etag: str) -> str:
    try:
        return digest_of_file(Path(path))
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error}") from error
