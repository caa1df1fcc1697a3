"""Make the files and folders of an attempt on this machine: new ones, or spare ones of an earlier attempt.

To make and delete a file costs far more than to write one that is there: ext4 searches for a free inode, and avoids
those that were freed moments ago.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ..ports import FolderStore


class FileMaker:
    """Makes files and folders. Spare ones are renamed into place; none is used twice."""

    def __init__(self, spare: Path | None = None) -> None:
        """Use the spare files and folders directly below `spare`; None: make new ones only."""
        self._files: list[str] = []
        self._folders: list[str] = []
        if spare is not None and spare.is_dir():
            with os.scandir(spare) as entries:
                for entry in entries:
                    (self._folders if entry.is_dir(follow_symlinks=False) else self._files).append(entry.path)

    def folder(self, path: Path) -> None:
        """Make a folder and those above it, unless they exist. Raises OSError."""
        if path.is_dir():
            return
        spare = _next(self._folders)
        if not spare:
            path.mkdir(parents=True, exist_ok=True)
            return
        self.folder(path.parent)
        os.rename(spare, path)  # noqa: PTH104

    def write(self, path: Path, data: bytes) -> None:
        """Make a file with this content; a file that is there gets it. Raises OSError."""

        def fill(descriptor: int) -> None:
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])

        self._fill(path, fill)

    def bring(self, store: FolderStore) -> Callable[[str, Path], None]:
        """Return how to make an object of `store` a file: its key, and the path of the new file."""

        def copy(key: str, path: Path) -> None:
            if self._files:
                self._fill(path, lambda descriptor: store.read_into(key, descriptor))
            else:
                store.download(key, path)

        return copy

    def _fill(self, path: Path, fill: Callable[[int], None]) -> None:
        """Let `fill` write the whole content, and cut the file off behind it.

        It is not emptied before: ext4 would then write it to the disk at once (ext4(5), ``auto_da_alloc``).
        """
        if not os.path.lexists(path) and (spare := _next(self._files)):
            os.rename(spare, path)  # noqa: PTH104
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fill(descriptor)
            os.ftruncate(descriptor, os.lseek(descriptor, 0, os.SEEK_CUR))
        finally:
            os.close(descriptor)


def _next(spare: list[str]) -> str:
    """Take one of the spare paths; empty: there is none. Several threads may do so at a time."""
    try:
        return spare.pop()
    except IndexError:
        return ""
