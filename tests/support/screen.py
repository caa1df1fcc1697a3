"""A terminal in memory: what a person would see of the output of a command."""

from __future__ import annotations

import io

import pyte
import pytest

from runner.override import override


class ScreenStream(io.StringIO):
    """A stream that is a terminal."""

    @override
    def isatty(self) -> bool:
        return True


def use_size(monkeypatch: pytest.MonkeyPatch, columns: int, lines: int) -> None:
    """Let terminals have this size."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("LINES", str(lines))


class Screen:
    """A terminal that is fed with what a program writes.

    Args:
        columns, lines: Its size.

    """

    def __init__(self, columns: int = 80, lines: int = 24) -> None:
        self.screen = pyte.HistoryScreen(columns, lines, history=10_000)
        self._stream = pyte.Stream(self.screen)

    def feed(self, text: str) -> Screen:
        """Show what a program has written; line feeds return the cursor, as the kernel sees to."""
        self._stream.feed(text.replace("\n", "\r\n"))
        return self

    def feed_raw(self, text: str) -> Screen:
        """Show what a terminal device has sent."""
        self._stream.feed(text)
        return self

    @property
    def text(self) -> str:
        """All lines as one text."""
        return "\n".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """All lines, those that have left the screen as well; none after the last text."""
        above = ["".join(line[at].data for at in range(self.screen.columns)) for line in self.screen.history.top]
        found = [line.rstrip() for line in (*above, *self.screen.display)]
        while found and not found[-1]:
            found.pop()
        return found

    @property
    def cursor_hidden(self) -> bool:
        """True if the cursor is not shown."""
        return bool(self.screen.cursor.hidden)
