"""A worker process as its supervisor sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...data.file_tail import tail_of
from .messages import Message, Reader, packed
from .settings import PLACE, Place

FORKS = sys.platform.startswith("linux")
"""True where a process can be copied safely; libraries of macOS cannot."""
MODULE = f"{__package__}.worker_process"
_PIPE = 1 << 20
"""Bytes of a pipe for results: a process need not wait while its supervisor does something else."""
_PAUSE = 0.002
"""Seconds between two looks whether a process has ended."""
_TAIL = 2000
"""Bytes of a process's output that are shown when it has died."""


class Pipes(NamedTuple):
    """The ends of the pipes in a worker process."""

    orders: int
    results: int
    life: int
    """It is closed when the supervisor ends."""

    def close(self) -> None:
        """Close the two that are of this process alone."""
        os.close(self.orders)
        os.close(self.results)


class _Forked:
    """A forked process, with the methods of `subprocess.Popen` that are used here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = _exit_code(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if until is not None and time.monotonic() > until:
                raise subprocess.TimeoutExpired("fork", timeout or 0.0)
            time.sleep(_PAUSE)
        return code


class Child:
    """One worker process, which may be started again after it has ended.

    Args:
        index: Its number among the processes of the supervisor.
        place: The node, the files and the settings of this process.
        life: The descriptor that the supervisor's end closes.
        logs: The folder ``logs/user``.

    """

    def __init__(self, index: int, place: Place, life: int, logs: Path) -> None:
        self.index = index
        self.place = place
        self.began = time.monotonic()
        """The time at which its batch began."""
        self.opened: tuple[int, int] = (-1, -1)
        """The batch for which it calls ``run()``, and the number of its items; -1: it calls nothing."""
        self.ready = False
        """True when its ``init()`` has succeeded."""
        self.starts = 0
        self.out = logs / "stdout" / place.node / f"{place.process}.stdout.txt"
        self.err = Path(place.stderr)
        self._life = life
        self._process: subprocess.Popen[bytes] | _Forked | None = None
        self._orders = -1
        self._unsent = bytearray()
        self.reader = Reader(-1)

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"worker {self.place.node}, {self.place.process}"

    @property
    def pid(self) -> int:
        """The process id; 0: it was not started."""
        return self._process.pid if self._process else 0

    def fork(self) -> Pipes | None:
        """Start the process as a copy of this one, which is quick: our code is loaded already.

        Only before this process starts a thread or loads anything of the user's, and where that is safe (`FORKS`).

        Returns:
            In the new process its pipes; None in this one.
        """
        near, far = self._opened()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._process = _Forked(pid)
            far.close()
            return None
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ[PLACE] = json.dumps(self.place.document)
        with self.out.open("ab") as out, self.err.open("ab") as err:
            os.dup2(out.fileno(), sys.stdout.fileno())
            os.dup2(err.fileno(), sys.stderr.fileno())
        _close_all_but(far, near)
        return far

    def start(self) -> None:
        """Start the process as a new interpreter. Its pipes are open afterwards."""
        _, far = self._opened()
        with self.out.open("ab") as out, self.err.open("ab") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", MODULE, *map(str, far)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                pass_fds=far,
                env={**os.environ, PLACE: json.dumps(self.place.document)},
                start_new_session=True,
            )
        far.close()

    def _opened(self) -> tuple[Pipes, Pipes]:
        """Open the pipes; return our ends and those of the process."""
        self.starts += 1
        self.ready = False
        self.opened = (-1, -1)
        orders, self._orders = os.pipe()
        results, far = os.pipe()
        for descriptor in (self._orders, results):
            _widen(descriptor)
            os.set_blocking(descriptor, False)
        for file in (self.out, self.err, Path(self.place.errors)):
            file.parent.mkdir(parents=True, exist_ok=True)
        self.reader = Reader(results)
        self.began = time.monotonic()
        return Pipes(self._orders, results, -1), Pipes(orders, far, self._life)

    def send(self, batches: Sequence[tuple[int, object, Any]]) -> None:
        """Send batches to the process.

        Args:
            batches: The number, the specification and the partition of each.
        """
        self._unsent += packed({"batches": batches})
        self.flush()

    def ended_batch(self) -> None:
        """Note that a batch has ended: the process reads its next one, also if that is the same."""
        self.began, self.opened = time.monotonic(), (-1, -1)

    def flush(self) -> None:
        """Write what a full pipe did not take before."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # a dead process is noticed by its other pipe
            while self._unsent:
                del self._unsent[: os.write(self._orders, self._unsent)]

    @property
    def is_full(self) -> bool:
        """True if its pipe has not taken all that was sent."""
        return bool(self._unsent)

    def messages(self) -> Iterator[Message]:
        """Yield what the process has sent."""
        return self.reader.read()

    def ended(self) -> int | None:
        """Return the exit code, negative for a signal; None: the process runs."""
        return self._process.poll() if self._process else None

    def awaited(self) -> int:
        """Return the exit code of a process that has closed its pipe; it is killed if it does not end by itself."""
        if self._process is None:
            return 0
        try:
            return self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGKILL)
            return self._process.wait()

    def kill(self) -> None:
        """Kill the process and all that it has started, and wait for its end."""
        if self._process is None:
            return
        self.signal(signal.SIGKILL)
        self._process.wait()
        self.close()

    def signal(self, number: int) -> None:
        """Send a signal to the process and all that it has started.

        Args:
            number: The signal.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def finish(self) -> None:
        """Tell the process that no batch follows: it calls ``shutdown()`` and ends."""
        if self._orders >= 0:
            os.close(self._orders)
            self._orders = -1

    def close(self) -> None:
        """Close the pipes of a process that has ended."""
        self.finish()
        self._unsent.clear()
        if self.reader.descriptor >= 0:
            os.close(self.reader.descriptor)
        self.reader = Reader(-1)
        self.ready = False
        self._process = None

    def last_output(self) -> str:
        """Return the last lines that the process wrote to its error output, else to its output."""
        for file in (self.err, self.out):
            if text := tail_of(file, _TAIL).strip():
                return "\n".join(text.splitlines()[-10:])
        return ""


def _exit_code(status: int) -> int:
    """Return the exit code, negative for a signal (os.waitstatus_to_exitcode is from Python 3.9 on)."""
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _close_all_but(kept: Pipes, most: Pipes) -> None:
    """Close what a forked process has inherited: the pipes of its supervisor and of processes before it."""
    for descriptor in range(3, max(*kept, *most) + 1):
        if descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _widen(descriptor: int) -> None:
    """Make a pipe larger where that is possible (Linux; fcntl(2), F_SETPIPE_SZ)."""
    import fcntl

    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(descriptor, getattr(fcntl, "F_SETPIPE_SZ", 1031), _PIPE)
