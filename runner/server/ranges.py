"""The header ``Range`` of one part of a file (pure).

https://www.rfc-editor.org/rfc/rfc9110#section-14.2: a server may ignore the header, and it must ignore what it does
not understand. Several ranges in one request are ignored here: the answer is the whole.
"""

from __future__ import annotations

import re

from ..dataclass import dataclass
from .problems import Refusal

_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.ASCII | re.IGNORECASE)
_DIGITS = 18


@dataclass(frozen=True)
class Span:
    """Bytes of a file."""

    start: int
    end: int
    """The place after the last byte."""

    @property
    def length(self) -> int:
        """The number of bytes."""
        return self.end - self.start


def requested(header: str, size: int) -> Span | None:
    """Return the part that a client asks for.

    Args:
        header: The value of the header; empty: there was none.
        size: Bytes of the file.

    Returns:
        The part; None: the whole is meant.

    Raises:
        Refusal: 416: there is no such part.

    """
    found = _RANGE.fullmatch(header.strip())
    if found is None:
        return None
    first, last = found.groups()
    if (
        not (first or last)
        or len(first) > _DIGITS
        or len(last) > _DIGITS
        or (first and last and int(last) < int(first))
    ):
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if start >= size or (not first and not int(last)):
        headers = {"Content-Range": f"bytes */{size}"}
        raise Refusal(416, f"there is no such part: there are {size} bytes", "ask for less", headers=headers)
    return Span(start, end)
