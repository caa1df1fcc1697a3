"""Parts of a log by their places, with whole lines where possible (pure).

A place is the number of bytes before it in the log of one worker of one attempt. It never changes, since logs only
grow. The windows of a log, each from the end of the one before, are the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ..dataclass import dataclass
from .shown_files.reading import whole_characters

BYTES = 1 << 18
"""The most bytes of a window."""
LINES = 1000
"""The most lines of a window."""
SHOWN = 4000
"""The most characters of a line that are shown."""
SEARCHED = 32 << 20
"""The most bytes that one search reads."""
MATCHES = 100
"""The most places that one search finds."""
_BLOCK = 1 << 20
_LONGEST = 200
"""The most bytes of a text that is searched for."""
_AROUND = 100
"""Bytes that are shown on each side of a found text."""

Read = Callable[[int, int], bytes]
"""Returns the bytes from a place to before another one."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line of a log, or a part of a long one."""

    at: int
    """The place of its first byte."""
    data: bytes
    """Its bytes, with the end of the line."""
    begins: bool = True
    """False: it is the rest of a line that begins before the window."""

    @property
    def ends(self) -> bool:
        """False: the line goes on behind the window, or is not complete yet."""
        return self.data.endswith(b"\n")

    @property
    def text(self) -> str:
        """The text, at most `SHOWN` characters."""
        return self.data[: 4 * SHOWN].decode(errors="replace").rstrip("\r\n")[:SHOWN]

    @property
    def hidden(self) -> int:
        """Bytes of it that `text` does not have; 0: none."""
        if len(self.data) <= SHOWN:
            return 0
        return max(0, len(self.data.rstrip(b"\r\n")) - len(self.text.encode()))


@dataclass(frozen=True, kw_only=True)
class LogWindow:
    """A part of a log."""

    start: int
    end: int
    """The place behind it, at which the next window begins."""
    size: int
    """Bytes of the log as it was."""
    lines: tuple[LogLine, ...]


@dataclass(frozen=True, kw_only=True)
class LogMatch:
    """A place at which a text was found."""

    at: int
    """The place of the text."""
    before: str
    found: str
    after: str


@dataclass(frozen=True, kw_only=True)
class LogSearch:
    """The result of a search."""

    matches: tuple[LogMatch, ...]
    start: int
    end: int
    """The place up to which the log was searched."""
    size: int

    @property
    def complete(self) -> bool:
        """True if the rest of the log was searched."""
        return self.end >= self.size


def window(read: Read, size: int, start: int, lines: int = LINES) -> LogWindow:
    """Return the window at a place.

    Args:
        read: Reads a part of the log.
        size: Bytes of the log.
        start: The place; behind the end, it counts as the end.
        lines: The most lines.

    """
    at = min(max(0, start), size)
    begun = read(max(0, at - 1), min(size, at + BYTES))
    before, data = (begun[:1], begun[1:]) if at else (b"\n", begun)
    end = at + _end(data, lines, complete=at + len(data) >= size)
    found = tuple(_lines(data[: end - at], at, begins=before == b"\n"))
    return LogWindow(start=at, end=end, size=size, lines=found)


def start_before(read: Read, end: int, lines: int = LINES) -> int:
    """Return the place at which the window before a place begins.

    Args:
        read: Reads a part of the log.
        end: The place.
        lines: The most lines.

    """
    least = max(0, end - BYTES)
    data = read(least, end)
    at = len(data) - data.endswith(b"\n")
    for _ in range(lines):
        at = data.rfind(b"\n", 0, at)
        if at < 0:
            break
    else:
        return least + at + 1
    if not least:
        return 0
    first = data.find(b"\n") + 1
    return least + first if 0 < first < len(data) else least


def start_of_line(read: Read, at: int) -> int:
    """Return the place at which the line of a place begins; of a long line, one not far before the place.

    Args:
        read: Reads a part of the log.
        at: The place.

    """
    least = max(0, at - SHOWN)
    found = read(least, at).rfind(b"\n")
    return least + found + 1


def search(read: Read, size: int, text: str, start: int) -> LogSearch:
    """Search a part of a log for a text. Upper and lower case of ASCII letters are the same.

    Args:
        read: Reads a part of the log.
        size: Bytes of the log.
        text: The text; bytes behind the first 200 do not count.
        start: The place at which the search begins.

    """
    wanted = text.encode(errors="replace")[:_LONGEST]
    rule = re.compile(re.escape(wanted), re.IGNORECASE)
    first = at = min(max(0, start), size)
    stop = min(size, first + SEARCHED)
    found: list[LogMatch] = []
    while at < stop and wanted:
        data = read(at, min(stop, at + _BLOCK))
        begins = 0
        while (one := rule.search(data, begins)) is not None:
            found.append(_match(data, at, one))
            begins = one.end()
            if len(found) == MATCHES:
                return LogSearch(matches=tuple(found), start=first, end=at + begins, size=size)
        end = at + len(data)
        if end >= stop:
            return LogSearch(matches=tuple(found), start=first, end=stop, size=size)
        at = max(end - len(wanted) + 1, at + begins, at + 1)  # a text may lie across two blocks
    return LogSearch(matches=tuple(found), start=first, end=stop, size=size)


def _match(data: bytes, at: int, one: re.Match[bytes]) -> LogMatch:
    line = data.rfind(b"\n", 0, one.start()) + 1
    end = data.find(b"\n", one.end())
    before = data[max(line, one.start() - _AROUND) : one.start()]
    after = data[one.end() : min(end if end >= 0 else len(data), one.end() + _AROUND)]
    return LogMatch(
        at=at + one.start(),
        before=before.decode(errors="replace"),
        found=one[0].decode(errors="replace"),
        after=after.decode(errors="replace").rstrip("\r"),
    )


def _end(data: bytes, lines: int, *, complete: bool) -> int:
    """Return the number of bytes of a window: of whole lines, unless one is longer than it or the log ends."""
    at = 0
    for _ in range(lines):
        found = data.find(b"\n", at) + 1
        if not found:
            break
        at = found
    else:
        return at
    if complete:
        return len(data)
    return at or whole_characters(data) or len(data)


def _lines(data: bytes, at: int, *, begins: bool) -> Iterator[LogLine]:
    for part in data.splitlines(keepends=True) if b"\r" not in data else _split(data):
        yield LogLine(at=at, data=part, begins=begins)
        at += len(part)
        begins = True


def _split(data: bytes) -> Iterator[bytes]:
    """Yield the lines; carriage returns inside of a line, which progress bars write, do not end it."""
    start = 0
    while start < len(data):
        end = data.find(b"\n", start) + 1 or len(data)
        yield data[start:end]
        start = end
