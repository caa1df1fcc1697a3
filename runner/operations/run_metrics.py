"""The metrics of a run as a whole, and all values of one metric of a step."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..ports import ObjectStore
from ..runs.records import shown_attempt
from .metrics import BYTES, FILE, Metric, gather, lines_backwards
from .values import RunView

MOST = 10_000
"""The most values that are returned."""


@dataclass(frozen=True)
class MetricValue:
    """One value of a metric."""

    value: object
    time: object
    """The time at which the script logged it, as it wrote it; None: unknown."""
    step: object
    """The number that the script gave with the value; None: none."""


def of_run(store: ObjectStore, run: str) -> tuple[Metric, ...]:
    """Return the metrics that were logged for a run as a whole (v1's ``run.parent.log``).

    Args:
        store: The workspace store.
        run: The run's id.

    """
    return gather(lines_of_run(store, run))


def lines_of_run(store: ObjectStore, run: str) -> list[str]:
    """Return the lines that were logged for a run as a whole, oldest first: the newest ones, if they are very many.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    chunks = tuple(store.list(f"runs/{run}/annotations/{FILE}/"))  # their names begin with times
    sums = accumulate(info.size for info in reversed(chunks))
    count = sum(1 for size in sums if size <= BYTES) or 1
    lines = [line for info in chunks[-count:] for line in _text(store, info.key).splitlines()]
    return sorted(lines, key=_written)


def values(store: ObjectStore, view: RunView, key: str, name: str) -> tuple[MetricValue, ...]:
    """Return the last values of one metric of a step, oldest first.

    Args:
        store: The workspace store.
        view: The run.
        key: The step's key.
        name: The metric's name.

    """
    task = shown_attempt(store, view.state, key)
    newest = list(islice(_values(lines_backwards(store, task), name), MOST)) if task else []
    return tuple(reversed(newest))


def _values(lines: Iterable[str], name: str) -> Iterator[MetricValue]:
    for line in lines:
        report = _parsed(line)
        if report.get("name") == name:
            yield MetricValue(report.get("value"), report.get("time"), report.get("step"))


def _text(store: ObjectStore, key: str) -> str:
    try:
        return store.get(key).decode(errors="replace")
    except ObjectMissing:
        return ""


def _written(line: str) -> int:
    at = _parsed(line).get("at")
    return at if isinstance(at, int) else 0


def _parsed(line: str) -> dict[str, object]:
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):  # the script was killed while it wrote it
        return {}
    return report if isinstance(report, dict) else {}
