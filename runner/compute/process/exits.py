"""Learn that processes have ended without a thread for each: one waits for all (Linux, pidfd_open(2)).

Every hand-over between threads costs a wake-up, which a chain of short steps pays once per step.
Where there are no pidfds (macOS) a thread per process does it.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ...model.task import TaskId

_LOOK = 0.05
"""Seconds between two looks at a process that is not our child, where there are no pidfds."""


@dataclass(frozen=True)
class Watched:
    """One attempt's process."""

    task: TaskId
    pid: int
    process: subprocess.Popen[bytes] | None
    """None if it is no child of this process."""
    alive: Callable[[], bool]
    """Returns True while the id is this process's: the system uses ids again."""


@dataclass(kw_only=True)
class Exits:
    """The processes that are watched, and which of them have ended."""

    _by_descriptor: dict[int, Watched] = field(default_factory=dict)
    _gone: deque[TaskId] = field(default_factory=deque)
    """Attempts whose processes have ended. Threads that replace pidfds add to it as well."""
    _poll: select.poll = field(default_factory=select.poll)
    _bell: tuple[int, int] = field(default_factory=os.pipe)
    _closed: bool = False

    def __post_init__(self) -> None:
        for end in self._bell:
            os.set_blocking(end, False)
        self._poll.register(self._bell[0], select.POLLIN)

    def watch(self, watched: Watched) -> None:
        """Report the process when it ends; report it at once if it has ended already."""
        descriptor = _descriptor(watched.pid)
        if descriptor is None:
            threading.Thread(target=self._wait_for, args=(watched,), daemon=True).start()
            return
        if descriptor < 0 or (watched.process is None and not watched.alive()):
            if descriptor >= 0:
                os.close(descriptor)  # of a process that took over the number
            self._report(watched)
            return
        self._by_descriptor[descriptor] = watched
        self._poll.register(descriptor, select.POLLIN)

    def take(self) -> tuple[TaskId, ...]:
        """Return the attempts whose processes have ended since the last call."""
        self.wait(0)
        gone: list[TaskId] = []
        while self._gone:
            gone.append(self._gone.popleft())
        return tuple(gone)

    def wait(self, seconds: float) -> None:
        """Return when a process has ended or the bell was rung, or after `seconds`."""
        if self._gone:
            return
        for descriptor, _ in self._poll.poll(seconds * 1000):
            if descriptor == self._bell[0]:
                with suppress(BlockingIOError):
                    os.read(descriptor, 4096)
                continue
            watched = self._by_descriptor.pop(descriptor)
            self._poll.unregister(descriptor)
            os.close(descriptor)
            self._reap(watched)
            self._gone.append(watched.task)

    def ring(self) -> None:
        """Make `wait` return."""
        if not self._closed:
            with suppress(BlockingIOError):
                os.write(self._bell[1], b"!")

    def close(self) -> None:
        """Let go of all descriptors; the processes go on."""
        if self._closed:
            return
        self._closed = True
        for descriptor in (*self._by_descriptor, *self._bell):
            os.close(descriptor)

    def _wait_for(self, watched: Watched) -> None:
        if watched.process is not None:
            watched.process.wait()
        while watched.process is None and watched.alive():
            time.sleep(_LOOK)
        self._report(watched)

    def _report(self, watched: Watched) -> None:
        self._reap(watched)
        self._gone.append(watched.task)
        self.ring()

    def _reap(self, watched: Watched) -> None:
        if watched.process is not None:
            watched.process.wait()


def _descriptor(pid: int) -> int | None:
    """A pidfd; -1: there is no such process any more; None: this system has no pidfds."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return -1
    except OSError:  # an older kernel, or a sandbox that refuses the call
        return None
