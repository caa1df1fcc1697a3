"""Environments on their way: made beside the ticks, and told of while it takes."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from ..model import events as e
from ..model.plan import Plan
from ..ports import Clock, EnvironmentStore
from .actions import Prepare
from .causes import PASSING, UNEXPECTED, words_of

PACE = 5.0
"""Seconds between two lines that are told of one environment while it is being made."""
_QUICK = 0.05
"""Seconds in which an environment that need not be made is found."""
_WIDEST = 120
"""Characters of a line."""
_LOGIN = re.compile(r"://[^/\s@]+@")
"""The name and password in a package index's address: what is told goes into the journal."""

Say = Callable[[str], None]
Make = Callable[[Say], e.Event]
"""Finds or makes one; what it says, be it nothing, tells that it has to be made."""


@dataclass
class _Making:
    """One environment on its way; the thread that makes it sets `line`."""

    result: Future[e.Event] | None = None
    line: str | None = None
    """What was said of it last; None: it is looked for, and may be there."""
    told: str | None = None
    at: float = 0.0
    """When something of it was told last (monotonic)."""

    def hear(self, line: str) -> None:
        """Keep one line of whoever makes it."""
        shown = _LOGIN.sub("://***@", " ".join(line.split()))
        if shown or self.line is None:
            self.line = shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"

    @property
    def over(self) -> bool:
        return self.result is not None and self.result.done()


class Preparations:
    """Makes environments, each once, while ticks go on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._making: dict[Prepare, _Making] = {}

    def __bool__(self) -> bool:
        """Whether any is on its way."""
        return bool(self._making)

    def begin(self, action: Prepare, pool: Executor, make: Make) -> None:
        """Find or make one, unless that goes on already."""
        if action in self._making:
            return
        making = self._making[action] = _Making()
        making.result = pool.submit(make, making.hear)
        # What is there already is told in this very tick.
        wait([making.result], timeout=_QUICK)

    def news(self) -> Iterator[e.EnvironmentMaking]:
        """What is new of those that are being made, not too often."""
        now = self._clock.monotonic()
        for action, making in self._making.items():
            line = making.line
            if line is None or making.over or line == making.told:
                continue
            if making.told is None or now - making.at >= PACE:
                making.told, making.at = line, now
                yield e.EnvironmentMaking(action.environment, action.target, line)

    def ended(self) -> list[Future[e.Event]]:
        """How those ended that are on their way no longer, each told once."""
        over = {action: making.result for action, making in self._making.items() if making.over and making.result}
        for action in over:
            del self._making[action]
        return list(over.values())


def find_or_make(
    plan: Plan, action: Prepare, hear: Say, *, stores: Mapping[str, EnvironmentStore], say: Say
) -> e.Event:
    """The environment's end. Of one that has to be made is told to `say`, and to `hear` without its name.

    Raises StoreUnreachable, TargetUnreachable.
    """
    begun = time.monotonic()
    try:
        environment, store = plan.environments[action.environment], stores[action.target]
        found = store.find(environment)
        if found is None:
            hear("")
        reference = found or store.ensure(environment, _both(say, hear, environment.name))
    except PASSING:
        raise
    except UNEXPECTED as error:
        return e.EnvironmentLost(action.environment, action.target, words_of(error))
    took = round(time.monotonic() - begun, 3)
    return e.EnvironmentReady(action.environment, action.target, reference, found is None, took)


def _both(say: Say, hear: Say, name: str) -> Say:
    def both(line: str) -> None:
        say(line)
        hear(line.removeprefix(f"environment {name!r}: "))

    return both
