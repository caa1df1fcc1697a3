"""An object store in a local folder: a key is a path below it."""

# ruff: noqa: PTH100, PTH108, PTH113, PTH116, PTH123
# Paths are text here: making a Path costs more than the system call it is for.
from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path

from ..data.file_digest import digest_of_file
from ..errors import ObjectChanged, ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..model.disk_full import DISK_FULL
from ..ports import ObjectInfo
from .atomic import StagingFolder, claim, place, remove_empty_leftover, set_time_and_sync, sync_name
from .keys import RESERVED, check_key, check_prefix, check_range
from .localfile import BLOCK, clone_into, copy_into, local_file_errors, new_file, write_all

_IN_THE_WAY = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR})


class DirectoryStore:
    """An `ObjectStore` in a folder, which is created by the first write.

    Objects appear complete: they are written below ``.tmp`` in the same folder and then moved. Unlike a bucket, a
    folder cannot hold both ``a`` and ``a/b``: the later write raises StoreError.
    """

    def __init__(self, root: Path, *, durable: bool | Callable[[str], bool] = True) -> None:
        """Use the folder `root`.

        Args:
            root: The folder.
            durable: Selects the keys whose documents survive a power failure; True: all. `put` and `put_if_absent`
                return
                once content and name are on the disk (fsync). Uploads and copies, the bulk data, are left to the
                kernel,
                which writes them within about 30 seconds.
        """
        self._root = os.path.abspath(root)
        self._staging = StagingFolder(f"{self._root}/{RESERVED}")
        self._durable = durable if callable(durable) else lambda _key, always=durable: always

    def path(self, key: str) -> Path:
        """Return the path of the object, whether it exists or not. Raise ValueError for an invalid key."""
        return Path(self._at(key))

    def check_writable(self) -> None:
        """Raise StoreError if the folder cannot be written. Nothing is created."""
        place = Path(self._root)
        while not place.exists() and place != place.parent:
            place = place.parent
        if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
            raise StoreDenied(f"{self._root} cannot be written: {place} is read-only, or no folder")

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raise ObjectMissing."""
        with self._reading(key), open(self._at(key), "rb", buffering=0) as file:
            return file.read()

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        """Return at most `length` bytes from `start`. Raise ObjectMissing, and ObjectChanged if the ETag differs."""
        check_range(start, length)
        with self._opened(key) as origin, self._reading(key):
            found = os.pread(origin, length, start)
            while len(found) < length and (more := os.pread(origin, length - len(found), start + len(found))):
                found += more  # Linux stops at 2 GiB
            if etag and _info(key, os.fstat(origin)).etag != etag:  # afterwards: programs may write in place
                raise ObjectChanged(f"{self._root}/{key} was overwritten while it was being read; read it again")
            return found

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite the object, atomically."""
        final, durable = self._at(key), self._durable(key)
        with self._writing(key), self._staging.file() as (descriptor, finished):
            write_all(descriptor, data)
            set_time_and_sync(descriptor, durable=durable)
            made = place(os.replace, finished, final)
            if durable:
                sync_name(final, made)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write the object unless the key exists; return False if it does."""
        final, durable = self._at(key), self._durable(key)
        if self._exists(key, final, data):  # saves the write; `claim` decides
            return False
        with self._writing(key), self._staging.file() as (descriptor, finished):
            write_all(descriptor, data)
            set_time_and_sync(descriptor, durable=durable)
            return _claimed(finished, final, durable=durable)

    def put_both(self, key: str, other: str, data: bytes) -> bool:
        """Write `key` unless it exists, then write or overwrite `other`; return False if `key` exists.

        Both names share one inode where the file system has hard links: documents are never written in place.
        """
        final, durable = self._at(key), self._durable(key) or self._durable(other)
        if self._exists(key, final, data):
            return False
        with self._writing(key), self._staging.file() as (descriptor, finished):
            write_all(descriptor, data)
            set_time_and_sync(descriptor, durable=durable)
            if not _claimed(finished, final, durable=durable):
                return False
            with self._writing(other):
                made = place(os.replace, finished, self._at(other))
                if durable:
                    sync_name(self._at(other), made)
        return True

    def stat(self, key: str) -> ObjectInfo | None:
        """Return the object's facts; None if it does not exist."""
        with suppress(ObjectMissing), self._reading(key):
            return _info(key, os.stat(self._at(key)))
        return None

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key starts with `prefix` and sorts after `after`, in key order."""
        folder, slash, start = check_prefix(prefix).rpartition("/")
        return self._walk(folder + slash, start, after)

    def delete(self, key: str) -> None:
        """Delete the object. An absent key is no error. Folders stay."""
        path = self._at(key)
        with suppress(ObjectMissing), self._reading(key):
            os.unlink(path)

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Write the file's content, atomically. An object that has it already keeps its ``etag``, as in a bucket.

        An object that has a second hard link is written anew, since its bytes belong to the other name as well.
        """
        final = self._at(key)
        with suppress(OSError):
            if os.path.realpath(path) == os.path.realpath(final):
                return
            if os.stat(final).st_nlink == 1 and _equal(path, final) and digest in ("", digest_of_file(Path(final))):
                return
        with self._writing(key), self._staging.file() as (descriptor, finished):
            with local_file_errors(path, "upload"):
                copy_into(path, descriptor, digest)
            set_time_and_sync(descriptor, durable=False)
            place(os.replace, finished, final)

    def download(self, key: str, path: Path) -> None:
        """Download the object to a new file at `path`, whose parent exists. Raise ObjectMissing.

        The file shares the object's blocks where the file system can.
        """
        with self._opened(key) as origin, new_file(path) as descriptor, local_file_errors(path, "download to"):
            clone_into(origin, descriptor)

    def read_into(self, key: str, descriptor: int) -> None:
        """Write the object's bytes to an open file, from its start. Raise ObjectMissing.

        The file shares the object's blocks where the file system can.
        """
        with self._opened(key) as origin, self._reading(key):
            clone_into(origin, descriptor)

    def copy(self, source: str, target: str) -> None:
        """Copy the object `source` to `target`, atomically. Raise ObjectMissing.

        The copy shares blocks where the file system can. It is never a hard link: steps may write their files in
        place.
        """
        final = self._at(target)
        with self._opened(source) as origin:
            if source != target:
                self._duplicate(origin, target, final)

    def now(self) -> datetime:
        """Return the time by the clock of this machine, UTC."""
        return datetime.now(timezone.utc)

    def _at(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        """Open the object's file for reading and yield the descriptor. Raise ObjectMissing."""
        with self._reading(key):
            origin = os.open(self._at(key), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            with self._reading(key):
                _info(key, os.fstat(origin))
            yield origin
        finally:
            os.close(origin)

    def _duplicate(self, origin: int, target: str, final: str) -> None:
        with self._writing(target), self._staging.file() as (descriptor, finished):
            clone_into(origin, descriptor)
            set_time_and_sync(descriptor, durable=False)
            place(os.replace, finished, final)

    def _exists(self, key: str, final: str, data: bytes) -> bool:
        """Return True if the object exists. An empty file that a power failure left is removed."""
        try:
            facts = os.stat(final)
        except OSError:
            return False
        if facts.st_size or not data or not stat.S_ISREG(facts.st_mode):
            return stat.S_ISREG(facts.st_mode)
        with self._writing(key):
            return not remove_empty_leftover(final)

    def _walk(self, folder: str, start: str, after: str) -> Iterator[ObjectInfo]:
        for name in self._names(folder, start):
            key = folder + name
            if name[-1] != "/":
                if key > after and (info := self._listed(key)):
                    yield info
            elif key > after or after.startswith(key):
                yield from self._walk(key, "", after)

    def _names(self, folder: str, start: str) -> tuple[str, ...]:
        """Return the names in a folder in the order of whole keys, folders with a slash: ``a.b`` comes before ``a/b``.

        Links to folders are not followed: they may form circles.
        """
        try:
            with self._reading(folder), os.scandir(f"{self._root}/{folder}") as entries:
                names = [f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries]
                names = [self._readable(folder, name) for name in names]
        except ObjectMissing:
            return ()
        return tuple(sorted(name for name in names if name.startswith(start) and (folder or name != f"{RESERVED}/")))

    def _readable(self, folder: str, name: str) -> str:
        """Return `name`. Raise StoreError if it is not UTF-8 text."""
        if not name.isascii():
            try:
                name.encode()
            except UnicodeEncodeError as error:
                raise StoreError(f"{name!r} in {self._root}/{folder} is no UTF-8 text: rename the file") from error
        return name

    def _listed(self, key: str) -> ObjectInfo | None:
        try:
            return _info(key, os.stat(f"{self._root}/{key}"))
        except OSError:
            return None  # deleted meanwhile, or not a file

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            raise ObjectMissing(f"no object {key!r} ({self._root}/{key})") from error
        except OSError as error:
            raise _failure(error, f"{self._root}/{key}") from error

    @contextmanager
    def _writing(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _failure(error, f"{self._root}/{key}") from error


def _claimed(finished: str, final: str, *, durable: bool) -> bool:
    """Make `finished` appear as `final` unless that exists; return False if it does. Raise OSError."""
    try:
        made = place(claim, finished, final)
    except FileExistsError:
        if not os.path.isfile(final):
            raise
        return False
    if durable:
        sync_name(final, made)
    return True


def _info(key: str, facts: os.stat_result) -> ObjectInfo:
    """Return the facts of a file. Raise IsADirectoryError for a folder.

    The ETag includes the ctime: a program can set an mtime back, but no ctime (inode(7)).
    """
    if not stat.S_ISREG(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, "not a file")
    etag = f"{facts.st_size:x}-{facts.st_mtime_ns:x}-{facts.st_ctime_ns:x}-{facts.st_ino:x}"
    return ObjectInfo(key, facts.st_size, etag, facts.st_mtime)


def _failure(error: OSError, path: str) -> StoreError:
    """Return the store's error for one of the operating system."""
    if isinstance(error, PermissionError):
        return StoreDenied(f"no permission for {path}: check the owner and mode of the folder")
    if error.errno in _IN_THE_WAY:
        return StoreError(f"cannot write {path}: a folder cannot hold an object and others below its name; rename one")
    if error.errno in DISK_FULL:
        # Temporary, like a server that is away: the same write succeeds once there is space.
        return StoreUnreachable(f"cannot write {path}: {error.strerror}: make room on that disk")
    return StoreError(f"cannot use {path}: {error.strerror or error}")


def _equal(path: Path, final: str) -> bool:
    """Return True if both files have the same content. Raise OSError."""
    with open(path, "rb", buffering=0) as one, open(final, "rb", buffering=0) as other:
        if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
            return False
        while block := one.read(BLOCK):
            if block != other.read(len(block)):
                return False
    return True
