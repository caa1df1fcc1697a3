"""A local folder as an object store: a key is a path below it."""

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

from ..errors import ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..model.digest import digest_of_file
from ..model.room import NO_ROOM
from ..ports import ObjectInfo
from .atomic import Workbench, claim, place, remove_lost, settle, settle_name
from .keys import RESERVED, check_key, check_prefix
from .localfile import BLOCK, clone_into, copy_into, new_file, trouble, write_all

_IN_THE_WAY = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.EISDIR, errno.ENOTDIR})


class DirectoryStore:
    """An `ObjectStore` over a folder, which is made when first written to.

    Objects appear whole: they are written below ``.tmp`` in the same folder and then moved. Unlike
    a bucket, a folder cannot hold both ``a`` and ``a/b``: the later write raises StoreError.
    """

    def __init__(self, root: Path, *, durable: bool | Callable[[str], bool] = True) -> None:
        """Use the folder `root`.

        Args:
            root: The folder.
            durable: The keys whose documents survive a power failure; True: all. What `put` and `put_if_absent` write
                there is on the disk before it appears (fsync), and its name before they return. Files that are
                uploaded or copied, the bulk data, are left to the kernel, which writes them within about 30 seconds.

        """
        self._root = os.path.abspath(root)
        self._workbench = Workbench(f"{self._root}/{RESERVED}")
        self._durable = durable if callable(durable) else lambda _key, always=durable: always

    def path(self, key: str) -> Path:
        """Where the object lies, whether it exists or not. Raises ValueError."""
        return Path(self._at(key))

    def check_writable(self) -> None:
        """Raise StoreError when nothing could be written; nothing is made to find out."""
        place = Path(self._root)
        while not place.exists() and place != place.parent:
            place = place.parent
        if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
            raise StoreDenied(f"{self._root} cannot be written: {place} is read-only, or no folder")

    def get(self, key: str) -> bytes:
        """The object's bytes. Raises ObjectMissing."""
        with self._reading(key), open(self._at(key), "rb", buffering=0) as file:
            return file.read()

    def put(self, key: str, data: bytes) -> None:
        """Write or overwrite, atomically."""
        final, durable = self._at(key), self._durable(key)
        with self._writing(key), self._workbench.file() as (descriptor, finished):
            write_all(descriptor, data)
            settle(descriptor, durable=durable)
            made = place(os.replace, finished, final)
            if durable:
                settle_name(final, made)

    def put_if_absent(self, key: str, data: bytes) -> bool:
        """Write unless there is an object of that key; False when there was one."""
        final, durable = self._at(key), self._durable(key)
        if self._stands(key, final, data):  # spares the work; when it says no, the claim decides
            return False
        with self._writing(key), self._workbench.file() as (descriptor, finished):
            write_all(descriptor, data)
            settle(descriptor, durable=durable)
            try:
                made = place(claim, finished, final)
            except FileExistsError:
                if not os.path.isfile(final):
                    raise
                return False
            if durable:
                settle_name(final, made)
        return True

    def stat(self, key: str) -> ObjectInfo | None:
        """The object's facts, or None."""
        with suppress(ObjectMissing), self._reading(key):
            return _info(key, os.stat(self._at(key)))
        return None

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Objects whose key starts with `prefix` and sorts after `after`, in key order."""
        folder, slash, start = check_prefix(prefix).rpartition("/")
        return self._walk(folder + slash, start, after)

    def delete(self, key: str) -> None:
        """Remove; an absent key is no error. Folders stay."""
        path = self._at(key)
        with suppress(ObjectMissing), self._reading(key):
            os.unlink(path)

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        """Write the file's content, atomically; an object that has it already keeps its ``etag``, as in a bucket.

        An object that has another name as well does not own its bytes, so it is written anew.
        """
        final = self._at(key)
        with suppress(OSError):
            if os.path.realpath(path) == os.path.realpath(final):
                return
            if os.stat(final).st_nlink == 1 and _equal(path, final) and digest in ("", digest_of_file(Path(final))):
                return
        with self._writing(key), self._workbench.file() as (descriptor, finished):
            with trouble(path, "upload"):
                copy_into(path, descriptor, digest)
            settle(descriptor, durable=False)
            place(os.replace, finished, final)

    def download(self, key: str, path: Path) -> None:
        """Make the object a new file at `path`, a copy; blocks are shared where the file system can.

        The parent of `path` exists. Raises ObjectMissing.
        """
        with self._opened(key) as origin, new_file(path) as descriptor, trouble(path, "download to"):
            clone_into(origin, descriptor)

    def copy(self, source: str, target: str) -> None:
        """Make `target` a copy of `source`, atomically; blocks are shared where the file system can.

        Never a hard link: objects are files that steps may write in place. Raises ObjectMissing.
        """
        final = self._at(target)
        with self._opened(source) as origin:
            if source != target:
                self._duplicate(origin, target, final)

    def now(self) -> datetime:
        """The time by the clock of this machine, UTC."""
        return datetime.now(timezone.utc)

    def _at(self, key: str) -> str:
        return f"{self._root}/{check_key(key)}"

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        """A descriptor of the object's file, to read from. Raises ObjectMissing."""
        with self._reading(key):
            origin = os.open(self._at(key), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            with self._reading(key):
                _info(key, os.fstat(origin))
            yield origin
        finally:
            os.close(origin)

    def _duplicate(self, origin: int, target: str, final: str) -> None:
        with self._writing(target), self._workbench.file() as (descriptor, finished):
            clone_into(origin, descriptor)
            settle(descriptor, durable=False)
            place(os.replace, finished, final)

    def _stands(self, key: str, final: str, data: bytes) -> bool:
        """Whether a file is there. An empty one that should not be is what a power failure left (no fsync)."""
        try:
            facts = os.stat(final)
        except OSError:
            return False
        if facts.st_size or not data or not stat.S_ISREG(facts.st_mode):
            return stat.S_ISREG(facts.st_mode)
        with self._writing(key):
            return not remove_lost(final)

    def _walk(self, folder: str, start: str, after: str) -> Iterator[ObjectInfo]:
        for name in self._names(folder, start):
            key = folder + name
            if name[-1] != "/":
                if key > after and (info := self._listed(key)):
                    yield info
            elif key > after or after.startswith(key):
                yield from self._walk(key, "", after)

    def _names(self, folder: str, start: str) -> tuple[str, ...]:
        """What the folder holds, folders with a slash, in the order of whole keys: ``a.b`` comes before ``a/b``.

        Links to folders are not followed: they may lead in circles.
        """
        try:
            with self._reading(folder), os.scandir(f"{self._root}/{folder}") as entries:
                names = [f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in entries]
                names = [self._readable(folder, name) for name in names]
        except ObjectMissing:
            return ()
        return tuple(sorted(name for name in names if name.startswith(start) and (folder or name != f"{RESERVED}/")))

    def _readable(self, folder: str, name: str) -> str:
        """`name`, which has to be text to be a key. Raises StoreError."""
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
            return None  # just deleted, or no file

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


def _info(key: str, facts: os.stat_result) -> ObjectInfo:
    """The facts of a file; its ETag has the ctime, since a program can set an mtime back, but no ctime (inode(7)).

    Raises IsADirectoryError: a folder is no object.
    """
    if not stat.S_ISREG(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, "not a file")
    etag = f"{facts.st_size:x}-{facts.st_mtime_ns:x}-{facts.st_ctime_ns:x}-{facts.st_ino:x}"
    return ObjectInfo(key, facts.st_size, etag, facts.st_mtime)


def _failure(error: OSError, path: str) -> StoreError:
    """What the operating system's error means for an object."""
    if isinstance(error, PermissionError):
        return StoreDenied(f"no permission for {path}: check the owner and mode of the folder")
    if error.errno in _IN_THE_WAY:
        return StoreError(f"cannot write {path}: a folder cannot hold an object and others below its name; rename one")
    if error.errno in NO_ROOM:
        # It passes as soon as somebody makes room, like a server that is away for a while.
        return StoreUnreachable(f"cannot write {path}: {error.strerror}: make room on that disk")
    return StoreError(f"cannot use {path}: {error.strerror or error}")


def _equal(path: Path, final: str) -> bool:
    """Whether both files hold the same bytes. Raises OSError."""
    with open(path, "rb", buffering=0) as one, open(final, "rb", buffering=0) as other:
        if os.fstat(one.fileno()).st_size != os.fstat(other.fileno()).st_size:
            return False
        while block := one.read(BLOCK):
            if block != other.read(len(block)):
                return False
    return True
