"""Aligned columns (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from ..dataclass import dataclass
from .formatting import clip
from .paint import Paint

_GAP = 2
_NARROWEST = 8
"""Columns that the last cell keeps, however narrow the screen."""


@dataclass(frozen=True)
class Cell:
    """A text and its style."""

    text: str
    style: str = ""
    right: bool = False
    """Aligned to the right, as numbers are."""


Row = Sequence[Cell]


def table(rows: Sequence[Row], paint: Paint, *, indent: int = 2, width: int = 0) -> list[str]:
    """One line per row, columns aligned; lines longer than `width` are cut in their last cell (0: never)."""
    if not rows:
        return []
    count = max(len(row) for row in rows)
    widths = [max((len(row[at].text) for row in rows if at < len(row)), default=0) for at in range(count)]
    shown = [at for at in range(count) if widths[at]]
    return [_line(row, [at for at in shown if at < len(row)], widths, paint, indent, width) for row in rows]


def _line(row: Row, shown: list[int], widths: list[int], paint: Paint, indent: int, width: int) -> str:
    pieces: list[str] = []
    used = indent
    for place, at in enumerate(shown):
        cell, last = row[at], place == len(shown) - 1
        text = cell.text
        if last and width:
            text = clip(text, max(width - used, _NARROWEST))
        pad = " " * (widths[at] - len(text))
        painted = paint(text, cell.style)
        pieces.append(pad + painted if cell.right else painted if last else painted + pad)
        used += widths[at] + _GAP
    return (" " * indent + (" " * _GAP).join(pieces)).rstrip()
