"""The progress of a copy as a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..data.transfers.count import TransferCount
from ..data.transfers.progress import SILENT, Progress
from ..override import override
from .formatting import many
from .output import warn
from .paint import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


@contextmanager
def shown_progress(*, shown: bool) -> Iterator[Progress]:
    """Yield a progress that draws a bar on standard error, if that is a terminal; the bar disappears at the end.

    Elsewhere a copy that takes longer than two seconds has a line on standard error now and then.

    Args:
        shown: False: draw nothing.

    """
    if not shown:
        yield SILENT
        return
    if not is_terminal(sys.stderr):
        plain = _Plain(phase="copy")
        yield plain
        plain.end()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        yield _Drawn(bar)


class _Plain(TransferCount):
    """Prints the news that are due whenever something has been moved."""

    @override
    def moved(self, size: int) -> None:
        super().moved(size)
        if news := self.due():
            warn(news.words)

    def end(self) -> None:
        """Print the end, if there was a line before."""
        if last := self.last():
            warn(last.words)


class _Drawn(Progress):
    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("comparing", total=None)
        self._left = 0

    @override
    def begin(self, files: int, size: int) -> None:
        self._left = files
        self._bar.update(self._task, total=size, description=f"{many(files, 'file')} left")

    @override
    def moved(self, size: int) -> None:
        self._bar.advance(self._task, size)

    @override
    def completed(self) -> None:
        self._left -= 1
        self._bar.update(self._task, description=f"{many(self._left, 'file')} left")
