"""Stop attempts beside the ticks: a process may use its whole grace period, and no other step waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, wait

from ..model.task import TaskId
from .actions import Stop

_QUICK = 0.05
"""Seconds in which a cooperative attempt stops."""


class Stoppings:
    """Stop attempts, each once at a time, while ticks go on."""

    def __init__(self, at_once: int) -> None:
        """Create it. `at_once` is the number of stops that the pool does in parallel."""
        self._at_once = at_once
        self._running: dict[TaskId, tuple[Stop, Future[None]]] = {}

    def __bool__(self) -> bool:
        """Return True while an attempt is being stopped."""
        return bool(self._running)

    def begin(
        self, actions: list[Stop], pool: Executor, stop: Callable[[Stop], None], *, tell: Callable[[Stop], None]
    ) -> None:
        """Stop the attempts that are not being stopped yet. `tell` signals one of them without waiting."""
        new = [action for action in actions if action.task not in self._running]
        if len(self._running) + len(new) > self._at_once:
            # Their grace periods run in parallel. An attempt that could not be signaled is signaled by its stop.
            for action in new:
                pool.submit(tell, action)
        begun = {action.task: (action, pool.submit(stop, action)) for action in new}
        self._running.update(begun)
        if begun:
            wait([future for _, future in begun.values()], timeout=_QUICK)

    def ended(self) -> list[tuple[Stop, Future[None]]]:
        """Return the attempts that have stopped, or could not be stopped, each once."""
        over = {task: one for task, one in self._running.items() if one[1].done()}
        for task in over:
            del self._running[task]
        return list(over.values())
