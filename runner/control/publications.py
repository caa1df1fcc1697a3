"""Copy outputs to their destinations beside the ticks. A step's success is journaled after its copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from functools import partial

from ..model import events as e
from ..model.data import DataRef
from ..model.plan import Plan
from ..model.step import OutputSpec
from .publish import to_publish

Delivery = e.StepSucceeded | e.StepReused
Publish = Callable[[tuple[OutputSpec, ...], Delivery], e.Event]
"""Publish a step's outputs. Returns the step's success, or its failure."""
Ask = Callable[[Callable[[], tuple[e.Event, ...]]], tuple[e.Event, ...]]
"""Call a function. Returns no events if it failed with a temporary error."""
_QUICK = 0.05
"""Seconds in which small outputs are published."""


class Publications:
    """Publish the outputs of each step once, while ticks go on."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Mapping[str, DataRef], Future[e.Event]]] = {}

    def __bool__(self) -> bool:
        """Return True while outputs are being published."""
        return bool(self._running)

    def begin(self, plan: Plan, events: tuple[e.Event, ...], pool: Executor, publish: Publish) -> None:
        """Publish the outputs of the successes among `events`, unless this is in progress."""
        begun = [future for event in events for future in self._begun(plan, event, pool, publish)]
        if begun:
            wait(begun, timeout=_QUICK)

    def reported(self, event: e.Event, ask: Ask) -> e.Event | None:
        """Return the result for an event; None while its outputs are being copied, and the event comes again."""
        if not isinstance(event, Delivery) or event.key not in self._running:
            return event
        outputs, future = self._running[event.key]
        if not future.done():
            return None
        del self._running[event.key]
        reported = ask(partial(_result, future))
        # The outputs of an equal step can vanish meanwhile; the step then runs, and its own outputs are published next.
        return reported[0] if reported and outputs == event.outputs else None

    def _begun(self, plan: Plan, event: e.Event, pool: Executor, publish: Publish) -> Iterator[Future[e.Event]]:
        if isinstance(event, Delivery) and event.key not in self._running:
            wanted = to_publish(plan.by_key[event.key])
            if wanted:
                begun = pool.submit(publish, wanted, event)
                self._running[event.key] = (event.outputs, begun)
                yield begun


def _result(future: Future[e.Event]) -> tuple[e.Event, ...]:
    return (future.result(),)
