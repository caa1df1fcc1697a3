"""Uploads of a client, told to whoever shows them: nobody, unless a command has set something."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Callable, ContextManager, Iterator

from . import wire
from .count import TransferCount
from .progress import SILENT, Progress

Show = Callable[[TransferCount], ContextManager[None]]
"""Shows an upload while the block is open."""
_LEAST = 1 << 20
"""Bytes of an upload that may take long."""
_shows: list[Show] = []


def show_by(show: Show | None) -> None:
    """Set how uploads are shown.

    Args:
        show: The way. None: not at all, which is the default.

    """
    _shows[:] = [] if show is None else [show]


@contextmanager
def shown(what: str, files: int, size: int) -> Iterator[Progress]:
    """Show an upload while the block is open, if somebody wants to see it.

    Args:
        what: Words for it, such as ``upload of src``.
        files: The number of files.
        size: Their bytes.

    Yields:
        What the upload reports complete files to. Bytes on their way are counted without that.

    """
    if not _shows or size < _LEAST:
        yield SILENT
        return
    count = TransferCount(phase=what)
    count.begin(files, size)
    with wire.heard(count.carried, incoming=False), _shows[0](count):
        yield count
