"""From the metrics that a step logged to charts and tables (pure). Their values may have any form."""

from __future__ import annotations

from collections.abc import Sequence

from ..operations.metric_log import LoggedMetric
from ..operations.run_metrics import MetricValue
from . import metric_documents
from .metric_values import LINES, Chart, Json, MetricView, line, number, numbers, table, text

_IMAGES = 24
"""The most images of a metric."""


def metric_views(metrics: Sequence[LoggedMetric]) -> tuple[MetricView, ...]:
    """Return what a page shows of each metric.

    Args:
        metrics: The metrics.

    """
    return tuple(_view(metric) for metric in metrics)


def _view(metric: LoggedMetric) -> MetricView:
    values = metric.values
    newest = values[-1].value
    document = metric_documents.view(metric)
    if document is not None:
        return document
    if metric.kind == "list" and isinstance(newest, list):
        return _list(metric)
    if metric.kind == "row":
        return _rows(metric, [one.value for one in values if isinstance(one.value, dict)])
    if metric.kind == "table" and isinstance(newest, dict):
        return _rows(metric, _transposed(newest))
    if metric.kind == "image":
        return _images(metric)
    return _scalar(metric)


def _scalar(metric: LoggedMetric) -> MetricView:
    """Return the course of a number over its steps, or over the times at which it was logged."""
    values = metric.values
    stepped = all(number(one.step) is not None for one in values)
    places = [number(one.step) if stepped else at for at, one in enumerate(values, 1)]
    points = sorted(
        (place, height)
        for place, one in zip(places, values, strict=True)
        if place is not None and (height := number(one.value)) is not None
    )
    name = "step" if stepped else "number"
    heights = [height for _, height in points]
    facts = (("Least", text(min(heights))), ("Greatest", text(max(heights)))) if len(points) > 1 else ()
    rows = [(place, one.value, one.time) for place, one in zip(places, values, strict=True)]
    return MetricView(
        name=metric.name,
        kind=metric.kind,
        description=metric.description,
        count=len(values),
        latest=text(values[-1].value),
        facts=facts,
        charts=(Chart("", (line(metric.name, points),), _options(metric, name)),) if len(points) > 1 else (),
        table=table((name, "value", "time"), rows, newest=True) if len(values) > 1 else None,
    )


def _list(metric: LoggedMetric) -> MetricView:
    """Return the newest lists, each as a line over its places."""
    lists = [one.value for one in metric.values if isinstance(one.value, list)][-LINES:]
    series = [
        line(metric.name if len(lists) == 1 else f"list {at}", [(float(place), y) for place, y in enumerate(known)])
        for at, found in enumerate(lists, 1)
        if (known := numbers(found)) and len(known) > 1
    ]
    rows = [(place, *_column(lists, place)) for place in range(max(map(len, lists), default=0))]
    heads = ["place", *(["value"] if len(lists) == 1 else [f"list {at}" for at in range(1, len(lists) + 1)])]
    return MetricView(
        name=metric.name,
        kind=metric.kind,
        description=metric.description,
        count=len(metric.values),
        facts=(("Values", f"{len(lists[-1]):,}"),),
        charts=(Chart("", tuple(series), _options(metric, "place")),) if series else (),
        table=table(heads, rows),
    )


def _column(lists: Sequence[list[object]], place: int) -> list[object]:
    return [one[place] if place < len(one) else None for one in lists]


def _rows(metric: LoggedMetric, rows: Sequence[Json]) -> MetricView:
    """Return a table, and its columns of numbers as lines over the rows."""
    columns = list(dict.fromkeys(str(name) for row in rows for name in row))
    series: list[Json] = []
    for name in columns:
        points = [(float(at), y) for at, row in enumerate(rows, 1) if (y := number(row.get(name))) is not None]
        if len(points) > 1 and len(series) < LINES:
            series.append(line(name, points))
    return MetricView(
        name=metric.name,
        kind=metric.kind,
        description=metric.description,
        count=len(metric.values),
        facts=(("Rows", f"{len(rows):,}"),),
        charts=(Chart("", tuple(series), _options(metric, "row")),) if series else (),
        table=table(columns, [[row.get(name) for name in columns] for row in rows], newest=metric.kind == "row"),
    )


def _transposed(columns: Json) -> list[Json]:
    """Return the rows of a table that was logged as lists by column."""
    lists = {str(name): value if isinstance(value, list) else [value] for name, value in columns.items()}
    count = max(map(len, lists.values()), default=0)
    return [{name: value[at] for name, value in lists.items() if at < len(value)} for at in range(count)]


def _images(metric: LoggedMetric) -> MetricView:
    return MetricView(
        name=metric.name,
        kind=metric.kind,
        description=metric.description,
        count=len(metric.values),
        images=tuple(dict.fromkeys(_file_of(one) for one in metric.values[-_IMAGES:] if _file_of(one))),
    )


def _file_of(value: MetricValue) -> str:
    return value.value if isinstance(value.value, str) else ""


def _options(metric: LoggedMetric, x: str) -> Json:
    return {"label": f"{metric.name[:80]} by {x}", "xLabel": x}
