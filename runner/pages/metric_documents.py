"""v1's documents as charts: confusion matrix, accuracy table, residuals and predictions (pure).

Their forms are those of v1's ``log_confusion_matrix``, ``log_accuracy_table``, ``log_residuals`` and
``log_predictions``. A document of another form is shown as text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from ..operations.metric_log import LoggedMetric
from .metric_values import LINES, Chart, Heat, Json, MetricView, line, number, numbers, table, text

_CLASSES = 40
"""The most classes of a matrix that is drawn."""
_BINS = 500
_SQUARE: Json = {"xRange": [0, 1], "yRange": [0, 1.02]}


def view(metric: LoggedMetric) -> MetricView | None:
    """Return what a page shows of a document; None: the metric is none, or of another form.

    Args:
        metric: The metric.

    """
    known = _KINDS.get(metric.kind)
    newest = metric.values[-1].value
    data = newest.get("data", newest) if isinstance(newest, dict) else None
    return known(metric, data) if known and isinstance(data, dict) else None


def _confusion(metric: LoggedMetric, data: Json) -> MetricView | None:
    """Return a matrix: a row for each true class, a column for each predicted one."""
    matrix = data.get("matrix")
    rows = [numbers(row) for row in matrix] if isinstance(matrix, list) else []
    known = [row for row in rows if row is not None and len(row) == len(rows)]
    if not known or len(known) != len(rows):
        return None
    labels = _labels(data, len(known))
    total, right = sum(map(sum, known)), sum(row[at] for at, row in enumerate(known))
    shown = known[:_CLASSES]
    heat = Heat(tuple(labels[:_CLASSES]), tuple(_levels(row[:_CLASSES], sum(row)) for row in shown))
    more = (("Classes", f"the first {_CLASSES} of {len(known):,} are shown"),) if len(known) > _CLASSES else ()
    accuracy = (("On the diagonal", f"{right / total:.1%}"),) if total else ()
    return _made(metric, facts=(*accuracy, ("Values", text(total)), *more), heat=heat)


def _levels(row: Sequence[float], total: float) -> tuple[tuple[str, int], ...]:
    """Return the cells of a row: the level is the share of the row."""
    return tuple((text(cell), min(9, max(0, int(10 * cell / total))) if total > 0 else 0) for cell in row)


def _accuracy(metric: LoggedMetric, data: Json) -> MetricView | None:
    """Return the receiver's curve, precision by recall, and the rates by threshold, a line for each class."""
    tables = [_counts(one) for one in _as_list(data.get("probability_tables"))]
    thresholds = numbers(data.get("probability_thresholds"))
    known = [one for one in tables if one is not None]
    if not known or len(known) != len(tables) or thresholds is None:
        return None
    labels = _labels(data, len(known))
    drawn = list(zip(labels, known, strict=True))[:LINES]
    roc = [line(name, sorted((_share(fp, fp + tn), _share(tp, tp + fn)) for tp, fp, tn, fn in one))
           for name, one in drawn]  # fmt: skip
    recall = [
        line(name, sorted((_share(tp, tp + fn), _share(tp, tp + fp, 1.0)) for tp, fp, _, fn in one))
        for name, one in drawn
    ]
    chance = line("chance", [(0.0, 0.0), (1.0, 1.0)], dash=True, color=8)
    label = metric.name[:60]
    charts = (
        Chart("ROC", (*roc, chance), {"label": f"{label}: true by false positive rate", "xLabel": "false positive rate",
                                      "yLabel": "true positive rate", **_SQUARE}),
        Chart("Precision and recall", tuple(recall), {"label": f"{label}: precision by recall", "xLabel": "recall",
                                                      "yLabel": "precision", **_SQUARE}),
        Chart("Accuracy by threshold", tuple(_by_threshold(drawn, thresholds)),
              {"label": f"{label}: accuracy by threshold", "xLabel": "threshold", "yLabel": "accuracy", **_SQUARE}),
    )  # fmt: skip
    areas = tuple((f"AUC of {name}"[:80], f"{_area(one):.4f}") for name, one in drawn)
    more = (("Classes", f"the first {LINES} of {len(known):,} are shown"),) if len(known) > LINES else ()
    rows = [
        (name, threshold, *counts, _share(counts[0], counts[0] + counts[3]), _share(counts[0], counts[0] + counts[1]))
        for name, one in drawn
        for threshold, counts in zip(thresholds, one, strict=False)
    ]
    columns = ("class", "threshold", "true +", "false +", "true -", "false -", "recall", "precision")
    return _made(metric, facts=(*areas, *more), charts=charts, rows=rows, columns=columns)


Counts = tuple[float, float, float, float]
"""True positives, false positives, true negatives, false negatives."""


def _counts(value: object) -> list[Counts] | None:
    rows = [numbers(row) for row in _as_list(value)]
    found = [(row[0], row[1], row[2], row[3]) for row in rows if row is not None and len(row) == 4]
    return found if found and len(found) == len(rows) else None


