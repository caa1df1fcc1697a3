"""The values of all metrics of an attempt, within the bound of `metrics`."""

from __future__ import annotations

from collections.abc import Iterable

from ..dataclass import dataclass
from ..model.task import TaskId
from ..ports import ObjectStore
from .metrics import metric_lines, named_report
from .run_metrics import MetricValue

NAMES = 500
"""The most metrics."""


@dataclass(frozen=True, kw_only=True)
class LoggedMetric:
    """One metric with its values, oldest first."""

    name: str
    kind: str
    """One of ``scalar``, ``list``, ``row``, ``table``, ``image`` …"""
    description: str
    values: tuple[MetricValue, ...]


@dataclass(frozen=True, kw_only=True)
class MetricLog:
    """The metrics of an attempt, in the order in which their names first appeared."""

    metrics: tuple[LoggedMetric, ...] = ()
    bytes: int = 0
    """The size of the file of metrics."""
    skipped: int = 0
    """Bytes between its first and its last lines that were not read."""
    more: int = 0
    """Metrics that are left out."""
    etag: str = ""
    """A text that changes with the file; empty: there is none."""


def metric_log(store: ObjectStore, task: TaskId) -> MetricLog:
    """Return the metrics of an attempt.

    Args:
        store: The workspace store.
        task: The attempt.

    """
    found = metric_lines(store, task)
    metrics = by_name(found.lines)
    return MetricLog(
        metrics=metrics[:NAMES],
        bytes=found.bytes,
        skipped=found.skipped,
        more=max(0, len(metrics) - NAMES),
        etag=found.etag,
    )


def by_name(lines: Iterable[str]) -> tuple[LoggedMetric, ...]:
    """Return the metrics in lines of the file of metrics. Lines that are no metric do not count.

    Args:
        lines: The lines.

    """
    values: dict[str, list[MetricValue]] = {}
    newest: dict[str, tuple[str, str]] = {}
    for line in lines:
        report = named_report(line)
        if report is None:
            continue
        name = str(report["name"])
        values.setdefault(name, []).append(MetricValue(report.get("value"), report.get("time"), report.get("step")))
        newest[name] = (str(report.get("kind", "scalar")), str(report.get("description") or ""))
    return tuple(
        LoggedMetric(name=name, kind=newest[name][0], description=newest[name][1], values=tuple(found))
        for name, found in values.items()
    )
