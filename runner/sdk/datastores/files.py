"""Transfer of files between this machine and a datastore, many at a time, with a line for each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from ...data.transfers import uploads
from ...dataclass import dataclass
from ...model.data import DEFAULT_DATASTORE
from ...model.inside import check_inside
from ...ports import ObjectInfo, ObjectStore
from ..base.exceptions import UserErrorException
from .data_paths import plain_path

T = TypeVar("T")
_THREADS = 16


@dataclass(frozen=True)
class Upload:
    """The target of an upload and its options."""

    store: ObjectStore
    datastore: str
    overwrite: bool
    """True: replace objects that exist; otherwise they stay as they are."""
    show: bool
    """True: print a line for each file."""


def files_below(folder: str) -> list[str]:
    """Return every file below a folder, sorted.

    Args:
        folder: The folder.

    Raises:
        UserErrorException: There is no such folder.

    """
    root = Path(folder)
    if not root.is_dir():
        raise UserErrorException(f"there is no folder {folder!r} to upload", where=str(root.absolute()))
    return [str(path) for path in sorted(root.rglob("*")) if path.is_file()]


def keys_of(files: Sequence[str], relative_root: str | None, target_path: str | None) -> dict[str, str]:
    """Return the key of each file: its path below the root, below `target_path`.

    Args:
        files: Paths of files.
        relative_root: The root. None: the files' common folder.
        target_path: The path on the datastore. None: its root.

    Raises:
        UserErrorException: A file is missing, or is outside the root.

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
    """Upload files to their keys.

    Args:
        upload: The target.
        keys: The key of each file.

    Returns:
        The number of files that were uploaded.

    Raises:
        StoreError: The store fails.

    """
    from ...storage.overlay import OverlayStore

    done = "would upload" if isinstance(upload.store, OverlayStore) else "uploaded"  # the former in `runner plan`
    sent = 0
    sizes = {file: Path(file).stat().st_size for file in keys}
    with uploads.shown(f"upload to {upload.datastore}", len(keys), sum(sizes.values())) as progress:

        def send_one(file: str, key: str) -> bool:
            new = _send_one(upload, file, key)
            progress.moved(sizes[file])
            progress.completed()
            return new

        ended = _many(send_one, keys)
    for file, new in zip(keys, ended):
        sent += new
        place = f"{upload.datastore}/{keys[file]}"
        _say(upload.show, f"{done} {file} to {place}" if new else f"{place} is there already: left as it is")
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
    """Copy objects to files.

    Args:
        store: The store.
        keys: The path below `target_path` by the object's key.
        target_path: The folder.
        overwrite: True: replace files that exist. None or False: they stay as they are.
        show_progress: True: print a line for each file that stays as it is. None or False: print nothing.
        bring: A function that writes the object of a key to a new file. None: ``store.download``.

    Returns:
        The number of files copied.

    Raises:
        BadInput: A path would leave `target_path`. Nothing is copied then.
        StoreError: The store fails.
        UserErrorException: A file cannot be written.

    """
    check_inside(keys.values())
    fetched = 0
    paths = {key: Path(target_path) / relative for key, relative in keys.items()}
    done = _many(partial(_fetch_one, bring or store.download, overwrite=bool(overwrite)), paths)
    for path, new in zip(paths.values(), done):
        fetched += new
        if not new:
            _say(bool(show_progress), f"{path} is there already: left as it is")
    return fetched


def users_objects(store: ObjectStore, datastore: str, prefix: str) -> Iterator[ObjectInfo]:
    """Return the objects below a prefix, without runner's own records.

    Args:
        store: The datastore's store.
        datastore: The datastore's name.
        prefix: The beginning of the keys.

    """
    if datastore != DEFAULT_DATASTORE:
        return store.list(prefix)
    from ...operations.files.listing import listed

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
