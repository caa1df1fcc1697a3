"""What a step's script has logged, as it lies in the store."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..model.document import Document
from ..model.task import TaskId
from ..ports import ObjectStore

FILE = "metrics.jsonl"


@dataclass(frozen=True)
class Metric:
    """One name and what was logged under it."""

    name: str
    kind: str
    """``scalar``, ``list``, ``row``, ``table``, ``image`` …"""
    value: object
    """The newest."""
    count: int
    """How often it was logged."""


def metrics_of(store: ObjectStore, task: TaskId) -> tuple[Metric, ...]:
    """The attempt's metrics in the order in which their names first appeared."""
    try:
        data = store.get(task.reports + FILE)
    except ObjectMissing:
        return ()
    return gather(data.decode(errors="replace").splitlines())


def gather(lines: Iterable[str]) -> tuple[Metric, ...]:
    """Metrics by name; a line that is not whole (the script was killed) is left out."""
    found: dict[str, Metric] = {}
    for line in lines:
        report = _parse(line)
        if report is None:
            continue
        name = str(report["name"])
        before = found[name].count if name in found else 0
        found[name] = Metric(name, str(report.get("kind", "scalar")), report.get("value"), before + 1)
    return tuple(found.values())


def _parse(line: str) -> Document:
    try:
        report = json.loads(line)
    except ValueError:
        return None
    return report if isinstance(report, dict) and "name" in report else None
