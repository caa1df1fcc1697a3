"""Uploads that take longer than two seconds: a line on the board of a terminal, else a line now and then."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from ..data.transfers import uploads
from ..data.transfers.count import TransferCount
from .formatting import clip
from .output import show
from .paint import is_terminal, paint_for
from .showing import terminal_of

_TICK = 0.25
"""Seconds between two looks at the clock."""


@contextmanager
def shown_uploads(stream: TextIO) -> Iterator[None]:
    """Show the uploads of the block.

    Args:
        stream: Where to. Only standard output has a board, if it is a terminal.

    """
    board = stream is sys.stdout and is_terminal(stream)

    @contextmanager
    def show_one(count: TransferCount) -> Iterator[None]:
        over = threading.Event()
        show_it = _on_board if board else _as_lines
        thread = threading.Thread(target=show_it, args=(count, stream, over), name="upload", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    uploads.show_by(show_one)
    try:
        yield
    finally:
        uploads.show_by(None)


def _as_lines(count: TransferCount, stream: TextIO, over: threading.Event) -> None:
    while not over.wait(_TICK):
        if news := count.due():
            show(news.words, stream=stream)
    if last := count.last():
        show(last.words, stream=stream)


def _on_board(count: TransferCount, stream: TextIO, over: threading.Event) -> None:
    while count.due() is None:
        if over.wait(_TICK):
            return
    terminal, leave = terminal_of(stream)
    paint, owner = paint_for(stream), object()
    try:
        terminal.show_board(
            owner, count.phase, lambda screen: [paint(clip(f"  {count.now().words}", screen.width), "dim")]
        )
        over.wait()
    finally:
        terminal.remove(owner)
        leave()
