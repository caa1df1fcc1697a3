"""Showing a run while it goes on: as lines that are added, or as a screen that is redrawn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timezone
from typing import Protocol, TextIO

from ..data.transfers.count import state_of
from ..model.events import JournalEntry
from ..model.printable import escape, log_line
from ..operations.report import display_names
from ..operations.tail import LogTail
from ..operations.values import RunView
from ..ports import ObjectStore
from .board import Screen, board, counts, steps_on
from .board_looks import BoardLooks
from .output import show, show_all
from .paint import Paint, is_terminal, paint_for
from .progress import lines_of, name_width
from .terminal import Terminal
from .transfer_notes import TransferNotes

_LOG_PAUSE = 0.5
"""Seconds between two looks for new output."""


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

    def __init__(self, stream: TextIO, store: ObjectStore, logs: LogTail | None = None) -> None:
        self._stream = stream
        self._paint = paint_for(stream)
        self._transfers = None if logs else TransferNotes(store)
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
        if self._transfers:
            show_all(self._transfers.lines(view, self._paint, self._width), self._stream)

    def notify(self, line: str) -> None:
        """Print it."""
        show(self._paint(line, "yellow"), stream=self._stream)

    def close(self) -> None:
        """Lines stay."""


class LiveBoard:
    """A table of the steps that is redrawn in place, and gone at the end."""

    def __init__(self, store: ObjectStore, stream: TextIO, logs: LogTail | None = None) -> None:
        self._paint = paint_for(stream)
        self._logs = LogLines(logs, self._paint) if logs else None
        self._view: RunView | None = None
        self._terminal, self._leave = terminal_of(stream)
        self._looks = BoardLooks(store)

    def update(self, view: RunView, entries: Sequence[JournalEntry], /) -> None:
        """Show it from the next frame on."""
        first, self._view = self._view is None, view
        self._looks.begin(view, steps_on(view, self._terminal.screen))
        if first:
            self._terminal.show_board(self, view.state.run, self._frame)
        for line in self._logs.lines(view, entries) if self._logs else ():
            self.notify(line)

    def notify(self, line: str, /) -> None:
        """Print it above the table."""
        self._terminal.print_above([line])

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._looks.end()
        self._terminal.remove(self)
        self._leave()

    def _frame(self, screen: Screen) -> list[str]:
        view, facts = self._view, self._looks.facts
        if view is None:
            return []
        now = datetime.now(timezone.utc)
        return board(replace(view, batches={**view.batches, **facts.batches}), now, screen, self._paint, facts.board)


def terminal_of(stream: TextIO) -> tuple[Terminal, Callable[[], None]]:
    """Return the terminal of the command, else that of a stream, and a function that gives the stream back.

    Args:
        stream: The stream, which is a terminal.

    """
    known = Terminal.in_use()
    if known is not None:
        return known, lambda: None
    stack = ExitStack()
    made = Terminal(stream)
    stack.enter_context(made.in_place())
    return made, stack.close


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
            state = state_of(line)
            shown = escape(state.words) if state else log_line(line)
            self._ready.append(f"{self._paint(f'{escape(names[key])} │', 'dim')} {shown}")
        found, self._ready = self._ready, []
        return found


def show_on(stream: TextIO, store: ObjectStore, logs: LogTail | None = None) -> Show:
    """The live table on a terminal; else lines."""
    if stream is sys.stdout and is_terminal(stream):
        return LiveBoard(store, stream, logs)
    return Lines(stream, store, logs)
