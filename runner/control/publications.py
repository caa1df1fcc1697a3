"""Outputs on their way to the places named for them: copied beside the ticks; no success is told before."""

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
"""Puts outputs where they belong; what is told then: the success itself, or a failure."""
Ask = Callable[[Callable[[], tuple[e.Event, ...]]], tuple[e.Event, ...]]
"""Calls it, or tells nothing when that failed for a while only."""
_QUICK = 0.05
"""Seconds in which outputs are published that have not far to go."""


class Publications:
    """Publishes the outputs of each step once, while ticks go on."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Mapping[str, DataRef], Future[e.Event]]] = {}

    def __bool__(self) -> bool:
        """Whether any is on its way."""
        return bool(self._running)

    def begin(self, plan: Plan, events: tuple[e.Event, ...], pool: Executor, publish: Publish) -> None:
        """Publish what the successes among `events` ask for, unless that goes on already."""
        begun = [future for event in events for future in self._begun(plan, event, pool, publish)]
        if begun:
            wait(begun, timeout=_QUICK)

    def told(self, event: e.Event, ask: Ask) -> e.Event | None:
        """What is told of an event now; None: its outputs are still on their way, and the event comes again."""
        if not isinstance(event, Delivery) or event.key not in self._running:
            return event
        outputs, future = self._running[event.key]
        if not future.done():
            return None
        del self._running[event.key]
        told = ask(partial(_result, future))
        # Others, when an equal step's have vanished meanwhile and this one has run: they are published next.
        return told[0] if told and outputs == event.outputs else None

    def _begun(self, plan: Plan, event: e.Event, pool: Executor, publish: Publish) -> Iterator[Future[e.Event]]:
        if isinstance(event, Delivery) and event.key not in self._running:
            wanted = to_publish(plan.by_key[event.key])
            if wanted:
                begun = pool.submit(publish, wanted, event)
                self._running[event.key] = (event.outputs, begun)
                yield begun


def _result(future: Future[e.Event]) -> tuple[e.Event, ...]:
    return (future.result(),)
