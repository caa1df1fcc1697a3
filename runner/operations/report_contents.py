"""All that the report of a run shows, within limits: read once, and made into one file that needs no store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice

from ..dataclass import dataclass, field
from ..model.search import Search
from ..ports import ObjectStore
from ..runs import head
from ..runs.records import shown_attempt
from . import after_run, listing
from .lineage import DatasetUse, plan_facts
from .metric_log import LoggedMetric, MetricLog, by_name, metric_log
from .parallel_reads import read_each
from .previewed_files import Budget, FilePreview, file_previews, kept_previews
from .receipt import Receipt, receipt
from .report import OriginReport, StepReport, step_report, submitted_by
from .run_metrics import lines_of_run
from .run_tags import tags_of
from .search_progress import progress_text
from .timeline import Timeline, timeline
from .trials import Trial, trials_of
from .values import RunView

PREVIEW, TOTAL = 256 << 10, 8 << 20
"""The most bytes of the preview of a file, and of all previews together."""
METRICS = 200
"""The most metrics that a report draws."""
VALUES = 200_000
"""Values of metrics from which on no further step is read."""
_AT_ONCE = 8
"""Steps whose metrics are read together."""


@dataclass(frozen=True)
class Limits:
    """The limits of a report."""

    preview: int = PREVIEW
    """The most bytes of the preview of a file. 0: there are none."""
    total: int = TOTAL
    """The most bytes of all previews together."""


_USUAL = Limits()


@dataclass(frozen=True)
class StepMetrics:
    """The metrics of a step."""

    key: str
    """The step's key; empty: the run as a whole."""
    name: str
    log: MetricLog
    pictures: Mapping[str, FilePreview] = field(default_factory=dict)
    """Images that it has logged, by the names of their files."""


@dataclass(frozen=True, kw_only=True)
class SearchTrials:
    """A search with its trials."""

    key: str
    name: str
    progress: str
    """Its progress in words."""
    search: Search
    trials: tuple[Trial, ...]


@dataclass(frozen=True, kw_only=True)
class ReportContents:
    """All that the report of a run shows."""

    view: RunView
    made: datetime
    """The time of the report, by the store's clock."""
    status: str
    """As `listing.ListedRun.status`: with ``stopped`` and ``starting``."""
    stopped: str
    """The reason why the controller has given up; empty: it has not."""
    tags: Mapping[str, str]
    submitted: OriginReport
    reads: tuple[DatasetUse, ...]
    """The registered datasets that its steps read."""
    outcomes: tuple[after_run.Outcome, ...]
    """The outcomes of the actions at its end, but for the report itself."""
    steps: tuple[StepReport, ...]
    timeline: Timeline
    receipt: Receipt
    metrics: tuple[StepMetrics, ...]
    """Of the steps that have logged any."""
    more_metrics: int
    """Metrics that are left out."""
    unread: int
    """Steps whose metrics were not read, since there are enough."""
    searches: tuple[SearchTrials, ...]
    previews: tuple[FilePreview, ...]
    budget: Budget
    """The bytes that the previews took, and the number of files that are left out."""


def contents(
    store: ObjectStore, view: RunView, datastore: Callable[[str], ObjectStore], limits: Limits = _USUAL
) -> ReportContents:
    """Return what the report of a run shows.

    Args:
        store: The workspace store.
        view: The run.
        datastore: Returns the store of a datastore by its name.
        limits: The limits of previews. Default: those of `Limits`.

    Raises:
        StoreError: A store cannot be read.

    """
    now = store.now()
    seen = head.read(store, view.state.run)
    budget = Budget(preview=limits.preview, total=limits.total)
    keys = tuple(view.state.steps)
    metrics, more, unread = _metrics(store, view, budget)
    known = frozenset((one.key, name) for one in metrics for name in one.pictures)
    return ReportContents(
        view=view,
        made=now,
        status=_status(store, view, seen, now),
        stopped=seen.error if seen and not view.state.over else "",
        tags=tags_of(store, view),
        submitted=submitted_by(store, view),
        reads=plan_facts(view.plan).reads,
        outcomes=tuple(one for one in after_run.outcomes(store, view.state) if one.name != "report"),
        steps=tuple(step_report(store, view, key, locate=lambda _: "", now=now, metrics=False) for key in keys),
        timeline=timeline(store, view, now),
        receipt=receipt(store, view),
        metrics=metrics,
        more_metrics=more,
        unread=unread,
        searches=tuple(_searches(store, view)),
        previews=file_previews(store, view, datastore, budget, known),
        budget=budget,
    )


def _status(store: ObjectStore, view: RunView, seen: head.Head | None, now: datetime) -> str:
    if view.state.over:
        return view.state.status.value
    return listing.status(seen, now, full=listing.disk_is_full(store)) if seen else "starting"


def _metrics(store: ObjectStore, view: RunView, budget: Budget) -> tuple[tuple[StepMetrics, ...], int, int]:
    """Return the metrics of the run and of its steps, in the order of the plan, and what is left out.

    Returns:
        The metrics; the number of metrics that are left out; the number of steps whose metrics were not read.

    """
    found: list[StepMetrics] = []
    left, values, more, read = METRICS, VALUES, 0, 0
    for key, log in _logs(store, view):
        shown = log.metrics[:left]
        more += log.more + len(log.metrics) - len(shown)
        left -= len(shown)
        values -= sum(len(metric.values) for metric in shown)
        if shown:
            name = view.plan.names[key] if key else "the run as a whole"
            pictures = kept_previews(store, view, key, _pictures(shown), budget) if key else {}
            found.append(StepMetrics(key, name, replace(log, metrics=shown), pictures))
        read += bool(key)
        if left <= 0 or values <= 0:
            break
    return tuple(found), more, len(view.state.steps) - read


def _logs(store: ObjectStore, view: RunView) -> Iterator[tuple[str, MetricLog]]:
    """Yield the metrics of the run, and those of its steps by key: few at a time, since each may have megabytes."""
    yield "", MetricLog(metrics=by_name(lines_of_run(store, view.state.run)))
    keys = iter(view.state.steps)
    while chunk := list(islice(keys, _AT_ONCE)):
        yield from zip(chunk, read_each(store, lambda key: _log(store, view, key), chunk), strict=True)


def _searches(store: ObjectStore, view: RunView) -> Iterator[SearchTrials]:
    for step in view.plan.searches:
        if step.search is not None:
            yield SearchTrials(
                key=step.key,
                name=view.plan.names[step.key],
                progress=progress_text(view, step.key),
                search=step.search,
                trials=tuple(trials_of(store, view, step.key)),
            )


def _pictures(metrics: Sequence[LoggedMetric]) -> list[str]:
    """Return the names of the images in metrics."""
    values = [one.value for metric in metrics if metric.kind == "image" for one in metric.values]
    return list(dict.fromkeys(value for value in values if isinstance(value, str)))


def _log(store: ObjectStore, view: RunView, key: str) -> MetricLog:
    task = shown_attempt(store, view.state, key)
    return metric_log(store, task) if task else MetricLog()
