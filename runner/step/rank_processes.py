"""The processes of a worker's ranks: all are started, and when one fails the others are ended."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..dataclass import dataclass, field
from .gang_work import Events, Outcome, WorkEnded, failed
from .rank_layout import Gang, Rank
from .rank_output import FOLDER, RankOutput, print_bytes

GRACE = 5.0
"""Seconds between SIGTERM and SIGKILL for the ranks that a failed one leaves."""


@dataclass(kw_only=True)
class RankProcesses:
    """The ranks of a worker as its child processes; an implementation of `gang_work.Work`."""

    gang: Gang
    command: Sequence[str]
    variables: Callable[[Rank], Mapping[str, str]]
    events: Events[Any]
    show: Callable[[bytes], None] = print_bytes
    _running: dict[Rank, subprocess.Popen[bytes]] = field(default_factory=dict)
    _outputs: dict[Rank, RankOutput] = field(default_factory=dict)
    _ends: queue.Queue[tuple[Rank, int]] = field(default_factory=queue.Queue)
    _stopping: bool = False

    def start(self) -> None:
        """Start all of them."""
        try:
            for rank in self.gang.here:
                self._start(rank)
        except OSError as error:
            self.stop(0.0)
            reason = f"the command cannot be started: {error}"
            self.events.put(WorkEnded(Outcome(code=127, reason=reason)))
            return
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self, grace: float) -> None:
        """End those that are left; see `gang_work.Work`."""
        self._stopping = True
        left = [process for process in self._running.values() if process.poll() is None]
        end_all(left, grace)
        for output in self._outputs.values():
            output.close()

    def _start(self, rank: Rank) -> None:
        process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.variables(rank)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that all that it starts can be ended with it
        )
        self._running[rank] = process
        output = self._outputs[rank] = RankOutput(mark=rank.mark.encode(), file=FOLDER / rank.file, show=self.show)
        if process.stdout is not None:
            output.follow(process.stdout)
        threading.Thread(target=lambda: self._ends.put((rank, process.wait())), daemon=True).start()

    def _watch(self) -> None:
        """Wait until all ranks have succeeded, or one process has failed, or the whole is stopped."""
        left = {rank for rank in self._running if not rank.server}
        while left:
            rank, code = self._ends.get()
            if self._stopping:
                return
            if code == 0 and not rank.server:
                left.discard(rank)
                continue
            self._outputs[rank].close()
            outcome = failed(self.gang.label(rank), code, self._outputs[rank].last.text)
            if rank.server and code == 0:
                outcome = Outcome(code=1, reason=f"{self.gang.label(rank)} ended before the ranks that need it")
            self.stop(GRACE)
            self.events.put(WorkEnded(outcome))
            return
        for rank, output in self._outputs.items():
            if not rank.server:
                output.close()
        self.events.put(WorkEnded(Outcome(code=0)))


def end_all(processes: Sequence[subprocess.Popen[bytes]], grace: float) -> None:
    """End processes that lead a session each, with all that is in their groups.

    Args:
        processes: The processes.
        grace: Seconds between SIGTERM and SIGKILL; 0: SIGKILL at once.

    """
    deadline = time.monotonic() + grace
    if grace:
        for process in processes:
            _signal(process, signal.SIGTERM)
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
    for process in processes:
        _signal(process, signal.SIGKILL)  # also to what an ended one has left in its group
        process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
