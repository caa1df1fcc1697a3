"""The output of steps while the pipeline file itself goes on: ``runner run --logs`` shows it as it comes."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TextIO

from ..dataclass import dataclass, field
from ..errors import RunnerError
from ..operations.follow import Follower, follower_of
from ..operations.store_retries import until_answered
from ..operations.tail import LogTail
from ..ports import ObjectStore
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
    _followed: dict[str, _Followed] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, run: str, store: ObjectStore | None = None) -> None:
        """Print the output of the run's steps from now on; nothing changes for a run that is followed already.

        Args:
            run: The run's id.
            store: The store of its workspace; None: that of the session.

        """
        with self._lock:
            if run in self._followed or self._ended.is_set():
                return
            where = store or self.session.store
            tail = self.tails[run] = LogTail(store=where)
            followed = self._followed[run] = _Followed(store=where, run=run, tail=tail, stream=self.stream)
        thread = threading.Thread(target=self._print, args=(followed,), name=f"logs-{run}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def follows(self, run: str) -> bool:
        """Return True if the output of the run is printed, or was until its end.

        Args:
            run: The run's id.

        """
        return run in self._followed

    def catch_up(self, run: str) -> None:
        """Print what the steps of a run have written until now. While the store is away, its thread does it later.

        Args:
            run: The run's id; one that is not followed is ignored.

        """
        followed = self._followed.get(run)
        if followed is not None:
            with suppress(RunnerError):
                followed.look()

    def end(self) -> None:
        """Stop printing; returns when no thread prints any more."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _print(self, followed: _Followed) -> None:
        try:
            while not self._ended.is_set() and not followed.over:
                until_answered(followed.look, self._report, give_up=self._ended.is_set, sleep=self._sleep)
                self._sleep(_PAUSE)
        except RunnerError as error:
            if not self._ended.is_set():
                self._report(f"the output of run {followed.run} is not shown any more: {error}")

    def _report(self, line: str) -> None:
        show(line, stream=self.stream)

    def _sleep(self, seconds: float) -> None:
        self._ended.wait(seconds)


@dataclass(kw_only=True)
class _Followed:
    """One run whose output is printed, by its thread or by a waiting call."""

    store: ObjectStore
    run: str
    tail: LogTail
    stream: TextIO
    over: bool = False
    """True once everything was printed."""
    _lines: LogLines = field(init=False)
    _follower: Follower | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._lines = LogLines(self.tail, paint_for(self.stream), pause=0.0)

    def look(self) -> None:
        """Print what is new. Raises StoreError, BadInput."""
        with self._lock:
            if self._follower is None:
                self._follower = follower_of(self.store, self.run)
            fresh = self._follower.advance()  # before its view is read
            view = self._follower.view
            show_all(self._lines.lines(view, fresh), self.stream)
            self.over = view.state.over
