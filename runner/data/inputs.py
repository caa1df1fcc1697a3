"""The inputs of an attempt: brought to the paths where its script looks for them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..errors import DataChanged, StoreDenied, StoreError, StoreUnreachable
from ..model.data import DataPath, Manifest, Mode
from ..model.task import InputBinding
from . import dataset, integrity, manifest, transfer

if TYPE_CHECKING:
    from .workplace import Staging

_TRIES = 5
"""How often a place is looked at that others change meanwhile."""


@dataclass(frozen=True)
class Staged:
    """An input at its path."""

    path: Path
    files: Manifest
    moved: bool = False
    """Its files are not the pinned ones: another step has written there since."""

    def note(self, binding: InputBinding) -> str:
        """A line for people about an empty folder that stands for a place where nothing lies; else empty."""
        if not binding.writable or binding.mode is Mode.UPLOAD or self.files.entries:
            return ""
        return f"input '{binding.name}': nothing lies at {shown_place(binding)}: it is an empty folder"


def stage(binding: InputBinding, staging: Staging) -> Staged:
    """Bring an input to its path. Raises StoreError, OSError."""
    pinned = manifest.load(staging.workspace, binding.ref.digest)
    if binding.writable:
        return _stage_current(binding, staging, pinned)
    path = staging.input_place(binding, pinned.kind)
    store = staging.datastores(binding.ref.datastore)
    ref = binding.ref

    def unchanged() -> bool:
        return bool(ref.etag) and integrity.etag_of(store, ref.key, pinned.entries) == ref.etag

    try:
        transfer.fetch(store, ref.key, pinned, path, place=staging.bring(binding), unchanged=unchanged)
    except DataChanged as error:
        raise DataChanged(f"input '{binding.name}': {error}") from error
    return Staged(path, pinned)


def shown_place(binding: InputBinding) -> str:
    """Where the input lies, for people."""
    return f"{binding.ref.datastore}/{binding.ref.key}".rstrip("/")


def _stage_current(binding: InputBinding, staging: Staging, pinned: Manifest) -> Staged:
    """Copy what lies at a writable input's place now: another step may have written there since it was pinned."""
    store, files = staging.datastores(binding.ref.datastore), pinned
    for _ in range(_TRIES - 1):
        path = staging.input_place(binding, files.kind)
        try:
            transfer.fetch(store, binding.ref.key, files, path, place=staging.bring(binding))
        except (StoreDenied, StoreUnreachable):
            raise
        except StoreError:
            for entry in files.entries:
                transfer.target_of(path, entry).unlink(missing_ok=True)
            _, files = dataset.current(staging.datastores, DataPath(binding.ref.datastore, binding.ref.key))
        else:
            return Staged(path, files, moved=files != pinned)
    path = staging.input_place(binding, files.kind)
    transfer.fetch(store, binding.ref.key, files, path, place=staging.bring(binding))
    return Staged(path, files, moved=files != pinned)
