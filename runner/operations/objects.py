"""Files of a datastore, for people: listing them, and copying them out and in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..data.manifest import files_below
from ..dataclass import dataclass
from ..errors import BadInput
from ..model.names import is_reserved, reserved_problem
from ..ports import ObjectInfo, ObjectStore


@dataclass(frozen=True)
class Copied:
    """What was copied."""

    files: int
    bytes: int


def listed(store: ObjectStore, prefix: str, *, own: bool = True) -> Iterator[ObjectInfo]:
    """Objects whose key begins with `prefix`; runner's own records only when it names them.

    `own`: this is the workspace store, the only one that holds such records. Raises BadInput where no key begins so.
    """
    with _is_place(prefix):
        for info in store.list(prefix):
            if not own or is_reserved(prefix) or not is_reserved(info.key):
                yield info


def fetch(store: ObjectStore, key: str, destination: Path) -> Copied:
    """Copy an object, or all below a folder, to `destination`; into it, when it is an existing folder.

    Raises BadInput when nothing lies there, or can.
    """
    plain = key.strip("/")
    target = destination / plain.rsplit("/", 1)[-1] if destination.is_dir() else destination
    with _is_place(key):
        lone = store.stat(plain) if plain else None
        found = list(store.list(f"{plain}/")) if plain and lone is None else []
    if lone is not None:
        _download(store, lone, target)
        return Copied(1, lone.size)
    if not found:
        raise BadInput(f"nothing lies at '{key}'", remedy="see: runner data ls")
    for info in found:
        _download(store, info, target / info.key[len(plain) + 1 :])
    return Copied(len(found), sum(info.size for info in found))


def store_files(store: ObjectStore, source: Path, key: str, *, own: bool = True) -> Copied:
    """Copy a file, or all below a folder, to `key`; below it, when it ends with a slash.

    `own`: this is the workspace store, where runner keeps its records.
    Raises BadInput when there is no such file, and for a key that is none, one of runner's own or one of a run's.
    """
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
    """Tell a key that no store takes from trouble of ours."""
    try:
        yield
    except ValueError as error:
        remedy = "write a path without '..' and empty parts, such as data/raw.csv"
        raise BadInput(f"'{key}' is no place in a datastore", remedy=remedy) from error


def _download(store: ObjectStore, info: ObjectInfo, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            path.unlink()
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", remedy="choose another place") from error
    store.download(info.key, path)
