"""Leftovers of killed processes beside the objects of a store, and old logs of controllers.

``runner gc`` deletes it: work folders and logs of this machine, and multipart uploads of the workspace's bucket.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass
from ..model.names import is_run_id
from ..ports import ObjectStore
from .controllers import log_folder
from .workspace import OpenWorkspace

_DAY = 86400.0
OLD_UPLOAD = 7 * _DAY
"""Seconds after which an unfinished upload is taken for that of a killed process."""
OLD_LOG = 90 * _DAY
"""Seconds after the last line of a controller's log."""
UPLOAD = "unfinished upload"
OLD_FOLDER = _DAY
"""Seconds after the last change of a work folder whose run has ended."""


@dataclass(frozen=True)
class Leftover:
    """Things of one kind that can be deleted, or were."""

    noun: str
    count: int
    bytes: int
    """0 for uploads: their parts are not counted."""


def leftovers(
    session: OpenWorkspace, in_progress: Collection[str], known: Collection[str], *, delete: bool
) -> tuple[Leftover, ...]:
    """Return what is left over, and delete it if `delete` is True. Raises BadInput, StoreError.

    Args:
        session: The workspace.
        in_progress: Runs of the workspace that have not ended.
        known: All runs of the workspace. The folder of another one may belong to a store of another target.
        delete: Delete it.

    """
    now = time.time()
    ended = set(known).difference(in_progress)
    folders = [path for path in _entries(session.config.folder / "work") if path.name in ended]
    logs = [path for path in _entries(log_folder()) if is_run_id(path.stem) and path.stem not in in_progress]
    return (
        _on_disk("work folder", _old(folders, now - OLD_FOLDER), delete=delete),
        _on_disk("log of a controller", _old(logs, now - OLD_LOG), delete=delete),
        _uploads(session.store, delete=delete),
    )


def _on_disk(noun: str, found: Collection[Path], *, delete: bool) -> Leftover:
    size = sum(_size(path) for path in found)
    for path in found if delete else ():
        with suppress(OSError):  # another user's, or gone meanwhile
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return Leftover(noun, len(found), size)


def _uploads(store: ObjectStore, *, delete: bool) -> Leftover:
    from ..storage.s3.store import BucketStore

    if not isinstance(store, BucketStore):
        return Leftover(UPLOAD, 0, 0)
    before = store.now().timestamp() - OLD_UPLOAD
    found = [one for one in store.unfinished_uploads() if 0 < one.begun < before]
    for one in found if delete else ():
        store.abort_upload(one)
    return Leftover(UPLOAD, len(found), 0)


def _entries(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from folder.iterdir()


def _old(paths: Iterable[Path], before: float) -> list[Path]:
    """Return the paths in which nothing was changed since a time."""
    return [path for path in paths if max((facts.st_mtime for facts in _facts(path)), default=before) < before]


def _size(path: Path) -> int:
    return sum(facts.st_size for facts in _facts(path))


def _facts(path: Path) -> Iterator[os.stat_result]:
    for one in (path, *path.rglob("*")):
        with suppress(OSError):
            yield one.lstat()
