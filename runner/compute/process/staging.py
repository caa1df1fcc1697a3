"""Place the data of a local attempt: inputs are copied or linked, outputs are written in place.

A step must not be able to change its inputs, so its script gets copies. On a file system that can share blocks (Btrfs,
XFS) a copy takes neither time nor room. Elsewhere a large input is a link where the file is safe from the script: it is
another user's and cannot be written, or the script runs in a view in which the original is read-only (`view`). The
modes of this user's own files protect nothing: their owner can change them, and root ignores them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from threading import Lock

from ...backports import is_below
from ...data import manifest
from ...data.dataset import Datastores
from ...data.file_maker import FileMaker
from ...data.node_cache import of_node
from ...data.transfers import trees
from ...data.transfers.trees import PlaceFile
from ...data.work_dir import Staging, WorkDir
from ...dataclass import dataclass
from ...errors import BadInput, ObjectMissing
from ...model.context import StoreAccess
from ...model.data import Kind, Mode
from ...model.task import InputBinding, OutputBinding, Task
from ...ports import FolderStore, ObjectStore
from .local_mounts import LocalMounts
from .spare_folders import SPARE

COPY_LIMIT = 256 << 20
"""Bytes of one input above which it is linked if it is safe, and copied only if there is room for it."""
MOST_ROOTS = 64
"""The most folders that a view protects for one input."""
_FICLONE = 0x40049409
"""ioctl_ficlone(2): make a file share all blocks of another."""


@dataclass(frozen=True, kw_only=True)
class LocalStaging:
    """The rules of this machine's stores."""

    store: ObjectStore
    datastores: Datastores
    work: Path
    """The folder of the attempts' folders."""
    copy_limit: int = COPY_LIMIT
    views: Callable[[], bool] = lambda: False
    """Return True if scripts can run in views."""
    cache: str = ""
    """The cache of inputs from buckets, as `of_node` reads it. Default: none."""
    mounts: LocalMounts | None = None
    """Mounts buckets. Default: nothing does."""

    def staging(self, task: Task, place: WorkDir, access: StoreAccess) -> Staging:
        """Return the places and stores for an attempt at `task` in `place`; its script gets `access`."""

        def input_place(binding: InputBinding, kind: Kind) -> Path:
            # A lone file keeps its own name, as in v1: scripts look at endings.
            folder = place.named(binding.path_on_compute) or place.inputs / binding.name
            return folder / binding.ref.key.rsplit("/", 1)[-1] if kind is Kind.FILE else folder

        def output_place(binding: OutputBinding) -> Path:
            store, named = self.datastores(binding.datastore), place.named(binding.path_on_compute)
            if named is not None:
                return named
            # In upload mode nothing may lie at the destination of a step that failed (v1).
            if isinstance(store, FolderStore) and binding.mode is not Mode.UPLOAD:
                return store.path(binding.key)
            return place.outputs / binding.name

        maker = FileMaker(place.root / SPARE)

        def bring(binding: InputBinding) -> PlaceFile | None:
            store = self.datastores(binding.ref.datastore)
            return self._bring(task, binding) or (maker.bring(store) if isinstance(store, FolderStore) else None)

        return Staging(
            workspace=self.store,
            datastores=self.datastores,
            input_place=input_place,
            output_place=output_place,
            bring=bring,
            mount=lambda binding: self.mounts.serve(task, binding) if self.mounts else None,
            access=access,
            cache=of_node(self.cache),
            maker=maker,
        )

    def linked_from(self, task: Task, binding: InputBinding) -> FolderStore | None:
        """The store whose files an input is links to; None: the script has copies."""
        return self._linked(task, binding)[0]

    def protected(self, task: Task) -> tuple[Path, ...]:
        """Return the files and folders that the script of a task must see read-only, since it has links to them."""
        found = (path for binding in task.inputs for path in self._linked(task, binding)[1])
        return tuple(dict.fromkeys(found))

    def _linked(self, task: Task, binding: InputBinding) -> tuple[FolderStore | None, tuple[Path, ...]]:
        """Return the store that an input is linked from, and what has to be read-only for that."""
        store = None if binding.writable else self._large_in(binding)
        if store is None:
            return None, ()
        key, entries = binding.ref.key, manifest.load(self.store, binding.ref.digest).entries
        paths = tuple(store.path(trees.key_of(key, entry)) for entry in entries)
        if all(map(_is_safe, paths)):
            return store, ()
        roots = _roots(store.path(key), paths)
        # A downloaded input is the script's own, and a copy that shares blocks costs nothing.
        if binding.mode is Mode.DOWNLOAD or not roots or not self.views() or self._writes_below(task, roots):
            return None, ()
        return (None, ()) if self._shares_blocks(paths[0]) else (store, roots)

    def _writes_below(self, task: Task, roots: Collection[Path]) -> bool:
        """Return True if the script has to write below one of the paths: its outputs, or the workspace's folder."""
        places = [self.work]
        stores = {binding.datastore: self.datastores(binding.datastore) for binding in task.outputs}
        places += [self.store.path("runs")] if isinstance(self.store, FolderStore) else []
        for binding in task.outputs:
            store = stores[binding.datastore]
            places += [store.path(binding.key)] if isinstance(store, FolderStore) else []
        return any(is_below(place, root) for place in places for root in roots)

    def _shares_blocks(self, source: Path) -> bool:
        return self.work.is_dir() and shares_blocks(source, self.work)

    def _large_in(self, binding: InputBinding) -> FolderStore | None:
        store = self.datastores(binding.ref.datastore) if binding.ref.bytes > self.copy_limit else None
        return store if isinstance(store, FolderStore) else None

    def _bring(self, task: Task, binding: InputBinding) -> PlaceFile | None:
        store = self._large_in(binding)
        if store is None:
            return None
        return partial(_link, store) if self.linked_from(task, binding) else LargeCopy(store, binding)


