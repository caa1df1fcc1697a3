"""Lines of the step's log about calls without a time limit: it must not be silent while they hang."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from .children import Child

LONG = 60.0
"""Seconds after which the log names such a call, and between two such lines."""


class SlowCalls:
    """Remembers when the log has named slow calls.

    Args:
        now: The time in seconds.

    """

    def __init__(self, now: float) -> None:
        self.told = now

    def lines(self, children: Sequence[Child], running: Callable[[int], int | None], now: float) -> Iterator[str]:
        """Yield a line if ``init()`` or the reading of a batch takes long, but not within `LONG` of the line before.

        Args:
            children: The processes.
            running: Returns the batch that a process has; None: it has none.
            now: The time in seconds, as in `Child.began`.
        """
        if now - self.told < LONG:
            return
        slow = [child for child in children if child.pid and now - child.began >= LONG]
        starting = [now - child.began for child in slow if not child.ready]
        if starting:
            where = f"{len(starting)} of {len(children)} processes"
            yield f"init() has not ended in {where} for {max(starting):.0f} s; it has no time limit"
        batches = ((child, running(child.index)) for child in slow if child.ready)
        reading = [
            (now - child.began, child, batch) for child, batch in batches if batch not in {None, child.opened[0]}
        ]
        if reading:
            seconds, child, batch = max(reading, key=lambda one: one[0])
            where = f"{len(reading)} of {len(children)} processes"
            yield f"{where} read a batch for long: {child.name} reads batch {batch} for {seconds:.0f} s"
        if starting or reading:
            self.told = now