def _by_threshold(drawn: Sequence[tuple[str, list[Counts]]], thresholds: Sequence[float]) -> list[Json]:
    return [
        line(name, sorted((at, _share(c[0] + c[2], sum(c))) for at, c in zip(thresholds, one, strict=False)))
        for name, one in drawn
    ]


def _area(table_of_counts: Sequence[Counts]) -> float:
    """Return the area below the receiver's curve, by the trapezoidal rule, from (0, 0) to (1, 1)."""
    found = {(_share(fp, fp + tn), _share(tp, tp + fn)) for tp, fp, tn, fn in table_of_counts}
    points = sorted({(0.0, 0.0), (1.0, 1.0), *found})
    return sum((x2 - x1) * (y1 + y2) / 2 for (x1, y1), (x2, y2) in pairwise(points))


def _share(part: float, whole: float, otherwise: float = 0.0) -> float:
    return part / whole if whole else otherwise


def _residuals(metric: LoggedMetric, data: Json) -> MetricView | None:
    """Return a histogram."""
    edges, counts = numbers(data.get("bin_edges")), numbers(data.get("bin_counts"))
    if edges is None or counts is None or len(edges) != len(counts) + 1 or len(counts) > _BINS:
        return None
    chart = Chart("", (_bars(edges, counts),), {"label": f"{metric.name[:60]}: values by residual",
                                                "xLabel": "residual", "yLabel": "values"})  # fmt: skip
    said = (("Mean", "mean"), ("Standard deviation", "stddev"), ("Values", "res_count"))
    facts = tuple((shown, text(data[name])) for shown, name in said if number(data.get(name)) is not None)
    rows = [(edges[at], edges[at + 1], count) for at, count in enumerate(counts)]
    return _made(metric, facts=facts, charts=(chart,), rows=rows, columns=("from", "to", "values"))


def _predictions(metric: LoggedMetric, data: Json) -> MetricView | None:
    """Return predicted by true values, with one deviation to both sides, and the number of values of each bin."""
    names = ("bin_edges", "bin_averages", "bin_errors", "bin_counts")
    edges, averages, errors, counts = (numbers(data.get(name)) for name in names)
    if edges is None or averages is None or counts is None or not len(edges) == len(averages) + 1 == len(counts) + 1:
        return None
    if len(counts) > _BINS:
        return None
    spread = errors if errors is not None and len(errors) == len(averages) else [0.0] * len(averages)
    bins = [at for at, count in enumerate(counts) if count]  # an empty bin has no average
    middles = [(edges[at] + edges[at + 1]) / 2 for at in range(len(counts))]
    lines = (
        line("average", [(middles[at], averages[at]) for at in bins]),
        line("+ error", [(middles[at], averages[at] + spread[at]) for at in bins], dash=True, color=8),
        line("- error", [(middles[at], averages[at] - spread[at]) for at in bins], dash=True, color=8),
        line("ideal", [(edges[0], edges[0]), (edges[-1], edges[-1])], color=3),
    )
    label = metric.name[:60]
    charts = (
        Chart("Predicted by true value", lines,
              {"label": f"{label}: predicted by true value", "xLabel": "true value", "yLabel": "predicted"}),
        Chart("Values", (_bars(edges, counts),),
              {"label": f"{label}: values by true value", "xLabel": "true value", "yLabel": "values"}),
    )  # fmt: skip
    rows = [(edges[at], edges[at + 1], averages[at], spread[at], count) for at, count in enumerate(counts)]
    columns = ("from", "to", "average", "error", "values")
    return _made(metric, charts=charts, rows=rows, columns=columns)


def _bars(edges: Sequence[float], counts: Sequence[float]) -> Json:
    middles = [(edges[at] + edges[at + 1]) / 2 for at in range(len(counts))]
    return line("values", list(zip(middles, counts, strict=True)), style="bars")


def _labels(data: Json, count: int) -> list[str]:
    given = _as_list(data.get("class_labels"))
    return [text(one) for one in given] if len(given) == count else [str(at) for at in range(count)]


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _made(
    metric: LoggedMetric,
    *,
    facts: tuple[tuple[str, str], ...] = (),
    charts: tuple[Chart, ...] = (),
    heat: Heat | None = None,
    rows: Sequence[Sequence[object]] = (),
    columns: Sequence[str] = (),
) -> MetricView:
    return MetricView(
        name=metric.name,
        kind=metric.kind,
        description=metric.description,
        count=len(metric.values),
        facts=facts,
        charts=charts,
        heat=heat,
        table=table(columns, rows) if rows else None,
    )


_KINDS: dict[str, Callable[[LoggedMetric, Json], MetricView | None]] = {
    "confusion_matrix": _confusion,
    "accuracy_table": _accuracy,
    "residuals": _residuals,
    "predictions": _predictions,
}
