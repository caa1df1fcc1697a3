"""A command on a terminal of its own, as a person would see it."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .projects import Project
from .screen import Screen


@dataclass
class PtyRun:
    """A command of a project that has begun on a terminal."""

    process: subprocess.Popen[bytes]
    terminal: int
    screen: Screen
    _decoder: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8"))

    def see(self, what: Callable[[Screen], bool], seconds: float = 60.0) -> Screen:
        """Return the screen once it is so. Raise AssertionError with what is seen instead."""
        deadline = time.monotonic() + seconds
        while not what(self.screen):
            if not self._read() or time.monotonic() > deadline:
                raise AssertionError("not seen; the screen is:\n" + "\n".join(self.screen.lines))
        return self.screen

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.terminal, text.encode())

    def end(self) -> tuple[int, Screen]:
        """Wait for the end; the exit code and the last screen."""
        while self._read():
            pass
        return self.process.wait(30), self.screen

    def _read(self) -> bool:
        if not select.select([self.terminal], [], [], 60)[0]:
            return False
        try:
            data = os.read(self.terminal, 65536)
        except OSError:  # as Linux tells the end
            return False
        self.screen.feed_raw(self._decoder.decode(data))
        return bool(data)


def on_pty(project: Project, *arguments: str, columns: int = 100, lines: int = 30) -> PtyRun:
    """Start a command of a project on a terminal of this size."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environ = {name: value for name, value in project.environment.items() if name not in {"COLUMNS", "LINES"}}

    def own_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [sys.executable, *project.entry, *arguments],
        cwd=project.folder,
        env={**environ, "TERM": "xterm-256color"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=own_terminal,  # noqa: PLW1509 - no thread holds a lock here
    )
    os.close(theirs)
    return PtyRun(process, ours, Screen(columns, lines))
