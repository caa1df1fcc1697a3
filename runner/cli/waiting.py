"""The runs that a pipeline file waits for itself, as ``runner run`` shows them meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from ..errors import RunnerError
from ..operations.values import RunView
from ..sdk.base.session import Session
from ..sdk.runs.waiting import Shown
from .background_logs import BackgroundLogs
from .board import counts
from .output import show, show_all
from .paint import Paint
from .progress import name_width
from .showing import LiveBoard
from .terminal import Terminal
from .transfer_notes import TransferNotes


class WaitDisplay:
    """Shows each awaited run as a board on a terminal; elsewhere v1's lines stay.

    Args:
        terminal: The terminal; None: standard output is none.
        logs: What prints the output of steps; None: nobody wants it.

    """

    def __init__(self, terminal: Terminal | None, logs: BackgroundLogs | None) -> None:
        self._terminal = terminal
        self._logs = logs

    @contextmanager
    def __call__(self, session: Session, run: str) -> Iterator[Shown]:
        """Show a run while the block is open.

        Args:
            session: The session of the run.
            run: The run's id.

        Yields:
            What the waiting call prints itself.

        """
        followed = self._logs is not None and self._followed(self._logs, session, run)
        try:
            if self._terminal is None:
                yield Shown(log=not followed, update=_ignored if followed else _Notes(session))
            else:
                with _board(session, run) as shown:
                    yield Shown(statuses=False, log=not followed, update=shown)
        finally:
            if self._logs:
                self._logs.catch_up(run)

    @staticmethod
    def _followed(logs: BackgroundLogs, session: Session, run: str) -> bool:
        """Follow the output of a run; return False for one that had ended before anyone followed it."""
        if not logs.follows(run):
            with suppress(RunnerError):  # the waiting call asks again
                if session.view(run).state.over:
                    return False
            logs.begin(run, session.store)
        return True


def _ignored(_view: RunView) -> None:
    """Print nothing: the output of steps has the lines about their transfers."""


class _Notes:
    """Prints lines about long transfers beside v1's own."""

    def __init__(self, session: Session) -> None:
        self._notes = TransferNotes(session.store)

    def __call__(self, view: RunView) -> None:
        show_all(self._notes.lines(view, Paint(), name_width(view.plan)))


class _Board:
    def __init__(self, session: Session) -> None:
        self.shown = LiveBoard(session.store, sys.stdout)
        self.view: RunView | None = None

    def __call__(self, view: RunView) -> None:
        self.view = view
        self.shown.update(view, ())


@contextmanager
def _board(session: Session, run: str) -> Iterator[_Board]:
    """Show a board, and leave a line in its place."""
    made = _Board(session)
    try:
        yield made
    finally:
        made.shown.close()
        if made.view is not None:
            told = counts(made.view, datetime.now(timezone.utc))
            show(f"run {run}: {made.view.state.status.value}, {told}")
