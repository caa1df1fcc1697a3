"""Controllers that could not be started when their run was submitted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain, repeat
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .context import Workspaces

PAUSES = (5.0, 15.0, 60.0)
log = logging.getLogger("runner.server")


class LateStarts:
    """Starts controllers again that could not be started: their callers were told that the run is submitted.

    A run that this process forgets when it ends stays in the store: ``runner resume`` drives it.
    """

    def __init__(self, pauses: Sequence[float] = PAUSES) -> None:
        """Set the pace.

        Args:
            pauses: Seconds before the first try and between the next ones; the last one repeats.

        """
        self._pauses = pauses
        self._runs: dict[str, None] = {}
        self._lock = Lock()
        self._working = False

    def add(self, run: str, workspaces: Workspaces, stopping: Event) -> None:
        """Start a controller for a run later.

        Args:
            run: The run, which is submitted.
            workspaces: The open workspaces.
            stopping: Set when the server ends.

        """
        with self._lock:
            self._runs[run] = None
            if self._working:
                return
            self._working = True
        Thread(target=self._work, args=(workspaces, stopping), name="late-starts", daemon=True).start()

    def _work(self, workspaces: Workspaces, stopping: Event) -> None:
        for pause in chain(self._pauses, repeat(self._pauses[-1])):
            if stopping.wait(pause):
                return
            for run in list(self._runs):
                try:
                    with workspaces.borrow() as workspace:
                        workspace.see_to_controller(run)
                except Exception as error:  # noqa: BLE001 - whatever it is, the next try may work
                    log.warning("run %s has no controller yet: %s", run, error)
                else:
                    log.info("run %s has a controller now", run)
                    self._runs.pop(run, None)
            with self._lock:
                self._working = bool(self._runs)
                if not self._working:
                    return
