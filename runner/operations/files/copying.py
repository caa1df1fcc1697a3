"""Copy files between datastores, or inside one."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...errors import BadInput, StoreError
from ...model.data import DEFAULT_DATASTORE
from ...ports import FolderStore, ObjectStore
from .addresses import DatastoreAddress, parse
from .copied import Copied
from .finding import Stores, found_at
from .putting import Upload, check
from .selection import FoundFile, FoundFiles

_THREADS = 8


def copy(stores: Stores, sources: Sequence[str], to: DatastoreAddress, default: str) -> Copied:
    """Copy files to another place of a datastore. A file that is there already with the same content stays.

    Inside one store the server copies. Otherwise each file goes through a temporary file of this machine.

    Args:
        stores: The workspace.
        sources: Addresses.
        to: The path of the copy. Sources go below it under their own names if it ends with a slash, or if there are
            several.
        default: The name of the datastore of sources that name none.

    Raises:
        BadInput: Nothing lies at a source, or the destination is reserved. Nothing is copied then.
        StoreError: A store cannot be used.

    """
    found = [found_at(stores, parse(source, default), source) for source in sources]
    wanted = plan(found, to)
    own = to.datastore == DEFAULT_DATASTORE
    check(Upload(dict.fromkeys(wanted, Path())), own=own)
    target = stores.datastore(to.datastore)
    missing = {key: file for key, file in wanted.items() if not _is_there(stores, file, target, key)}
    with ThreadPoolExecutor(_THREADS) as threads:
        list(threads.map(lambda item: _copy_one(stores, item[1], target, item[0]), missing.items()))
    return Copied(
        len(missing),
        sum(file.size for file in missing.values()),
        unchanged=len(wanted) - len(missing),
        left_out=tuple(f"{folder}/ (an empty folder)" for each in found for folder in each.folders),
    )


def plan(found: Sequence[FoundFiles], to: DatastoreAddress) -> dict[str, FoundFile]:
    """Return the file of each new key (pure). Raise BadInput if two files go to one key."""
    inside = to.below or len(found) > 1
    wanted: dict[str, FoundFile] = {}
    for each in found:
        for file in each.files:
            name = each.below(file.path)
            parts = (
                (to.path, name)
                if each.lone and inside
                else (to.path,)
                if each.lone
                else (to.path, each.name if inside else "", name)
            )
            key = "/".join(part for part in parts if part)
            if key in wanted and wanted[key] != file:
                raise BadInput(f"two files would be copied to '{key}'", remedy="copy one at a time")
            wanted[key] = file
    return wanted


def _is_there(stores: Stores, file: FoundFile, target: ObjectStore, key: str) -> bool:
    """Return True if both are the same, as equal sizes and ETags of a bucket say; False in doubt."""
    there = target.stat(key)
    if there is None or there.size != file.size:
        return False
    source = stores.datastore(file.datastore)
    if source is target and file.key == key:
        return True
    if isinstance(source, FolderStore) or isinstance(target, FolderStore):
        return False  # an ETag of a folder tells of its time, not of its content
    known = source.stat(file.key)
    return known is not None and known.etag == there.etag


def _copy_one(stores: Stores, file: FoundFile, target: ObjectStore, key: str) -> None:
    source = stores.datastore(file.datastore)
    if source is target:
        target.copy(file.key, key)
        return
    try:
        with tempfile.TemporaryDirectory(prefix="runner-copy-") as folder:
            path = Path(folder, "file")
            source.download(file.key, path)
            target.upload(key, path, "" if file.digest.startswith("etag:") else file.digest)
    except OSError as error:
        raise StoreError(f"cannot copy {file.key} by way of {tempfile.gettempdir()}: {error.strerror}") from error
