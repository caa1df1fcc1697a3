"""The display of a run while its driver waits for it: by v1's lines, or by what the command line has set instead."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Callable, ContextManager, Iterator

from ...dataclass import dataclass, field
from ...operations.values import RunView
from ..base.session import Session


def _ignored(_view: RunView) -> None:
    """Show nothing."""


@dataclass(frozen=True)
class Shown:
    """The lines that a waiting call still prints itself, and the display that it tells of the run."""

    statuses: bool = True
    """It prints v1's lines about changed statuses."""
    log: bool = True
    """It prints the log of the step that it waits for."""
    update: Callable[[RunView], None] = field(default=_ignored)
    """Called with the run whenever it has changed."""


Display = Callable[[Session, str], ContextManager[Shown]]
"""Shows the run of a session, by its id, while the block is open. Any thread may call it, several at once."""

_displays: list[Display] = []


def show_by(display: Display | None) -> None:
    """Set how runs are shown while a driver waits for them.

    Args:
        display: The way. None: by v1's lines, which is the default.

    """
    _displays[:] = [] if display is None else [display]


@contextmanager
def shown(session: Session, run: str, *, wanted: bool) -> Iterator[Shown]:
    """Show a run while the block is open.

    Args:
        session: The session of the run.
        run: The id of the whole run.
        wanted: False: show nothing.

    Yields:
        What the caller prints itself.

    """
    if not wanted:
        yield Shown(statuses=False, log=False)
    elif not _displays:
        yield Shown()
    else:
        with _displays[0](session, run) as found:
            yield found


def report(line: str) -> None:
    """Tell about the waiting itself.

    Args:
        line: A line, for instance about a store that does not answer.

    """
    print(line, file=sys.stderr)
