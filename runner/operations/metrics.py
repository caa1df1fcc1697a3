"""The metrics that a step's script has logged, read from the store."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..model.task import TaskId
from ..ports import ObjectStore

FILE = "metrics.jsonl"


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str
    kind: str
    """One of ``scalar``, ``list``, ``row``, ``table``, ``image`` …"""
    value: object
    """The newest value."""
    count: int
    """The number of logged values."""


def metrics_of(store: ObjectStore, task: TaskId) -> tuple[Metric, ...]:
    """Return the metrics of an attempt in the order in which their names first appeared."""
    try:
        data = store.get(task.reports + FILE)
    except ObjectMissing:
        return ()
    return gather(data.decode(errors="replace").splitlines())


def gather(lines: Iterable[str]) -> tuple[Metric, ...]:
    """Return metrics by name. An incomplete line is ignored: the script was killed while it wrote it."""
    found: dict[str, Metric] = {}
    for line in lines:
        report = named_report(line)
        if report is None:
            continue
        name = str(report["name"])
        before = found[name].count if name in found else 0
        found[name] = Metric(name, str(report.get("kind", "scalar")), report.get("value"), before + 1)
    return tuple(found.values())


def named_report(line: str) -> dict[str, object] | None:
    """Return a line of the file as a document; None for an incomplete one: the script was killed while it wrote it."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) and "name" in report else None