def _roots(place: Path, paths: Collection[Path]) -> tuple[Path, ...]:
    """Return the files and folders around all of an input's files; empty: they are too many.

    Args:
        place: The input's own file or folder.
        paths: Its files, which may lie elsewhere.

    """
    if all(is_below(path, place) for path in paths):
        return (place,)
    found = tuple(dict.fromkeys(path.parent for path in paths))
    return found if len(found) <= MOST_ROOTS else ()


class LargeCopy:
    """Copies the files of one input, if there is room for all of them."""

    def __init__(self, store: FolderStore, binding: InputBinding) -> None:
        self.store = store
        self.binding = binding
        self._lock = Lock()
        self._has_room = False

    def __call__(self, key: str, path: Path) -> None:
        """Make the object a new file at `path`. Raises StoreError, and BadInput where there is no room."""
        with self._lock:
            if not self._has_room:
                self._check_room(self.store.path(key), path.parent)
                self._has_room = True
        self.store.download(key, path)

    def _check_room(self, source: Path, folder: Path) -> None:
        needed, free = self.binding.ref.bytes, shutil.disk_usage(folder).free
        if needed > free and not shares_blocks(source, folder):
            raise BadInput(
                f"input '{self.binding.name}' has {_gib(needed)}, and {_gib(free)} are free in {folder}: a step gets a "
                "copy, so that it cannot change the original",
                remedy="make room there, or keep the workspace and the data on one file system that shares blocks "
                "(Btrfs, XFS), or let another user own the data, read-only for you",
            )


def shares_blocks(source: Path, folder: Path) -> bool:
    """Tell if a copy of `source` in `folder` takes no room: tried with a file that is removed again."""
    import fcntl
    import tempfile

    try:
        with source.open("rb") as origin, tempfile.TemporaryFile(dir=folder) as copy:
            fcntl.ioctl(copy.fileno(), _FICLONE, origin.fileno())
    except OSError:
        return False
    return True


def _is_safe(path: Path) -> bool:
    """Tell if this user can neither write to the file, nor change its mode, nor put another in its place."""
    for one in (path, path.parent):
        try:
            owner = one.stat().st_uid
        except OSError:
            return False
        if os.geteuid() in (0, owner) or os.access(one, os.W_OK):
            return False
    return True


def _link(store: FolderStore, key: str, path: Path) -> None:
    """Make `path` a link to the object's file. Raises ObjectMissing."""
    source = store.path(key)
    if not source.is_file():
        raise ObjectMissing(f"no object {key!r} ({source})")
    path.symlink_to(source)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
