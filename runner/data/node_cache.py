"""Files of inputs that steps on one node keep for each other, by their digests.

Scripts can reach the cache and may change it, and a power failure may leave files without their bytes. So nothing in it
is trusted: each file is copied, and the copy must have the digest that the step's manifest states. A damaged file is
removed, and the object is fetched as without a cache. No failure of the cache fails a step.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import IO, Callable

from ..backports import md5
from ..model.data import Entry
from .cache_room import Room, locked
from .transfers.trees import PINNED

VARIABLE = "RUNNER_NODE_CACHE"
"""The variable of a bootstrap with the cache of its node: its limit in bytes, a colon, and its folder."""
_SLOWEST = 16 << 20
"""Bytes in a second. A process that fetches a file for others is waited for as long as that needs."""
_WAIT = 10.0
"""Seconds that are waited beside."""
TOGETHER = 1 << 20
"""Bytes of a file below which several processes may fetch it at the same time."""
_BLOCK = 1 << 20
_MD5 = re.compile(PINNED + r"[0-9a-f]{32}")


class NodeCache:
    """The cache of a node, as one attempt uses it. Any number of its threads may.

    Args:
        root: The folder of the cache.
        limit: The most bytes that it may hold.

    """

    def __init__(self, root: Path, limit: int) -> None:
        self._root = root
        self._room = Room(root, limit)
        self._lock = Lock()
        self._files = self._bytes = self._drafts = 0
        self._trouble = ""

    def expect(self, entries: Iterable[Entry]) -> None:
        """Reserve room for the files that are not there, before they are brought."""
        with self._no_failure():
            missing = {_name(one): one.size for one in entries if _name(one) and not self._path(_name(one)).exists()}
            self._room.reserve(sum(missing.values()))

    def bring(self, entry: Entry, path: Path, fetch: Callable[[], None]) -> None:
        """Make the content of an entry a new file at `path`: the cache's, else what `fetch` brings, which is kept.

        Args:
            entry: The entry of a manifest.
            path: The new file.
            fetch: Makes the file from the store, and compares it with the entry. It may raise.

        """
        if self._give(entry, path):
            return
        with self._alone(entry) as locking:
            if locking and self._give(entry, path):
                return
            fetch()
            self._keep(entry, path)

    def _give(self, entry: Entry, path: Path) -> bool:
        """Copy a file of the cache to `path`; False: it is not there, or not whole."""
        name = _name(entry)
        if not name:
            return False
        with self._no_failure():
            descriptor = _opened(self._path(name), entry.size)
            if descriptor < 0:
                return False
            with open(descriptor, "rb", buffering=0) as source:  # noqa: PTH123 - a descriptor
                if _copied(source, path, name):
                    os.utime(descriptor)
                    with self._lock:
                        self._files, self._bytes = self._files + 1, self._bytes + entry.size
                    return True
            self._path(name).unlink()
            with self._lock:
                self._room.replace(entry.size)
        return False

    def _keep(self, entry: Entry, path: Path) -> None:
        """Copy the file at `path`, which has the content of `entry`, into the cache if there is room for it."""
        name = _name(entry)
        if not name or self._trouble:
            return
        with self._lock:
            taken, self._drafts = self._room.take(entry.size), self._drafts + 1
            draft = self._root / "drafts" / f"{self._room.name}-{self._drafts}"
        if not taken:
            return
        written = False
        try:
            with self._no_failure(), path.open("rb", buffering=0) as source:
                if _copied(source, draft, name):
                    self._path(name).parent.mkdir(exist_ok=True)
                    draft.replace(self._path(name))
                    written = True
        finally:
            with self._lock:
                self._room.give_back(entry.size, written=written)

    @contextmanager
    def _alone(self, entry: Entry) -> Iterator[bool]:
        """Let one process of the node fetch a large file; others wait for it, but not for ever.

        Yields:
            True if another process may have fetched it since the caller looked, even before the lock was free.

        """
        large = bool(_name(entry)) and entry.size >= TOGETHER and not self._trouble
        with ExitStack() as held:
            if large:
                with self._no_failure():
                    lock = self._root / "locks" / _name(entry)
                    held.enter_context(locked(lock, _WAIT + entry.size / _SLOWEST))
            yield large

    def close(self) -> tuple[str, ...]:
        """Give the reserved room back, and return a line for people if the cache was of use or could not be used."""
        self._room.close()
        if self._trouble:
            return (f"the cache of the node cannot be used: {self._trouble}",)
        if not self._files:
            return ()
        return (f"from the cache of the node: {self._files} files, {self._bytes / 1e6:.1f} MB",)

    @contextmanager
    def _no_failure(self) -> Iterator[None]:
        """Note a failure of the cache, which is then of no more use."""
        try:
            yield
        except OSError as error:
            self._trouble = self._trouble or f"{error.filename or self._root}: {error.strerror or error}"

    def _path(self, name: str) -> Path:
        return self._root / "objects" / name[:2] / name


def of_node(text: str) -> NodeCache | None:
    """Return the cache that the variable describes; None: there is none."""
    limit, _, folder = text.partition(":")
    return NodeCache(Path(folder), int(limit)) if folder else None


def _name(entry: Entry) -> str:
    """Return the name of a file in the cache, its digest; empty: nothing could tell if it is whole.

    The ETag of an object that was uploaded in one part is its MD5
    (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
    """
    if _MD5.fullmatch(entry.digest):
        return entry.digest[len(PINNED) :]
    return entry.digest if entry.size and len(entry.digest) == 64 else ""


def _opened(path: Path, size: int) -> int:
    """Return the descriptor of a regular file of that size; -1: there is none. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return -1
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode) and facts.st_size == size:
        return descriptor
    os.close(descriptor)
    return -1


def _copied(source: IO[bytes], path: Path, name: str) -> bool:
    """Copy a file to a new one, and return True if what was written has that digest; else remove it. Raises OSError."""
    state, whole = md5() if len(name) == 32 else hashlib.sha256(), False
    try:
        with path.open("xb", buffering=0) as target:
            while block := source.read(_BLOCK):
                state.update(block)
                _write(target, block)
        whole = state.hexdigest() == name
    finally:
        if not whole:
            path.unlink(missing_ok=True)
    return whole


def _write(target: IO[bytes], block: bytes) -> None:
    written = 0
    while written < len(block):
        written += target.write(memoryview(block)[written:])
