"""Output that passes by Python's streams: of child processes, and of libraries in other languages.

While boards are shown, descriptors 1 and 2 are a pseudo-terminal. What is written there is read and printed above the
boards; on the terminal itself it would be drawn over.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import struct
import termios
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

_READ = 1 << 16
"""Bytes that are read at once."""
_PATIENCE = 1.0
"""Seconds to wait for output that is on its way at the end."""


class TerminalCapture:
    """Descriptors in whose place there is a pseudo-terminal, from `begin` to `end`.

    Child processes that were started meanwhile keep theirs: it is read until the last of them has ended.

    Args:
        descriptors: The descriptors, which are the same terminal.
        write: Shows text, from a thread.

    """

    def __init__(self, descriptors: Sequence[int], write: Callable[[str], object]) -> None:
        self._descriptors = tuple(descriptors)
        self._write = write
        self._kept: dict[int, int] = {}
        self._master = -1
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Put a pseudo-terminal in the place of the descriptors. Where the system has none, nothing is captured."""
        with suppress(OSError, termios.error):
            master, slave = os.openpty()
            _pass_unchanged(slave)
            self._kept = {number: os.dup(number) for number in self._descriptors}
            self._master = master
            self.follow_size()
            for number in self._descriptors:
                os.dup2(slave, number)
            os.close(slave)
            self._thread = threading.Thread(target=self._read, args=(master,), name="output", daemon=True)
            self._thread.start()

    def follow_size(self) -> None:
        """Give the pseudo-terminal the size of the terminal."""
        with suppress(OSError):
            for kept in self._kept.values():
                size = os.get_terminal_size(kept)
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))

    def end(self) -> None:
        """Give the descriptors back. What children write later is shown as well, by the same thread."""
        for number, kept in self._kept.items():
            os.dup2(kept, number)
            os.close(kept)
        self._kept = {}

    def drain(self) -> None:
        """Wait for output that is on its way; not for children that go on."""
        if self._thread is not None:
            self._thread.join(_PATIENCE)

    def _read(self, master: int) -> None:
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        with suppress(OSError):  # EIO, as Linux tells that nobody has it open any more
            while data := os.read(master, _READ):
                self._write(decode(data))
        os.close(master)


def _pass_unchanged(slave: int) -> None:
    """Let line feeds be line feeds, and echo nothing."""
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    attributes[3] &= ~termios.ECHO
    termios.tcsetattr(slave, termios.TCSANOW, attributes)


def same_terminal(first: int, others: Sequence[int]) -> list[int]:
    """Return the descriptors that are the same terminal as the first, with it; none if that is no terminal.

    Args:
        first: A descriptor.
        others: Other ones.

    """
    with suppress(OSError):
        name = os.ttyname(first)
        return [first, *(other for other in others if _name(other) == name)]
    return []


def _name(descriptor: int) -> str:
    try:
        return os.ttyname(descriptor)
    except OSError:
        return ""
