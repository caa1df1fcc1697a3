"""Making a finished file appear at its place in one step."""

# ruff: noqa: PTH103, PTH106, PTH108, PTH112, PTH116, PTH120
# Paths are text here: making a Path costs more than the system call it is for.
from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .localfile import copy_into

Move = Callable[[str, str], None]
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES})
"""Errors where a folder cannot be synchronised: some file systems of the network, FUSE, and folders that may be written
but not read."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_LEFTOVER_SECONDS = 24 * 3600
"""An unfinished file untouched for so long belongs to a process that died."""
_MAKING_SECONDS = 10
"""How long an empty file may be one that `claim` is about to fill, on a file system without hard links."""


class Workbench:
    """The hidden folder where files are written before they are moved to their place."""

    def __init__(self, folder: str) -> None:
        """Use `folder`, which is made when first needed."""
        self._folder = folder
        self._mark = os.urandom(6).hex()
        self._numbers = itertools.count()
        self._swept = False

    @contextmanager
    def file(self) -> Iterator[tuple[int, str]]:
        """A new file: its descriptor and path; removed afterwards unless it was moved. Raises OSError."""
        name = f"{self._folder}/{self._mark}-{os.getpid()}-{next(self._numbers)}"
        descriptor = self._open(name)
        try:
            yield descriptor, name
        finally:
            os.close(descriptor)
            with suppress(FileNotFoundError):
                os.unlink(name)

    def _open(self, name: str) -> int:
        if not self._swept:
            self._swept = True
            os.makedirs(self._folder, exist_ok=True)
            _sweep(self._folder, time.time() - _LEFTOVER_SECONDS)
        try:
            return os.open(name, _NEW, 0o666)
        except FileNotFoundError:
            os.makedirs(self._folder, exist_ok=True)
            return os.open(name, _NEW, 0o666)


def settle(descriptor: int, *, durable: bool) -> None:
    """Stamp the file with the exact time and, if `durable`, wait until its content is on the disk. Raises OSError.

    The kernel's own stamp moves in ticks of some ms, so two versions of one size could share it.
    """
    stamp = time.time_ns()
    os.utime(descriptor, ns=(stamp, stamp))
    if durable:
        os.fsync(descriptor)


def settle_name(final: str, above: int = 0) -> None:
    """Wait until the name of a file is on the disk, and those of so many folders above it. Raises OSError.

    See fsync(2): a file's name is content of its folder.
    """
    for _ in range(above + 1):
        final = os.path.dirname(final)
        try:
            _sync_folder(final)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def place(move: Move, finished: str, final: str) -> int:
    """Let `move` bring `finished` to `final`, removing empty folders in the way.

    Returns:
        How many folders above `final` it had to make.

    Raises:
        OSError: What `move` raises, or a folder cannot be made.

    """
    made = 0
    try:
        move(finished, final)
    except FileNotFoundError:
        made = _missing(os.path.dirname(final))
        os.makedirs(os.path.dirname(final), exist_ok=True)
        move(finished, final)
    except (IsADirectoryError, FileExistsError):
        if not os.path.isdir(final):
            raise
        _remove_empty(final)
        move(finished, final)
    return made


def _missing(folder: str) -> int:
    """How many of the folders of a path do not exist."""
    count = 0
    while folder and not os.path.isdir(folder):
        folder, count = os.path.dirname(folder), count + 1
    return count


def claim(finished: str, final: str, link: Move = os.link) -> None:
    """Make `finished` appear as `final` unless that exists. Raises FileExistsError, OSError.

    A hard link is exclusive and whole at once. Where the file system has none, `final` is created
    exclusively and then filled: still one winner, but a reader may for a moment see an unfinished
    object, and a crash may leave one.
    """
    try:
        link(finished, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _fill_exclusively(finished, final)


def remove_lost(final: str) -> bool:
    """Remove the empty file `final` unless somebody is just making it; whether it is gone. Raises OSError.

    Under a lock, so that of two who find it neither removes what the other has put in its place.
    """
    import fcntl

    folder = os.open(os.path.dirname(final), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        facts = os.stat(final)
        if facts.st_size or time.time() - facts.st_mtime < _MAKING_SECONDS:
            return False
        os.unlink(final)
    except FileNotFoundError:
        return True
    finally:
        os.close(folder)
    return True


def _fill_exclusively(finished: str, final: str) -> None:
    target = os.open(final, _NEW, 0o666)
    whole = False
    try:
        copy_into(finished, target)
        os.fsync(target)
        whole = True
    finally:
        os.close(target)
        if not whole:
            os.unlink(final)


def _remove_empty(folder: str) -> None:
    """Remove a folder of nothing but folders; ENOTEMPTY when there is a file."""
    for parent, _, _ in os.walk(folder, topdown=False):
        os.rmdir(parent)


def _sweep(folder: str, before: float) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.stat().st_mtime < before:
                    os.unlink(entry.path)
