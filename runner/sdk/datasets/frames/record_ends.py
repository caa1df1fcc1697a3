"""The places at which delimited text can be cut: behind whole records (standard library only).

A line break in quotes belongs to a value, so a cut needs to know every quote before it. The rules are those of pandas'
C parser, which reads the parts: a quote opens a value only where a field begins, and a lone carriage return ends a
record too.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Union

from ....dataclass import dataclass

Text = Union[bytes, mmap.mmap]
_BOM = b"\xef\xbb\xbf"


def without_mark(text: bytes) -> bytes:
    """Return text without the byte order mark of UTF-8 at its beginning, which pandas leaves out too.

    Args:
        text: The text.

    """
    return text[len(_BOM) :] if text.startswith(_BOM) else text


@contextmanager
def bytes_of(path: Path) -> Iterator[Text]:
    """Yield a file's bytes without reading it into memory.

    Args:
        path: The file.

    """
    with path.open("rb") as file:
        if not path.stat().st_size:  # an empty file cannot be mapped
            yield b""
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped


@dataclass(frozen=True)
class Records:
    """The records of delimited text, or the lines of text without quotes."""

    separator: str
    """One ASCII character; empty: quotes have no meaning, every line is a record."""

    def end_after(self, text: Text, start: int, target: int) -> int:
        """Return the end of the record that holds the byte before a place.

        Args:
            text: The text.
            start: Where a record begins, before `target`.
            target: The place.

        """
        while True:
            end = self._line_end(text, max(start, target - 1))
            quote = text.find(b'"', start, end) if self.separator else -1
            if quote < 0:
                return end
            start = max(start, text.rfind(b"\n", start, quote) + 1)
            start = self.end_of_record(text, start)
            if start >= min(target, len(text)):
                return start

    def end_of_record(self, text: Text, start: int) -> int:
        """Return the end of one record, its line break included.

        Args:
            text: The text.
            start: Where the record begins.

        """
        if not self.separator:
            return self._line_end(text, start)
        skipped = start + len(_BOM) if start == 0 and text[: len(_BOM)] == _BOM else start
        found = _record(self.separator).match(text, skipped)
        return found.end() if found is not None else len(text)

    def cuts(self, text: Text, start: int, first: int, size: int) -> Iterator[tuple[int, int]]:
        """Yield the ends of parts of whole records, one after another to the end of the text.

        Args:
            text: The text.
            start: Where the first record begins.
            first: The least bytes of the first part.
            size: The least bytes of every other part but the last one.

        """
        wanted = first
        while start < len(text):
            target = start + wanted
            end = self.end_after(text, start, target) if target < len(text) else len(text)
            yield start, end
            start, wanted = end, size

    @staticmethod
    def _line_end(text: Text, start: int) -> int:
        found = text.find(b"\n", start)
        return found + 1 if found >= 0 else len(text)


@lru_cache(maxsize=8)
def _record(separator: str) -> re.Pattern[bytes]:
    cut = re.escape(separator.encode())
    quoted = rb'"[^"]*(?:""[^"]*)*(?:"[^' + cut + rb"\r\n]*)?"
    plain = rb'[^"' + cut + rb"\r\n][^" + cut + rb"\r\n]*"
    field = rb"(?:" + quoted + rb"|" + plain + rb")?"
    return re.compile(field + rb"(?:" + cut + field + rb")*(?:\r\n|\r|\n|\Z)")
