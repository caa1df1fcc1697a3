"""Build environments beside the ticks, and report their progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from ..model import events as e
from ..model.plan import Plan
from ..model.redaction import redacted
from ..ports import Clock, EnvironmentStore, Notify
from .actions import Prepare
from .error_causes import RETRYABLE, UNEXPECTED, words_of

PACE = 5.0
"""Seconds between two reported lines of one build."""
_QUICK = 0.05
"""Seconds in which an environment that already exists is found."""
_WIDEST = 120
"""Characters of a reported line."""

Make = Callable[[Notify], e.Event]
"""Find or build one environment. A reported line, even an empty one, means that it has to be built."""


@dataclass
class _Making:
    """An environment that is being built; the building thread sets `line`."""

    result: Future[e.Event] | None = None
    line: str | None = None
    """The last reported line; None while it is unknown whether a build is needed."""
    reported: str | None = None
    at: float = 0.0
    """Time (monotonic) of the last reported line."""

    def hear(self, line: str) -> None:
        """Keep one line of the builder's output."""
        shown = redacted(" ".join(line.split()))
        if shown or self.line is None:
            self.line = shown if len(shown) <= _WIDEST else f"{shown[: _WIDEST - 1]}…"

    @property
    def over(self) -> bool:
        return self.result is not None and self.result.done()


class Preparations:
    """Build each environment once, while ticks go on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._making: dict[Prepare, _Making] = {}

    def __bool__(self) -> bool:
        """Return True while an environment is being built."""
        return bool(self._making)

    def begin(self, action: Prepare, pool: Executor, make: Make) -> None:
        """Find or build an environment, unless this is in progress."""
        if action in self._making:
            return
        making = self._making[action] = _Making()
        making.result = pool.submit(make, making.hear)
        # An environment that exists already is reported in the same tick.
        wait([making.result], timeout=_QUICK)

    def news(self) -> Iterator[e.EnvironmentBuilding]:
        """Return the progress of the builds, at most one line per `PACE`."""
        now = self._clock.monotonic()
        for action, making in self._making.items():
            line = making.line
            if line is None or making.over or line == making.reported:
                continue
            if making.reported is None or now - making.at >= PACE:
                making.reported, making.at = line, now
                yield e.EnvironmentBuilding(action.environment, action.target, line)

    def ended(self) -> list[Future[e.Event]]:
        """Return the result of each build that has ended, once."""
        over = {action: making.result for action, making in self._making.items() if making.over and making.result}
        for action in over:
            del self._making[action]
        return list(over.values())


def find_or_make(
    plan: Plan, action: Prepare, hear: Notify, *, stores: Mapping[str, EnvironmentStore], notify: Notify
) -> e.Event:
    """Return the result for one environment. Report progress to `notify`, and to `hear` without the environment's name.

    Raises:
        StoreUnreachable: If the store cannot be reached.
        TargetUnreachable: If the target cannot be reached.
    """
    begun = time.monotonic()
    try:
        environment, store = plan.environments[action.environment], stores[action.target]
        found = store.find(environment)
        if found is None:
            hear("")
        prepared = found or store.ensure(environment, _both(notify, hear, environment.name))
    except RETRYABLE:
        raise
    except UNEXPECTED as error:
        return e.EnvironmentUnavailable(action.environment, action.target, words_of(error))
    took = round(time.monotonic() - begun, 3)
    return e.EnvironmentReady(
        environment=action.environment,
        target=action.target,
        reference=prepared.reference,
        lock=prepared.lock,
        built=found is None,
        seconds=took,
    )


def _both(notify: Notify, hear: Notify, name: str) -> Notify:
    def both(line: str) -> None:
        notify(line)
        hear(line.removeprefix(f"environment {name!r}: "))

    return both
