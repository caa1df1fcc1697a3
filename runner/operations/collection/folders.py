"""Remove the empty folders that deleted objects leave in a store that is a folder."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import PurePosixPath

from ...ports import FolderStore, ObjectStore


def remove_folders(store: ObjectStore, run: str, keys: Iterable[str]) -> None:
    """Remove the empty folders of deleted objects that have the run's id in their path: nobody else writes there.

    Args:
        store: Any store. A bucket has no folders.
        run: The id of the run.
        keys: The keys of the objects.

    """
    if not isinstance(store, FolderStore):
        return
    found = {str(parent) for key in keys for parent in PurePosixPath(key).parents if run in str(parent)}
    for folder in sorted(found, key=len, reverse=True):
        with suppress(OSError):  # not empty, or no such folder
            store.path(folder).rmdir()
