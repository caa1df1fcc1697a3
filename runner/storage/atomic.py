"""Atomic writes: a finished file appears at its path in one step."""

# ruff: noqa: PTH103, PTH106, PTH108, PTH112, PTH116, PTH120
# Paths are text here: making a Path costs more than the system call it is for.
from __future__ import annotations

import errno
import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Callable

from .localfile import copy_into

Move = Callable[[str, str], None]
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES})
"""Errors of a folder that cannot be synchronised: some network file systems, FUSE, and folders that may be written but
not read.
"""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
_LEFTOVER_SECONDS = 24 * 3600
"""The age after which an unfinished file belongs to a process that died."""
_MAKING_SECONDS = 10
"""The age up to which an empty file may be one that `claim` is filling, on a file system without hard links."""


class StagingFolder:
    """A hidden folder in which files are written before they are moved to their path."""

    def __init__(self, folder: str) -> None:
        """Use `folder`, which is created on first use."""
        self._folder = folder
        self._mark = os.urandom(6).hex()
        self._numbers = itertools.count()
        self._swept = False

    @contextmanager
    def file(self) -> Iterator[tuple[int, str]]:
        """Create a file; yield its descriptor and path. It is removed afterwards unless it was moved. Raise OSError."""
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


def set_time_and_sync(descriptor: int, *, durable: bool) -> None:
    """Set the file's exact modification time and, if `durable`, wait until its content is on the disk. Raise OSError.

    The kernel's own time stamps move in ticks of some ms, so two versions of one size could share one.
    """
    stamp = time.time_ns()
    os.utime(descriptor, ns=(stamp, stamp))
    if durable:
        os.fsync(descriptor)


def sync_name(final: str, above: int = 0) -> None:
    """Wait until the directory entry of a file is on the disk, see fsync(2).

    Args:
        final: The path of the file.
        above: The number of folders above it whose entries are new as well.

    Raises:
        OSError: A folder cannot be synchronised.
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
    """Move `finished` to `final` by `move`. Create missing folders and remove empty folders that are in the way.

    Returns:
        The number of folders that were created.

    Raises:
        OSError: `move` raises it, or a folder cannot be created.
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
    """Return the number of folders of a path that do not exist."""
    count = 0
    while folder and not os.path.isdir(folder):
        folder, count = os.path.dirname(folder), count + 1
    return count


def claim(finished: str, final: str, link: Move = os.link) -> None:
    """Make `finished` appear as `final` unless that exists.

    A hard link is exclusive and complete at once. On a file system without hard links `final` is created exclusively
    and then filled: there is still one winner, but a reader may for a moment see an unfinished object, and a crash
    may leave one.

    Raises:
        FileExistsError: `final` exists.
        OSError: It cannot be created.
    """
    try:
        link(finished, final)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _fill_exclusively(finished, final)


def remove_empty_leftover(final: str) -> bool:
    """Remove the empty file `final` that a power failure left, unless a process is filling it. Raise OSError.

    A lock prevents that one process removes what another has just put in its place.

    Returns:
        True if there is no such file any more.
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
    """Remove a folder that contains only folders. Raise OSError (ENOTEMPTY) if it contains a file."""
    for parent, _, _ in os.walk(folder, topdown=False):
        os.rmdir(parent)


def _sweep(folder: str, before: float) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                if entry.stat().st_mtime < before:
                    os.unlink(entry.path)
