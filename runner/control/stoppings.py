"""Attempts that are being stopped: a process may take its whole grace to end, and no other step waits for that."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, wait

from ..model.task import TaskId
from .actions import Stop

_QUICK = 0.05
"""Seconds in which an attempt is stopped that does not resist."""


class Stoppings:
    """Stops attempts, each once at a time, while ticks go on."""

    def __init__(self, at_once: int) -> None:
        """`at_once`: how many stops the pool does beside one another."""
        self._at_once = at_once
        self._running: dict[TaskId, tuple[Stop, Future[None]]] = {}

    def __bool__(self) -> bool:
        """Whether any is being stopped."""
        return bool(self._running)

    def begin(
        self, actions: list[Stop], pool: Executor, stop: Callable[[Stop], None], *, tell: Callable[[Stop], None]
    ) -> None:
        """Stop them, but for those of which that goes on already; `tell` has one end without waiting for it."""
        new = [action for action in actions if action.task not in self._running]
        if len(self._running) + len(new) > self._at_once:
            # They have their grace together, not one after the other. Who could not be told is told by its stop.
            for action in new:
                pool.submit(tell, action)
        begun = {action.task: (action, pool.submit(stop, action)) for action in new}
        self._running.update(begun)
        if begun:
            wait([future for _, future in begun.values()], timeout=_QUICK)

    def ended(self) -> list[tuple[Stop, Future[None]]]:
        """Those that are stopped now, or could not be, each told once."""
        over = {task: one for task, one in self._running.items() if one[1].done()}
        for task in over:
            del self._running[task]
        return list(over.values())
