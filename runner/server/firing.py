"""A thread that fires schedules while the server runs. On a cluster CronJobs do it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread

from ..errors import RunnerError
from ..model.schedule import ScheduleRecord
from ..operations.published.firing import Host, Looks, fire_all
from ..override import override
from .metrics import Metrics

PAUSE = 5.0
"""Seconds between two looks at the schedules."""
log = logging.getLogger("runner.schedules")


class ScheduleThread(Thread):
    """Looks at the schedules every few seconds until it is stopped.

    Several servers may do so at once: one occurrence of a schedule makes one run.
    """

    def __init__(self, opened: Callable[[], Host], metrics: Metrics, pause: float = PAUSE) -> None:
        """Remember the workspace.

        Args:
            opened: Opens the workspace: again after every error, since its connections may be the cause.
            metrics: Counts runs and errors.
            pause: Seconds between two looks.

        """
        super().__init__(name="schedules", daemon=True)
        self._opened = opened
        self._metrics = metrics
        self._pause = pause
        self._stopping = Event()
        self._told: frozenset[str] = frozenset()
        """The errors of the last look."""
        self._errors: set[str] = set()
        """The errors of this look."""

    @override
    def run(self) -> None:
        """Fire schedules until `stop` is called."""
        host: Host | None = None
        looks = Looks()
        while not self._stopping.is_set():
            try:
                host = host or self._opened()
                for record, firing in fire_all(host, looks, self._report):
                    self._metrics.schedule_runs.inc()
                    log.info("schedule '%s' (%s): %s, run %s", record.name, record.id, firing.state.value, firing.run)
            except RunnerError as error:
                host = None
                self._failed(str(error))
            except Exception:  # a fault here must not end the schedules for good
                host = None
                self._metrics.schedule_errors.inc()
                log.exception("the schedules could not be fired")
            self._told, self._errors = frozenset(self._errors), set()
            self._stopping.wait(self._pause)

    def stop(self, seconds: float) -> None:
        """End the thread after the look that it is at.

        Args:
            seconds: The longest wait for it.

        """
        self._stopping.set()
        self.join(seconds)

    def _report(self, record: ScheduleRecord, error: RunnerError) -> None:
        self._failed(f"schedule '{record.name}' ({record.id}): {error}")

    def _failed(self, what: str) -> None:
        self._metrics.schedule_errors.inc()
        known = what in self._told or what in self._errors
        self._errors.add(what)
        if not known:  # once, not every few seconds
            log.error("%s", what)
