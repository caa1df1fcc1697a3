"""Lines about the transfers of running steps, for pipes and files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timezone

from ..data.transfers.count import state_of
from ..errors import StoreError
from ..model.status import StepStatus
from ..operations.last_lines import LastLines
from ..operations.report import display_names
from ..operations.values import RunView
from ..ports import ObjectStore
from .paint import Paint
from .progress import line_of

_PAUSE = 5.0
"""Seconds between two looks; each is a request or two for each running step."""
_MOST = 8
"""Steps that are looked at."""


class TransferNotes:
    """Looks now and then at what running steps have written last, and tells what is about long transfers."""

    def __init__(self, store: ObjectStore, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at nothing yet.

        Args:
            store: The workspace store.
            clock: Returns seconds.

        """
        self._lines = LastLines(store=store)
        self._clock = clock
        self._looked = clock()
        self._told: dict[str, str] = {}

    def lines(self, view: RunView, paint: Paint, width: int) -> Iterator[str]:
        """Yield a line for each transfer with news. A store that is away has none.

        Args:
            view: The run.
            paint: Colours.
            width: The columns of the names.

        """
        now = self._clock()
        if now - self._looked < _PAUSE or view.state.over:
            return
        self._looked = now
        running = [key for key, step in view.state.steps.items() if step.status is StepStatus.RUNNING][:_MOST]
        with suppress(StoreError):
            names, at = display_names(view.plan), datetime.now(timezone.utc)
            for key, line in self._lines.look(view, running).items():
                state = state_of(line)
                if state is not None and not state.over and self._told.get(key) != line:
                    self._told[key] = line
                    yield line_of(at, names[key], "staging", state.words, paint, width)
