"""Where the data of a local attempt lie, and how they are brought there: copied, linked, or written in place."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

from ..data.dataset import Datastores
from ..data.transfer import Place
from ..data.workplace import Staging, Workplace
from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..model.context import StoreAccess
from ..model.data import Kind, Mode
from ..model.task import InputBinding, OutputBinding
from ..ports import FolderStore

COPY_LIMIT = 256 << 20
"""Bytes of one input above which it is linked instead of copied."""


@dataclass(frozen=True)
class LocalStaging:
    """The rules of this machine's stores."""

    store: FolderStore
    datastores: Datastores
    copy_limit: int = COPY_LIMIT

    def staging(self, place: Workplace, access: StoreAccess) -> Staging:
        """What preparing an attempt in `place` needs to know; its script gets `access`."""

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

        return Staging(self.store, self.datastores, input_place, output_place, self._bring, access)

    def linked_from(self, binding: InputBinding) -> FolderStore | None:
        """The store whose files a large input is links to; None: a small one, or one of a bucket, is copied."""
        large = binding.ref.bytes > self.copy_limit and not binding.writable
        store = self.datastores(binding.ref.datastore) if large else None
        return store if isinstance(store, FolderStore) else None

    def _bring(self, binding: InputBinding) -> Place | None:
        store = self.linked_from(binding)
        return partial(_link, store, protect=store is self.store) if store is not None else None


def _link(store: FolderStore, key: str, path: Path, *, protect: bool) -> None:
    """Make `path` a link to the object's file, which nobody is to write to; to `protect` it makes it read-only.

    The mode of files in the user's own folders is theirs.
    """
    source = store.path(key)
    if not source.is_file():
        raise ObjectMissing(f"no object {key!r} ({source})")
    if protect:
        with suppress(PermissionError):  # another user's file: that it stays as it is, is checked anyway
            source.chmod(0o444)
    path.symlink_to(source)
