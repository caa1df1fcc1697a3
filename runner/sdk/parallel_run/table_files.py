"""The files of a table, of which parts are read: on this machine, or by range from their store."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path

from ...data.selection import Found
from ...override import override
from ..base.exceptions import UserErrorException
from ..datasets.files import FileSet, LocalFile


class TableFiles:
    """The files of a table by their numbers.

    Args:
        files: The files.

    """

    def __init__(self, files: FileSet) -> None:
        self.files = files
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._here: dict[int, Path] = {}

    def __len__(self) -> int:
        return len(self.files.files)

    def name(self, number: int) -> str:
        """Return a file's name in messages and in the column of ``include_path``.

        Args:
            number: The file's number.

        """
        return f"/{self.files.files[number].relative}"

    def described(self, number: int) -> LocalFile:
        """Return a file's names, without its content.

        Args:
            number: The file's number.

        """
        return LocalFile(Path(), self.name(number), f"/{self.files.files[number].key}")

    def local(self, number: int) -> LocalFile:
        """Return a file on this machine: in place, or a download that is kept until `forget`.

        Args:
            number: The file's number.

        """
        if number not in self._here:
            self._here[number] = self._brought(self.files.files[number])
        return replace(self.described(number), path=self._here[number])

    def forget(self, number: int) -> None:
        """Delete the download of a file, if there is one.

        Args:
            number: The file's number.

        """
        path = self._here.pop(number, None)
        if path is not None and self.files.place is None:
            path.unlink(missing_ok=True)

    def read(self, number: int, start: int, stop: int) -> bytes:
        """Return bytes of a file.

        Args:
            number: The file's number.
            start: The first byte.
            stop: The byte after the last one.

        Raises:
            UserErrorException: The file is shorter now.

        """
        known = self._here.get(number) if self.files.place is None else self.files.place(self.files.files[number])
        if known is not None:
            with known.open("rb") as file:
                file.seek(start)
                data = file.read(stop - start)
        elif self.files.store is not None:
            data = self.files.store.read_range(self.files.files[number].key, start, stop - start)
        else:
            data = b""
        if len(data) < stop - start:
            raise UserErrorException(f"{self.name(number)} has become shorter than it was", remedy="run the step again")
        return data

    def stream(self, number: int) -> io.RawIOBase:
        """Return a file that is read in places.

        Args:
            number: The file's number.

        """
        return _Stream(self, number)

    def size(self, number: int) -> int:
        """Return the size of a file in bytes.

        Args:
            number: The file's number.

        """
        return self.files.files[number].size

    def _brought(self, file: Found) -> Path:
        if self.files.place is not None:
            return self.files.place(file)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="runner-")
        return replace(self.files, files=(file,)).copy(Path(self._folder.name))[0]


class _Stream(io.RawIOBase):
    """A file that is read in places."""

    def __init__(self, files: TableFiles, number: int) -> None:
        super().__init__()
        self._files = files
        self._number = number
        self._size = files.size(number)
        self._place = 0

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    @override
    def tell(self) -> int:
        return self._place

    @override
    def read(self, size: int = -1, /) -> bytes:
        stop = self._size if size < 0 else min(self._size, self._place + size)
        data = self._files.read(self._number, self._place, stop) if stop > self._place else b""
        self._place += len(data)
        return data

    @override
    def readall(self) -> bytes:
        return self.read()
