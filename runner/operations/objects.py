"""Files of a datastore: list them, and copy them out and in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..data import manifest
from ..data.manifest import files_below
from ..dataclass import dataclass
from ..errors import BadInput
from ..model.names import is_reserved, maker_of, reserved_problem
from ..model.task import TaskId
from ..ports import ObjectInfo, ObjectStore
from ..runs import records


@dataclass(frozen=True)
class Copied:
    """The result of a copy."""

    files: int
    bytes: int


def listed(store: ObjectStore, prefix: str, *, own: bool = True) -> Iterator[ObjectInfo]:
    """Yield the objects whose key begins with `prefix`; runner's own records only if the prefix names them.

    Args:
        store: The store of the datastore.
        prefix: The beginning of the keys.
        own: True if this is the workspace store, the only one with such records.

    Raises:
        BadInput: No key can begin like that.
    """
    with _is_place(prefix):
        for info in store.list(prefix):
            if not own or is_reserved(prefix) or not is_reserved(info.key):
                yield info


def empty_folders(workspace: ObjectStore, datastore: str, key: str) -> tuple[str, ...]:
    """Return the empty folders below a place in the outputs of a step: a bucket has none, their manifests know them.

    Args:
        workspace: The store of the records.
        datastore: The name of the one that is looked at.
        key: A folder in it.

    Returns:
        Paths relative to that folder; none where no step wrote it.

    """
    plain, maker = key.strip("/"), maker_of(key)
    commit = records.committed(workspace, TaskId(*maker)) if maker else None
    outputs = commit.outputs.values() if commit else ()
    here = (ref for ref in outputs if ref.datastore == datastore)
    known = (f"{ref.key}/{folder}" for ref in here for folder in manifest.load(workspace, ref.digest).folders)
    return tuple(folder[len(plain) + 1 :] for folder in known if folder.startswith(f"{plain}/"))


def fetch(store: ObjectStore, key: str, destination: Path, folders: Sequence[str] = ()) -> Copied:
    """Copy an object, or all below a folder, to `destination`; into it, when it is an existing folder.

    Args:
        store: Where they lie.
        key: The object's, or the folder's.
        destination: A new file or folder, or an existing folder.
        folders: Empty folders to make as well, relative to the folder.

    Raises:
        BadInput: nothing lies there, or can.

    """
    plain = key.strip("/")
    target = destination / plain.rsplit("/", 1)[-1] if destination.is_dir() else destination
    with _is_place(key):
        lone = store.stat(plain) if plain else None
        found = list(store.list(f"{plain}/")) if plain and lone is None else []
    if lone is not None:
        _download(store, lone, target)
        return Copied(1, lone.size)
    if not found and not folders:
        raise BadInput(f"nothing lies at '{key}'", remedy="see: runner data ls")
    for info in found:
        _download(store, info, target / info.key[len(plain) + 1 :])
    for folder in folders:
        _make(target / folder)
    return Copied(len(found), sum(info.size for info in found))


def store_files(store: ObjectStore, source: Path, key: str, *, own: bool = True) -> Copied:
    """Copy a file, or all below a folder, to `key`; below it if it ends with a slash."""
    if not source.exists():
        raise BadInput(f"there is no file or folder {source}", remedy="correct the path")
    plain = f"{key}{source.resolve().name}" if key.endswith("/") or not key else key
    plain = plain.strip("/")
    problem = reserved_problem(plain, workspace=own)
    if problem:
        raise BadInput([problem])
    with _is_place(key):
        store.stat(plain)
    if source.is_file():
        store.upload(plain, source)
        return Copied(1, source.stat().st_size)
    total, count = 0, 0
    for relative, path in files_below(source):
        store.upload(f"{plain}/{relative}", path)
        total, count = total + path.stat().st_size, count + 1
    return Copied(count, total)


@contextmanager
def _is_place(key: str) -> Iterator[None]:
    """Turn the ValueError for an invalid key into BadInput."""
    try:
        yield
    except ValueError as error:
        remedy = "write a path without '..' and empty parts, such as data/raw.csv"
        raise BadInput(f"'{key}' is no place in a datastore", remedy=remedy) from error


def _download(store: ObjectStore, info: ObjectInfo, path: Path) -> None:
    _make(path.parent)
    try:
        if path.is_file():
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error
    store.download(info.key, path)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def _unwritable(path: Path, error: OSError) -> BadInput:
    return BadInput(f"{path} cannot be written: {error.strerror}", remedy="choose another place")
