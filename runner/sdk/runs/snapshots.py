"""The snapshots of runs: the content of a folder in the workspace store. An id is the content's digest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..base.exceptions import SnapshotException

if TYPE_CHECKING:
    from ...ports import ObjectStore


def write_snapshot(store: ObjectStore, snapshot: str, folder: Path) -> str:
    """Write a snapshot as ``<snapshot>.zip`` and return the file's absolute path.

    Args:
        store: The workspace store.
        snapshot: The snapshot's id.
        folder: The folder of the file, which is made.

    Raises:
        SnapshotException: There is no such snapshot, it is damaged, or the file cannot be written.

    """
    from ...data import addressed, packing
    from ...errors import ObjectDamaged, ObjectMissing
    from ...model.task import snapshot_key

    target = folder.absolute() / f"{snapshot}.zip"

    def checked(data: bytes) -> bytes:
        packing.members(data, snapshot)
        return data

    try:
        data = addressed.load(store, snapshot_key(snapshot), checked)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except ObjectDamaged as error:
        raise SnapshotException(str(error), error) from error
    except (ObjectMissing, ValueError) as error:
        raise SnapshotException(f"there is no snapshot {snapshot!r} in this workspace", error) from error
    except OSError as error:
        what = f"the snapshot cannot be written below {str(target.parent)!r}: {error.strerror}"
        raise SnapshotException(what, error, remedy="name a folder") from error
    return str(target)


def keep_snapshot(store: ObjectStore, path: Path) -> str:
    """Store the snapshot of a folder, or of one file, and return its id.

    Args:
        store: The workspace store.
        path: The folder or file.

    Raises:
        SnapshotException: There is nothing, or it is too large.

    """
    from ...data import packing, snapshot
    from ...errors import BadInput

    if not path.exists():
        raise SnapshotException(f"there is nothing to take a snapshot of at {str(path)!r} ({path.absolute()})")
    try:
        taken = snapshot.take(path if path.is_dir() else path.parent)
    except BadInput as error:
        raise SnapshotException(str(error), error) from error
    if path.is_file():
        taken = snapshot.Snapshot(taken.folder, tuple(file for file in taken.files if file.path == path.name))
    return packing.keep(store, taken)
