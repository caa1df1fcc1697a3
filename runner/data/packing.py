"""Store a snapshot as a zip file under the digest of its files.

The digest covers path, executable bit and content of each file, not the bytes of the zip: another version of zlib
packs equal files differently. A reader unpacks in memory, compares, and only then writes files.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Tuple

from ..errors import BadInput, ObjectDamaged, ObjectMissing
from ..model.digest import digest_of_bytes, md5_of_bytes
from ..model.task import snapshot_key
from ..ports import FolderStore, ObjectInfo, ObjectStore
from . import addressed, collector
from .file_maker import FileMaker
from .snapshot import MAX_BYTES, Snapshot, SnapshotFile, digest_of_files
from .transfers import uploads

_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNREADABLE = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError)
"""The exceptions of `zipfile` for bytes that are no zip, or one that it cannot read."""

Member = Tuple[str, bool, bytes]
"""A file of an archive: path, executable bit, content."""


def pack(snapshot: Snapshot) -> bytes:
    """Make a zip of the snapshot. Raises BadInput for files that have changed since."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in snapshot.files:
            info = zipfile.ZipInfo(file.path, _EPOCH)
            info.external_attr = (0o755 if file.executable else 0o644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, _unchanged(snapshot.folder, file))
    return buffer.getvalue()


def keep(store: ObjectStore, snapshot: Snapshot) -> str:
    """Store the snapshot under its digest, which is returned; a damaged object of that name is written again.

    Raises:
        BadInput: files of the folder have changed since the snapshot was taken.
        StoreError: the store cannot be used.

    """
    key = snapshot_key(snapshot.digest)
    found = _kept(store, snapshot)
    if found is None:
        with uploads.shown(f"upload of {snapshot.folder.name}", 1, snapshot.bytes) as progress:
            data = pack(snapshot)
            progress.begin(0, len(data) - snapshot.bytes)  # known only now
            store.put(key, data)
            progress.moved(len(data))
            progress.completed()
    else:
        collector.renew_if_old(store, found, lambda: store.put(key, pack(snapshot)))
    return snapshot.digest


def is_kept(store: ObjectStore, snapshot: Snapshot) -> bool:
    """Return True if the store holds this snapshot, undamaged.

    A bucket is asked for the ETag first, which costs one HEAD. The object is read when that does not settle it:
    another version of zlib may have packed it.

    Raises:
        BadInput: files of the folder have changed since the snapshot was taken.
        StoreError: the store cannot be used.
    """
    return _kept(store, snapshot) is not None


def _kept(store: ObjectStore, snapshot: Snapshot) -> ObjectInfo | None:
    """Return the facts of the stored snapshot; None if there is none, or a damaged one."""
    found = store.stat(snapshot_key(snapshot.digest))
    if found is None:
        return None
    if not isinstance(store, FolderStore) and found.etag == md5_of_bytes(pack(snapshot)):
        return found
    try:
        load(store, snapshot.digest)
    except (ObjectDamaged, ObjectMissing):
        return None
    return found


def load(store: ObjectStore, digest: str) -> tuple[Member, ...]:
    """Return the files of the snapshot of that digest; none for the empty digest of a step without a folder.

    Raises:
        ObjectMissing: the store has none.
        ObjectDamaged: what the store has is another content.
        StoreError: the store cannot be used.
    """
    if not digest:
        return ()
    return addressed.load(store, snapshot_key(digest), lambda data: members(data, digest))


@lru_cache(maxsize=4)
def members(data: bytes, digest: str) -> tuple[Member, ...]:
    """Return the files of a stored snapshot. Raises ObjectDamaged if their digest is not `digest`."""
    key = snapshot_key(digest)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise addressed.damaged(key, "it is larger than any snapshot")
            found = _members(archive)
    except _UNREADABLE as error:
        raise addressed.damaged(key, str(error)) from error
    if digest_of_files((path, executable, digest_of_bytes(content)) for path, executable, content in found) != digest:
        raise addressed.damaged(key)
    return found


def unpack(data: bytes, into: Path) -> None:
    """Write the files of a zip that was checked before, or that this process made, below `into`, which is made.

    Raises BadInput for a path that leaves `into`, OSError.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        write(_members(archive), into)


def write(files: Iterable[Member], into: Path, maker: FileMaker | None = None) -> None:
    """Write files below `into`, which is made. Raises BadInput for a path that leaves `into`, OSError."""
    maker = maker or FileMaker()
    files = tuple(files)
    for path, _, _ in files:
        if path.startswith("/") or ".." in path.split("/"):
            raise BadInput(f"a snapshot holds {path!r}, which lies outside its folder")
    maker.folder(into)
    made = {into}
    for path, executable, content in files:
        target = into / path
        if target.parent not in made:
            maker.folder(target.parent)
            made.add(target.parent)
        maker.write(target, content)
        if executable:
            target.chmod(0o755)


def _members(archive: zipfile.ZipFile) -> tuple[Member, ...]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    return tuple((info.filename, bool(info.external_attr >> 16 & 0o100), archive.read(info)) for info in files)


def _unchanged(folder: Path, file: SnapshotFile) -> bytes:
    """Return the file's content if it still has the digest in the snapshot."""
    content = (folder / file.path).read_bytes()
    if digest_of_bytes(content) != file.digest:
        raise BadInput(f"{file.path} was changed while it was read", str(folder), "submit again")
    return content
