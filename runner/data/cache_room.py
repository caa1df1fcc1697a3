"""The room in a cache that several processes share: its limit, reservations, and the eviction of what is oldest.

A process reserves room before it writes, by a sparse file of that size which it keeps locked. The files of the cache
and all reservations together never pass the limit. A reservation whose lock is free is a dead process's.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from ..dataclass import dataclass

_LOCK_SECONDS = 5.0
_PAUSE = 0.02
_MOST_FILES = 200_000
"""Files above which the oldest are removed, so that a look at all of them stays quick."""
_NAME = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")


@dataclass(frozen=True)
class Kept:
    """A file of the cache."""

    used: float
    """Seconds of the clock at its last use."""
    size: int
    path: Path


class Room:
    """The part of a cache's limit that this process has reserved.

    Args:
        root: The folder of the cache.
        limit: The most bytes of the cache.

    """

    def __init__(self, root: Path, limit: int) -> None:
        self._root = root
        self._limit = limit
        self._descriptor = -1
        self._left = 0
        self.name = ""
        """The name of the reservation, with which the names of its drafts begin."""

    def reserve(self, size: int) -> int:
        """Reserve room, and remove the files that were not used for longest as far as that needs it.

        Args:
            size: The bytes that are wanted.

        Returns:
            The bytes that are reserved: 0 if there are none, or if the cache is busy. Raises OSError.

        """
        self._make()
        with locked(self._root / "lock", _LOCK_SECONDS) as got:
            if not got:
                return 0
            reserved = self._of_others()
            wanted = max(0, min(size, self._limit - reserved))
            self._evict(self._limit - reserved - wanted)
            os.ftruncate(self._descriptor, wanted)
            self._left = wanted
        return wanted

    def take(self, size: int) -> bool:
        """Return True if so many bytes may be written. `give_back` follows, once they are, or will not be."""
        if self._left < size:
            return False
        self._left -= size
        return True

    def give_back(self, size: int, *, written: bool) -> None:
        """End what `take` has begun: the bytes are `written`, and count by themselves, or may be taken again."""
        if not written:
            self._left += size
            return
        with suppress(OSError):
            os.ftruncate(self._descriptor, max(0, os.fstat(self._descriptor).st_size - size))

    def replace(self, size: int) -> None:
        """Reserve the room of a file that was removed just now. Raises OSError."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size + size)
            self._left += size

    def close(self) -> None:
        """Give back what is left."""
        if self._descriptor >= 0:
            with suppress(OSError):
                (self._root / "reserved" / self.name).unlink()
            os.close(self._descriptor)
            self._descriptor, self._left = -1, 0

    def _make(self) -> None:
        for name in ("objects", "drafts", "reserved", "locks"):
            (self._root / name).mkdir(parents=True, exist_ok=True)
            _require_folder(self._root / name)
        if self._descriptor < 0:
            self.name = os.urandom(8).hex()
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            self._descriptor = os.open(self._root / "reserved" / self.name, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _of_others(self) -> int:
        """Return the bytes that other processes have reserved; remove what dead ones have left."""
        total = 0
        for path, facts in _files(self._root / "reserved"):
            if path.name == self.name:
                continue
            with locked(path, 0.0) as dead:
                if not dead:
                    total += facts.st_size
                    continue
                path.unlink(missing_ok=True)
        alive = {path.name for path, _ in _files(self._root / "reserved")}
        for path, _ in _files(self._root / "drafts"):
            if path.name.partition("-")[0] not in alive:
                path.unlink(missing_ok=True)
        return total

    def _evict(self, most: int) -> None:
        """Remove the files that were not used for longest until the others have at most so many bytes."""
        kept = sorted(kept_files(self._root), key=lambda one: one.used)
        total = sum(one.size for one in kept)
        for number, one in enumerate(kept):
            if total <= most and len(kept) - number <= _MOST_FILES:
                return
            one.path.unlink(missing_ok=True)
            total -= one.size


def kept_files(root: Path) -> Iterator[Kept]:
    """Yield the files of a cache. What has another form is none of ours, and stays."""
    with suppress(FileNotFoundError):
        for folder in islice(os.scandir(root / "objects"), 256):
            if folder.is_dir(follow_symlinks=False):
                for path, facts in _files(Path(folder.path)):
                    if _NAME.fullmatch(path.name):
                        yield Kept(facts.st_mtime, facts.st_size, path)


@contextmanager
def locked(path: Path, seconds: float) -> Iterator[bool]:
    """Lock a file, which is made unless it exists, and tell if that succeeded in the time. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    try:
        yield _lock(descriptor, seconds)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, seconds: float) -> bool:
    """Lock an open file; False: another process holds it all the time. Raises OSError."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
        else:
            return True


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the regular files of a folder."""
    _require_folder(folder)
    with os.scandir(folder) as entries:
        for entry in islice(entries, 2 * _MOST_FILES):
            with suppress(FileNotFoundError):
                facts = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(facts.st_mode):
                    yield Path(entry.path), facts


def _require_folder(path: Path) -> None:
    """Raise OSError for a link: a script that reaches the cache may have put one there."""
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        raise NotADirectoryError(errno.ENOTDIR, "no folder", str(path))
