"""The output of the commands: the only module that writes to standard output and standard error.

Names, reasons, log lines and file names come from users' code and from other machines, so control characters in them
are shown as escapes (`model.printable`).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from ..model.printable import escape_lines
from .paint import paint_for


def show(*lines: str, stream: TextIO | None = None) -> None:
    """Print each of `lines` as one line.

    Args:
        lines: Text that may hold anything; colours are kept on a terminal that shows them.
        stream: Where to; default: standard output.
    """
    show_all(lines, stream)


def show_all(lines: Iterable[str], stream: TextIO | None = None) -> None:
    """Print an iterable of lines, as `show` does."""
    out = sys.stdout if stream is None else stream
    for line in escape_lines(lines, colours=paint_for(out).on):
        out.write(f"{line}\n")
    out.flush()


def warn(*lines: str) -> None:
    """Print lines on standard error."""
    show_all(lines, sys.stderr)


def write_exactly(text: str) -> None:
    """Write `text` to standard output as it is: documents for programs, and logs that go to a file.

    Lone surrogates stand for bytes that are not UTF-8 (PEP 383) and are written as these bytes.
    """
    sys.stdout.flush()
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:  # a stand-in for standard output, which takes text only
        sys.stdout.write(text)
    else:
        buffer.write(text.encode(errors="surrogateescape"))
    sys.stdout.flush()
