"""Pages of delimited files, by ranges of bytes: a file of any size costs the page alone (pure)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from ...dataclass import dataclass
from .values import READ, FileKind, Place, Preview

ROWS = 100
"""The most rows of a page."""
COLUMNS = 100
"""The most columns that are shown."""
CELL = 300
"""The most characters of a cell that are shown."""
_HEAD = 1 << 14
"""Bytes in which the first line usually ends."""
_TEXT = 1 << 18
"""The most characters of a page."""
_SCANNED = 20 * ROWS
"""The most lines of a page, empty ones included."""
_DELIMITERS = ",;\t|"
Read = Callable[[int, int], bytes]
"""Returns a part of the file: from a place, at most so many bytes."""


@dataclass(frozen=True)
class _Record:
    """One record of a file: its bytes, and the place behind it."""

    data: bytes
    end: int
    whole: bool
    quoted: bool = False
    """Of a record that is cut: True if the cut is inside a quoted cell."""


def page(name: str, size: int, read: Read, place: Place, delimiter: str = "") -> Preview:
    """Return a page of rows. The first line of the file has the names of the columns.

    Args:
        name: The file's name.
        size: Bytes of the file.
        read: Reads a part of it.
        place: The place at which the page begins; `Place()`: behind the first line.
        delimiter: The character between two cells. Default: empty, found in the first line.

    """
    head = _first(read(0, _HEAD), size)
    if not head.whole:
        head = _first(read(0, READ), size)
    separator = delimiter or _delimiter(head.data)
    names = _cells(head.data, separator)
    notes = [] if head.whole else [f"The first line is longer than {READ >> 20} MiB: the rows begin inside of it."]
    behind = Place(head.end, 0, head.quoted)
    start = place if place.at > 0 else behind
    rows, following, more = _rows(read(start.at, READ), start, size, separator)
    if more:
        notes.append(more)
    most = max(len(names), *(len(row) for row in rows), 0)
    if most > COLUMNS:
        notes.append(f"Columns 1 to {COLUMNS} of {most:,} are shown.")
    if any(len(cell) > CELL for row in (names, *rows) for cell in row[:COLUMNS]):
        notes.append(f"Cells of more than {CELL} characters are cut.")
    return Preview(
        kind=FileKind.TABLE,
        name=name,
        bytes=size,
        columns=_shown(names),
        rows=tuple(_shown(row) for row in rows),
        first_row=start.row,
        total_rows=start.row + len(rows) if following is None else None,
        total_columns=most,
        notes=tuple(notes),
        place=place,
        following=following,
    )


def _rows(data: bytes, start: Place, size: int, separator: str) -> tuple[list[list[str]], Place | None, str]:
    """Return the rows of a page, the place of the next one, and what is cut in words."""
    rows: list[list[str]] = []
    at, characters = start.at, 0
    for scanned, record in enumerate(_records(data, start.at, size, quoted=start.quoted), 1):
        if not record.whole and rows:
            break  # the next page begins with it
        row = _cells(b'"' + record.data if start.quoted and not rows else record.data, separator)
        characters += sum(min(len(cell), CELL) for cell in row[:COLUMNS])
        if rows and characters > _TEXT:
            break
        if record.data.strip(b"\r\n") or not record.whole:
            rows.append(row)
        at = record.end
        if not record.whole:
            note = f"Row {start.row + 1:,} is longer than {READ >> 20} MiB: its rest is on the next page."
            return rows, Place(at, start.row, record.quoted), note
        if len(rows) == ROWS or scanned == _SCANNED:
            break
    return rows, Place(at, start.row + len(rows)) if at < size else None, ""


def _first(data: bytes, size: int) -> _Record:
    return next(_records(data, 0, size), _Record(b"", 0, whole=True))


def _records(data: bytes, at: int, size: int, *, quoted: bool = False) -> Iterator[_Record]:
    """Yield the records in a part of a file that begins at a place; line ends in quoted cells do not end a record."""
    start = line = 0
    while start < len(data):
        end = data.find(b"\n", line) + 1
        is_last = not end
        end = end or len(data)
        quoted ^= data.count(b'"', line, end) % 2 == 1
        line = end
        if is_last and at + len(data) < size:
            yield _Record(data[start:], at + len(data), whole=False, quoted=quoted)
            return
        if not quoted or end == len(data):
            whole = not quoted or at + end >= size
            yield _Record(data[start:end], at + end, whole=whole, quoted=quoted)
            start = end


def _delimiter(head: bytes) -> str:
    """Return the delimiter that occurs most often in the first line, outside of quotes."""
    unquoted = b"".join(head.split(b'"')[::2]).decode(errors="replace")
    return max(_DELIMITERS, key=unquoted.count)


def _cells(data: bytes, separator: str) -> list[str]:
    text = data.removeprefix(b"\xef\xbb\xbf").decode(errors="replace").rstrip("\r\n")
    if not text:
        return []
    csv.field_size_limit(2 * READ)  # a field of the longest part that is ever read
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:  # an old Python refuses NUL
        return text.split(separator)


def _shown(cells: list[str]) -> tuple[str, ...]:
    return tuple(cell if len(cell) <= CELL else f"{cell[:CELL]}…" for cell in cells[:COLUMNS])
