"""Stage the inputs of an attempt at the paths where its script expects them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..errors import DataChanged, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DatastorePath, Kind, Manifest, Mode
from ..model.task import InputBinding, Task
from ..ports import FolderStore
from . import dataset, integrity, manifest, mounts
from .transfers import trees

if TYPE_CHECKING:
    from .work_dir import Staging

_TRIES = 5
"""Attempts to read a place that others change meanwhile."""


@dataclass(frozen=True)
class Staged:
    """An input at its path."""

    path: Path
    files: Manifest
    moved: bool = False
    """True if its files are not the pinned ones: another step has written there since."""
    mounted: bool = False
    """True if its path is a link to a mount, or a tree of such links."""

    def note(self, binding: InputBinding) -> str:
        """A line for people if an empty folder stands for a place without files; else empty."""
        if not binding.writable or binding.mode is Mode.UPLOAD or self.files.entries:
            return ""
        return f"input '{binding.name}': nothing lies at {shown_place(binding)}: it is an empty folder"


def announce(task: Task, staging: Staging) -> None:
    """Begin the progress with the inputs that are surely brought, so that the first line has their total."""
    brought = [one.ref for one in task.inputs if one.writable or not (one.is_direct or one.is_mounted)]
    staging.progress.begin(sum(ref.files for ref in brought), sum(ref.bytes for ref in brought))


def stage(binding: InputBinding, staging: Staging) -> Staged:
    """Bring an input to its path. Raises StoreError, OSError."""
    pinned = manifest.load(staging.workspace, binding.ref.digest)
    if binding.writable:
        return _stage_current(binding, staging, pinned)
    if binding.is_direct:
        return Staged(Path(), pinned)
    mount = staging.mount(binding) if binding.is_mounted else None
    if mount is not None:
        return _mounted(binding, staging, pinned, mount)
    if binding.is_mounted:  # the mount has not come up
        staging.progress.begin(binding.ref.files, binding.ref.bytes)
    path = staging.input_place(binding, pinned.kind)
    staging.maker.folder(path.parent if pinned.kind is Kind.FILE else path)
    store, ref = staging.datastores(binding.ref.datastore), binding.ref

    def unchanged() -> bool:
        return bool(ref.etag) and integrity.etag_of(store, ref.key, pinned.entries) == ref.etag

    cache = None if isinstance(store, FolderStore) else staging.cache
    try:
        trees.fetch(
            store,
            ref.key,
            pinned,
            path,
            place=staging.bring(binding),
            unchanged=unchanged,
            cache=cache,
            progress=staging.progress,
        )
    except DataChanged as error:
        raise DataChanged(f"input '{binding.name}': {error}") from error
    return Staged(path, pinned)


def check_mounted(task: Task, staging: Staging) -> None:
    """Check after the script that it could read the pinned files alone. Raises DataChanged, StoreError."""
    for binding in task.inputs:
        if binding.is_mounted and staging.mount(binding) is not None:
            pinned = manifest.load(staging.workspace, binding.ref.digest)
            what = f"input '{binding.name}'"
            integrity.check_unchanged(staging.datastores(binding.ref.datastore), binding.ref, pinned, what)


def shown_place(binding: InputBinding) -> str:
    """Return the input's place in the store, for people."""
    return f"{binding.ref.datastore}/{binding.ref.key}".rstrip("/")


def _mounted(binding: InputBinding, staging: Staging, pinned: Manifest, mount: Path) -> Staged:
    """Show a mounted input at its path. Raises DataChanged if its files are no longer the pinned ones, StoreError."""
    ref, path = binding.ref, staging.input_place(binding, pinned.kind)
    integrity.check_unchanged(staging.datastores(ref.datastore), ref, pinned, f"input '{binding.name}'")
    staging.maker.folder(path.parent)
    mounts.show(mount, pinned, path, f"input '{binding.name}'")
    return Staged(path, pinned, mounted=True)


def _stage_current(binding: InputBinding, staging: Staging, pinned: Manifest) -> Staged:
    """Copy the present files of a writable input: another step may have written there since it was pinned."""
    store, files = staging.datastores(binding.ref.datastore), pinned
    for _ in range(_TRIES - 1):
        path = staging.input_place(binding, files.kind)
        try:
            trees.fetch(store, binding.ref.key, files, path, place=staging.bring(binding), progress=staging.progress)
        except (StoreDenied, StoreUnreachable):
            raise
        except StoreError:
            for entry in files.entries:
                trees.target_of(path, entry).unlink(missing_ok=True)
            _, files = dataset.current(staging.datastores, DatastorePath(binding.ref.datastore, binding.ref.key))
        else:
            return Staged(path, files, moved=files != pinned)
    path = staging.input_place(binding, files.kind)
    trees.fetch(store, binding.ref.key, files, path, place=staging.bring(binding), progress=staging.progress)
    return Staged(path, files, moved=files != pinned)
