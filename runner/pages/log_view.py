"""The window of a log as a page shows it (pure)."""

from __future__ import annotations

from ..dataclass import dataclass
from ..operations.log_windows import LogWindow
from .ansi import PLAIN, Span, spans


@dataclass(frozen=True, kw_only=True)
class ShownLine:
    """A line as spans of text."""

    at: int
    number: int
    """The number of the line in the log, from 1; 0: unknown."""
    begins: bool
    ends: bool
    hidden: int
    """Bytes of it that are not shown; 0: none."""
    spans: tuple[Span, ...]

    @property
    def document(self) -> dict[str, object]:
        """The line as the script of the page reads it."""
        return {"at": self.at, "ends": self.ends, "hidden": self.hidden, "spans": [list(span) for span in self.spans]}


def shown_lines(window: LogWindow, first: int = 0) -> tuple[ShownLine, ...]:
    """Return the lines of a window. A colour goes on until it ends, or the window does.

    Args:
        window: The window.
        first: The number of its first line, from 1. Default: 0, unknown.

    """
    style, number = PLAIN, first
    found: list[ShownLine] = []
    for line in window.lines:
        texts, style = spans(line.text, style)
        shown = ShownLine(
            at=line.at, number=number, begins=line.begins, ends=line.ends, hidden=line.hidden, spans=texts
        )
        found.append(shown)
        number += 1 if number and line.ends else 0
    return tuple(found)


def next_place(window: LogWindow, *, over: bool) -> int:
    """Return the place at which a reader that follows the log goes on: before a line that is not complete.

    Args:
        window: The newest window.
        over: True if nothing follows in the log.

    """
    last = window.lines[-1] if window.lines else None
    if last is None or last.ends or over or window.end < window.size or last.at == window.start:
        return window.end
    return last.at
