"""Colour, where there is a terminal to show it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TextIO

from ..dataclass import dataclass

_CODES: Mapping[str, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
"""Select Graphic Rendition (ECMA-48, 8.3.117)."""


@dataclass(frozen=True)
class Paint:
    """Writes text in a style, or leaves it plain."""

    on: bool = False

    def __call__(self, text: str, style: str) -> str:
        """`text` in `style`: words of `_CODES` with spaces between; empty: as it is."""
        if not self.on or not style or not text:
            return text
        codes = ";".join(_CODES[word] for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"


def is_terminal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Return True if `stream` is a terminal that can move its cursor."""
    return stream.isatty() and environ.get("TERM", "dumb") != "dumb"


def paint_for(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Paint:
    """Colours on a terminal only, and none where ``NO_COLOR`` is set (https://no-color.org)."""
    return Paint(is_terminal(stream, environ) and not environ.get("NO_COLOR"))
