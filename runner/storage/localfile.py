"""The caller's own files: uploads read them, downloads write them."""

# ruff: noqa: PTH105, PTH108, PTH118, PTH120, PTH123
# Paths are text here: making a Path costs more than the system call it is for.
from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..dataclass import dataclass
from ..errors import StoreError

BLOCK = 1 << 20
"""Bytes read or written at a time."""

_NO_CLONE = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF})


@contextmanager
def local_file_errors(path: Path | str, doing: str) -> Iterator[None]:
    """Turn an OSError into a StoreError that names the caller's file."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot {doing} {path}: {error.strerror or error}") from error


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`. One ``write`` may take fewer bytes (POSIX; Linux stops at 2 GiB). Raise OSError."""
    written = os.write(descriptor, data)
    while written < len(data):
        written += os.write(descriptor, memoryview(data)[written:])


def write_at(descriptor: int, data: memoryview, offset: int) -> None:
    """Write all of `data` at `offset`; any thread may call this. Raise OSError."""
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], offset + written)


def copy_into(path: Path | str, descriptor: int, digest: str = "") -> None:
    """Append the content of the file at `path`. Raise OSError, and StoreError if its content has another `digest`."""
    if digest:
        for block in Slice(Path(path), 0, Path(path).stat().st_size, digest).blocks():
            write_all(descriptor, block)
        return
    import shutil  # it imports every compression module

    with open(path, "rb", buffering=0) as source, open(descriptor, "wb", buffering=0, closefd=False) as target:
        shutil.copyfileobj(source, target, BLOCK)


def clone_into(source: int, target: int) -> None:
    """Append the content of an open file to an empty one, by the kernel where it can. Raise OSError.

    ``copy_file_range`` shares the blocks on file systems that can (Btrfs, XFS), see its Linux manual page.
    """
    if not _clone_by_kernel(source, target):
        os.lseek(source, 0, os.SEEK_SET)
        os.ftruncate(target, 0)
        os.lseek(target, 0, os.SEEK_SET)
        while block := os.read(source, BLOCK):
            write_all(target, block)


def _clone_by_kernel(source: int, target: int) -> bool:
    """Copy by the kernel; return False if the system or the file system cannot."""
    if sys.platform != "linux":
        return False
    left = os.fstat(source).st_size
    try:
        while left and (count := os.copy_file_range(source, target, left)):
            left -= count
    except OSError as error:
        if error.errno in _NO_CLONE:
            return False
        raise
    return not left


@contextmanager
def new_file(path: Path) -> Iterator[int]:
    """Open a temporary file; rename it to `path` if the block succeeds, else remove it. Raise StoreError."""
    # A name of its own: one derived from the file's could exceed the file system's limit (NAME_MAX, 255 bytes).
    part = os.path.join(os.path.dirname(path), f".part-{os.urandom(6).hex()}")
    with local_file_errors(path, "write"):
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        try:
            yield descriptor
        finally:
            os.close(descriptor)
        with local_file_errors(path, "write"):
            os.replace(part, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)


@dataclass(frozen=True)
class Slice:
    """A range of a file, read anew each time it is sent."""

    path: Path
    offset: int
    """Bytes from the start."""
    length: int
    """Bytes."""
    digest: str = ""
    """The hex SHA-256 that its bytes must have; empty: no check."""

    def __len__(self) -> int:
        return self.length

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes. The last block comes only if all bytes have the digest.

        A receiver that waits for `length` bytes therefore never gets the whole of a changed file.

        Raises:
            StoreError: The file is unreadable, or has changed.
        """
        for block, whole in self._read():
            if whole not in ("", self.digest):
                raise changed(self.path)
            yield block

    def _read(self) -> Iterator[tuple[bytes, str]]:
        """Yield each block, and with the last one the digest of all, if one is expected."""
        import hashlib  # it loads OpenSSL

        state, left = hashlib.sha256(), self.length
        with local_file_errors(self.path, "read"), open(self.path, "rb", buffering=0) as file:
            file.seek(self.offset)
            while left:
                block = file.read(min(left, BLOCK))
                if not block:
                    raise StoreError(f"{self.path} became shorter while it was being uploaded; upload it again")
                left -= len(block)
                if self.digest:
                    state.update(block)
                yield block, state.hexdigest() if self.digest and not left else ""
        if self.digest and not self.length:
            yield b"", state.hexdigest()


def changed(path: Path) -> StoreError:
    """Return the error for a file that is not what it was when it was described."""
    return StoreError(f"{path} changed while it was being uploaded; upload it again")
