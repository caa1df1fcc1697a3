"""The output of steps while the pipeline file itself goes on: ``runner run --logs`` shows it as it comes."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass, field
from typing import TextIO

from ..errors import RunnerError
from ..operations.follow import follower_of
from ..operations.store_retries import until_answered
from ..operations.tail import LogTail
from ..wiring import OpenWorkspace
from .output import show, show_all
from .paint import paint_for
from .showing import LogLines

_PAUSE = 0.5
"""Seconds between two looks."""


@dataclass(kw_only=True)
class BackgroundLogs:
    """Prints what the steps of each submitted run print, from a thread per run, until `end`."""

    session: OpenWorkspace
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    tails: dict[str, LogTail] = field(default_factory=dict)
    """The position in each run's output: a later viewer goes on from there."""
    _ended: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, run: str) -> None:
        """Print the output of the run's steps from now on."""
        tail = self.tails[run] = LogTail(store=self.session.store)
        thread = threading.Thread(target=self._print, args=(run, tail), name=f"logs-{run}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def end(self) -> None:
        """Stop printing; returns when no thread prints any more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _print(self, run: str, tail: LogTail) -> None:
        try:
            self._follow(run, tail)
        except RunnerError as error:
            if not self._ended.is_set():
                show(f"the output of run {run} is not shown any more: {error}", stream=self.stream)

    def _follow(self, run: str, tail: LogTail) -> None:
        lines = LogLines(tail, paint_for(self.stream), pause=0.0)
        follower = follower_of(self.session.store, run)

        def report(line: str) -> None:
            show(line, stream=self.stream)

        def look() -> list[str]:
            fresh = follower.advance()  # before its view is read
            return lines.lines(follower.view, fresh)

        while not self._ended.is_set() and not follower.view.state.over:
            show_all(until_answered(look, report, give_up=self._ended.is_set, sleep=self._sleep), self.stream)
            self._sleep(_PAUSE)

    def _sleep(self, seconds: float) -> None:
        self._ended.wait(seconds)
