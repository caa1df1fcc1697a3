"""Files between this machine and a datastore, many at a time, told line by line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from ..dataclass import dataclass
from ..model.data import DEFAULT_DATASTORE
from ..ports import ObjectInfo, ObjectStore
from .data import plain_path
from .exceptions import UserErrorException

T = TypeVar("T")
_THREADS = 16


@dataclass(frozen=True)
class Upload:
    """Where to, and how."""

    store: ObjectStore
    datastore: str
    overwrite: bool
    """Replace what is there; otherwise it is left as it is."""
    show: bool
    """Print a line for each file."""


def files_below(folder: str) -> list[str]:
    """Every file below a folder, sorted. Raises UserErrorException."""
    root = Path(folder)
    if not root.is_dir():
        raise UserErrorException(f"there is no folder {folder!r} to upload", where=str(root.absolute()))
    return [str(path) for path in sorted(root.rglob("*")) if path.is_file()]


def keys_of(files: Sequence[str], relative_root: str | None, target_path: str | None) -> dict[str, str]:
    """Each file's key: its path below `relative_root`, or below the files' common parent.

    Raises UserErrorException for a file that is not there, or lies outside the root.
    """
    if isinstance(files, (str, Path)):
        raise UserErrorException(f"files is a list of paths, not {files!r}", remedy=f"pass [{str(files)!r}]")
    missing = [file for file in files if not Path(file).is_file()]
    if missing:
        raise UserErrorException(f"there is no file {missing[0]!r} to upload", where=str(Path(missing[0]).absolute()))
    root = Path(relative_root) if relative_root else _common_parent(files)
    below = plain_path((target_path or "").replace("\\", "/"))
    return {str(file): "/".join(part for part in (below, _relative(file, root)) if part) for file in files}


def send(upload: Upload, keys: Mapping[str, str]) -> int:
    """Upload files to their keys; how many were not there. Raises StoreError."""
    sent = 0
    for file, new in zip(keys, _many(partial(_send_one, upload), keys), strict=True):
        sent += new
        place = f"{upload.datastore}/{keys[file]}"
        _say(upload.show, f"uploaded {file} to {place}" if new else f"{place} is there already: left as it is")
    return sent


def fetch(
    store: ObjectStore,
    keys: Mapping[str, str],
    target_path: str,
    overwrite: bool | None = None,
    show_progress: bool | None = None,
    *,
    bring: Callable[[str, Path], None] | None = None,
) -> int:
    """Copy objects to their paths below `target_path`; how many files.

    `bring` makes an object a new file (default: ``store.download``). Raises StoreError, UserErrorException.
    """
    fetched = 0
    paths = {key: Path(target_path) / relative for key, relative in keys.items()}
    done = _many(partial(_fetch_one, bring or store.download, overwrite=bool(overwrite)), paths)
    for path, new in zip(paths.values(), done, strict=True):
        fetched += new
        if not new:
            _say(bool(show_progress), f"{path} is there already: left as it is")
    return fetched


def users_objects(store: ObjectStore, datastore: str, prefix: str) -> Iterator[ObjectInfo]:
    """Objects whose key begins with `prefix`, without runner's own records."""
    if datastore != DEFAULT_DATASTORE:
        return store.list(prefix)
    from ..operations.objects import listed

    return listed(store, prefix)


def _send_one(upload: Upload, file: str, key: str) -> bool:
    if not upload.overwrite and upload.store.stat(key) is not None:
        return False
    upload.store.upload(key, Path(file))
    return True


def _fetch_one(bring: Callable[[str, Path], None], key: str, path: Path, *, overwrite: bool) -> bool:
    if path.exists() and not overwrite:
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as error:
        raise UserErrorException(f"{path} cannot be written: {error.strerror}", error) from error
    bring(key, path)
    return True


def _many(work: Callable[[str, T], bool], items: Mapping[str, T]) -> list[bool]:
    if len(items) < 2:
        return [work(*item) for item in items.items()]
    with ThreadPoolExecutor(min(_THREADS, len(items))) as pool:
        return list(pool.map(work, items.keys(), items.values()))


def _common_parent(files: Sequence[str]) -> Path:
    parents = [str(Path(file).absolute().parent) for file in files]
    return Path(os.path.commonpath(parents)) if parents else Path()


def _relative(file: str, root: Path) -> str:
    relative = Path(os.path.relpath(file, root)).as_posix()
    if relative.startswith("../"):
        raise UserErrorException(f"{file!r} lies outside relative_root {str(root)!r}", where=str(root.absolute()))
    return relative


def _say(show: bool, line: str) -> None:
    if show:
        print(line)
