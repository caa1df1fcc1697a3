"""Showing a run while it goes on: as lines that are added, or as a screen that is redrawn."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Protocol, TextIO

from ..model.events import JournalEntry
from ..model.printable import escape, escape_uncoloured, log_line
from ..operations.report import display_names
from ..operations.search_progress import Bests, BestTrial
from ..operations.tail import LogTail
from ..operations.values import RunView
from .board import Screen, board, counts
from .output import show, show_all
from .paint import Paint, is_terminal, paint_for
from .progress import lines_of, name_width

if TYPE_CHECKING:
    from rich.live import Live

_LOG_PAUSE = 0.5
"""Seconds between two looks for new output."""
_FRAMES = 4
"""Per second."""


class Show(Protocol):
    """Something that a run is shown on."""

    def update(self, view: RunView, entries: Sequence[JournalEntry], /) -> None:
        """The run is now like this, and these entries are new."""

    def notify(self, line: str, /) -> None:
        """Tell what is in no entry."""

    def close(self) -> None:
        """Nothing more comes."""


class Lines:
    """A line per change of state: for pipes, files and old terminals."""

    def __init__(self, stream: TextIO, logs: LogTail | None = None) -> None:
        self._stream = stream
        self._paint = paint_for(stream)
        self._logs = LogLines(logs, self._paint) if logs else None
        self._width: int | None = None

    def update(self, view: RunView, entries: Sequence[JournalEntry]) -> None:
        """Print what is new."""
        show_all(self._logs.lines(view, entries) if self._logs else (), self._stream)
        if self._width is None:
            self._width = name_width(view.plan)
            if view.state.number > len(entries):  # a long journal is taken up at its snapshot
                show(counts(view, datetime.now(timezone.utc)), stream=self._stream)
        for entry in entries:
            show_all(lines_of(entry, view.plan, self._paint, self._width), self._stream)

    def notify(self, line: str) -> None:
        """Print it."""
        show(self._paint(line, "yellow"), stream=self._stream)

    def close(self) -> None:
        """Lines stay."""


class LiveBoard:
    """A table of the steps that is redrawn in place, and gone at the end."""

    def __init__(self, paint: Paint, logs: LogTail | None = None, bests: Bests | None = None) -> None:
        self._paint = paint
        self._logs = LogLines(logs, paint) if logs else None
        self._bests = bests
        self._best: Mapping[str, BestTrial] = {}
        self._view: RunView | None = None
        self._live: Live | None = None

    def update(self, view: RunView, entries: Sequence[JournalEntry], /) -> None:
        """Show it from the next frame on."""
        self._view = view
        self._best = self._bests.look(view) if self._bests else {}
        if self._live is None:
            self._live = self._opened()
        for line in self._logs.lines(view, entries) if self._logs else ():
            self.notify(line)

    def notify(self, line: str, /) -> None:
        """Print it above the table."""
        from rich.text import Text

        if self._live is not None:
            self._live.console.print(Text.from_ansi(escape_uncoloured(line)), soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()

    def _opened(self) -> Live:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(highlight=False, no_color=not self._paint.on)

        def frame() -> Text:
            screen = Screen(console.width, console.height)
            now = datetime.now(timezone.utc)
            lines = board(self._view, now, screen, self._paint, self._best) if self._view else []
            return Text.from_ansi("\n".join(map(escape_uncoloured, lines)), no_wrap=True, overflow="ellipsis")

        live = Live(console=console, get_renderable=frame, refresh_per_second=_FRAMES, transient=True)
        live.start(refresh=True)
        return live


class LogLines:
    """New output as lines with their step's name, looked for not too often."""

    def __init__(self, tail: LogTail, paint: Paint, *, pause: float = _LOG_PAUSE) -> None:
        self._tail = tail
        self._paint = paint
        self._pause = pause
        self._looked = 0.0
        self._ready: list[str] = []

    def lines(self, view: RunView, entries: Sequence[JournalEntry]) -> list[str]:
        """Return the lines that are new. When the store fails meanwhile, the next call returns what was read."""
        self._tail.hear(entries)
        now = time.monotonic()
        if now - self._looked < self._pause and not view.state.over:
            return []
        self._looked = now
        names = display_names(view.plan)
        for key, line in self._tail.lines(view):
            self._ready.append(f"{self._paint(f'{escape(names[key])} │', 'dim')} {log_line(line)}")
        found, self._ready = self._ready, []
        return found


def show_on(stream: TextIO, logs: LogTail | None = None, bests: Bests | None = None) -> Show:
    """The live table on a terminal, with the best trials of searches; else lines."""
    if stream is sys.stdout and is_terminal(stream):
        return LiveBoard(paint_for(stream), logs, bests)
    return Lines(stream, logs)
