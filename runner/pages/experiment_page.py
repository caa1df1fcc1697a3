"""The runs of an experiment by one metric (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from ..dataclass import dataclass
from ..model.names import short
from ..operations.metric_history import RunMetrics
from ..operations.report import parameters_of
from ..operations.values import RunView
from .trial_data import axis_of, chart_of

METRICS = 200
"""The most metrics to choose from."""
_AXES = 8
"""The most parameters that have an axis."""


@dataclass(frozen=True)
class MetricLink:
    """A metric to choose."""

    title: str
    href: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ExperimentRun:
    """One run."""

    run: str
    status: str
    created: datetime | None
    ended: datetime | None
    user: str
    value: float | None
    """The newest value of the metric."""
    parameters: tuple[str, ...]
    """The values of the differing parameters."""


@dataclass(frozen=True, kw_only=True)
class ExperimentPage:
    """The newest runs of an experiment."""

    name: str
    metric: str
    metrics: tuple[MetricLink, ...]
    runs: tuple[ExperimentRun, ...]
    differing: tuple[str, ...]
    """The names of the parameters that differ between the runs."""
    chart: Mapping[str, object] | None
    """The metric over the runs; None: nothing was logged."""
    parallel: Mapping[str, object] | None
    """The runs by their parameters; None: there are no different ones, or fewer than three runs."""
    searches: tuple[tuple[str, str, str], ...]
    """The run, the key and the name of each search."""


def experiment_page(
    name: str, views: Sequence[RunView], metrics: Sequence[RunMetrics], wanted: str = ""
) -> ExperimentPage:
    """Return the runs of an experiment by one metric.

    Args:
        name: The experiment's name.
        views: Its runs, the newest one first.
        metrics: The metrics of each run.
        wanted: The metric, as ``STEP: METRIC``. Default: the one that most runs have logged.

    """
    counted: dict[str, int] = {}
    for run in metrics:
        for title in dict.fromkeys(each.title for each in run.metrics):
            counted[title] = counted.get(title, 0) + 1
    titles = sorted(counted, key=lambda title: -counted[title])[:METRICS]
    metric = wanted or next(iter(titles), "")
    values = [_value(run, metric) for run in metrics]
    parameters = [parameters_of(view) for view in views]
    differing = _differing(parameters)
    return ExperimentPage(
        name=name,
        metric=metric,
        metrics=tuple(MetricLink(title, metric_address(name, title), title == metric) for title in titles),
        runs=tuple(_run(*each, differing) for each in zip(views, values, parameters, strict=True)),
        differing=differing,
        chart=_chart(metric, metrics, values) if any(value is not None for value in values) else None,
        parallel=_parallel(views, parameters, differing, metric, values),
        searches=tuple(
            (view.state.run, step.key, view.plan.names[step.key]) for view in views for step in view.plan.searches
        ),
    )


def metric_address(experiment: str, metric: str) -> str:
    """Return the address of an experiment's page with a metric.

    Args:
        experiment: The experiment's name.
        metric: The metric.

    """
    return f"/experiments/{quote(experiment, safe='')}?{urlencode({'metric': metric})}"


def _value(run: RunMetrics, title: str) -> float | None:
    return next((each.last for each in run.metrics if each.title == title), None)


def _differing(parameters: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
    names = dict.fromkeys(name for each in parameters for name in each)
    different = [name for name in names if len({repr(each.get(name)) for each in parameters}) > 1]
    return tuple(different[:_AXES])


def _run(
    view: RunView, value: float | None, parameters: Mapping[str, object], differing: Sequence[str]
) -> ExperimentRun:
    said = view.state.submission
    return ExperimentRun(
        run=view.state.run,
        status=view.state.status.value,
        created=view.state.created,
        ended=view.state.ended,
        user=said.user if said else "",
        value=value,
        parameters=tuple(_text(parameters.get(name)) for name in differing),
    )


def _chart(metric: str, runs: Sequence[RunMetrics], values: Sequence[float | None]) -> dict[str, object]:
    points = [
        [run.created.timestamp(), value]
        for run, value in zip(runs, values, strict=True)
        if run.created is not None and value is not None
    ]
    return {
        "series": [{"name": metric, "points": points[::-1]}],
        "options": {"label": f"{metric} over the runs", "time": True, "height": 260},
    }


def _parallel(
    views: Sequence[RunView],
    parameters: Sequence[Mapping[str, object]],
    differing: Sequence[str],
    metric: str,
    values: Sequence[float | None],
) -> dict[str, object] | None:
    if not differing or len(views) < 3 or not any(value is not None for value in values):
        return None
    columns = [[_plain(each.get(name)) for each in parameters] for name in differing]
    axes = [axis_of(name, column) for name, column in zip(differing, columns, strict=True)]
    lines = [
        (short(view.state.run), f"/runs/{quote(view.state.run)}", [*(column[at] for column in columns), values[at]])
        for at, view in enumerate(views)
    ]
    told = f"{len(lines)} runs. Blue lines have more of {metric}, orange ones less."
    return chart_of([*axes, axis_of(metric, list(values))], lines, told=told)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, int, float)) else repr(value)


def _text(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
