"""Standard output or standard error of a terminal that has boards at its bottom."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TextIO

from ..model.printable import last_overwrite

_PATIENCE = 0.2
"""Seconds after which the beginning of a line is drawn."""


class PrintAbove(Protocol):
    """Prints lines above the boards, if there are any."""

    def __call__(self, lines: Sequence[str], /, *, trusted: bool = False) -> bool:
        """Return False if there is no board; nothing was printed then."""


class TerminalStream:
    """Writes as the stream itself does while there is no board, and above the boards otherwise.

    There a line appears once it is complete; the beginning of one is drawn above the boards until then.

    Args:
        stream: The stream.
        print_above: Prints lines above the boards.
        alone: Opens a block in which no board appears.

    """

    def __init__(
        self, stream: TextIO, print_above: PrintAbove, alone: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._stream = stream
        self._print_above = print_above
        self._alone = alone
        self._begun = ""
        """The beginning of a line that was written while there were boards."""
        self._at = 0.0
        self._in_line = False
        """True if the stream itself ends within a line."""

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)

    @property
    def buffer(self) -> _Bytes:
        """The stream for bytes."""
        return _Bytes(self)

    def write(self, text: str) -> int:
        """Write text.

        Args:
            text: The text.

        Returns:
            The number of characters.

        Raises:
            TypeError: It is no text.

        """
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._alone():
            *lines, rest = (self._begun + text).split("\n")
            if self._print_above(lines, trusted=True):
                self._begun, self._at = last_overwrite(rest) if "\r" in rest else rest, time.monotonic()
            else:
                self._stream.write(text)
                self._in_line = self._in_line if not text else not text.endswith("\n")
        return len(text)

    def write_through(self, text: str) -> None:
        """Write text, and nothing of it is kept back.

        Args:
            text: The text.

        """
        self.write(text)
        self.flush()

    def write_bytes(self, data: bytes) -> None:
        """Write bytes: above boards as text.

        Args:
            data: The bytes.

        """
        with self._alone():
            if self._print_above(()):
                self.write(data.decode(errors="replace"))
            else:
                self._stream.flush()
                self._stream.buffer.write(data)
                self._in_line = self._in_line if not data else not data.endswith(b"\n")

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several texts.

        Args:
            lines: The texts.

        """
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Write what the stream itself keeps back."""
        self._stream.flush()

    def end_line(self) -> None:
        """End a line that was begun, as a board comes below it."""
        if self._in_line:
            self._stream.write("\n")
            self._in_line = False
        self._stream.flush()

    def write_rest(self) -> None:
        """Write the beginning of a line after the last board is gone."""
        if self._begun:
            self._stream.write(self._begun)
            self._in_line, self._begun = True, ""
        self._stream.flush()

    def begun_line(self) -> list[str]:
        """Return the beginning of a line as a list of one; empty: there is none that has to wait for its end.

        `print` itself writes a line in two pieces.
        """
        return [self._begun] if self._begun and time.monotonic() - self._at >= _PATIENCE else []


class _Bytes:
    """The bytes of a stream."""

    def __init__(self, stream: TerminalStream) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream._stream.buffer, name)  # noqa: SLF001 - the two are one

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._stream.write_bytes(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Write what the stream itself keeps back."""
        self._stream.flush()
