"""The metrics of a run as a whole, and all values of one metric of a step."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..ports import ObjectStore
from ..runs.records import shown_attempt
from .metrics import FILE, Metric, gather
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
    """Return the lines that were logged for a run as a whole, oldest first.

    Args:
        store: The workspace store.
        run: The run's id.

    """
    chunks = store.list(f"runs/{run}/annotations/{FILE}/")
    lines = [line for info in chunks for line in _text(store, info.key).splitlines()]
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
    found = list(_values(_text(store, task.reports + FILE), name)) if task else []
    return tuple(found[-MOST:])


def _values(text: str, name: str) -> Iterator[MetricValue]:
    for line in text.splitlines():
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
