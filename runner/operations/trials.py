"""The trials of a search as facts: what each was given, what it logged, and which is the best."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..dataclass import dataclass, field
from ..model.names import step_run_id
from ..model.search import Goal, Search, best_value
from ..model.state import StepState
from ..model.status import DELIVERED, StepStatus
from ..ports import ObjectStore
from ..runs import records
from .metrics import every_line, metric_lines, named_report
from .values import RunView

THREADS = 8
"""Requests to a bucket at a time."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial that has values."""

    number: int
    """From 1."""
    key: str
    run: str
    """The id of its step run."""
    name: str
    status: StepStatus
    reason: str = ""
    """The reason why it was stopped or failed."""
    values: Mapping[str, object] = field(default_factory=dict)
    metrics: Mapping[str, tuple[object, ...]] = field(default_factory=dict)
    """Every logged value by the metric's name, in order."""

    def best(self, metric: str, goal: Goal) -> float | None:
        """Return the best value of a metric that it has logged; None: it has logged no finite number.

        Args:
            metric: The metric's name.
            goal: The direction in which it improves.
        """
        return best_value(self.metrics.get(metric, ()), goal)

    @property
    def succeeded(self) -> bool:
        """True if it has ended with success."""
        return self.status in DELIVERED


def search_keys(view: RunView) -> tuple[str, ...]:
    """Return the keys of the run's searches."""
    return tuple(step.key for step in view.plan.steps if step.search is not None)


def search_of(view: RunView, key: str) -> Search:
    """Return the search of a step.

    Args:
        view: The whole run.
        key: The key of the search step.

    Raises:
        KeyError: It is no search.
    """
    search = view.plan.by_key[key].search
    if search is None:
        raise KeyError(key)
    return search


def is_sampled(state: StepState) -> bool:
    """Return True if a trial has got its values: the others do not exist yet for users."""
    return bool(state.sampled) or state.attempt > 0 or bool(state.origin)


def trials_of(store: ObjectStore, view: RunView, key: str) -> tuple[Trial, ...]:
    """Return the trials of a search that have their values, in the order of their numbers, with what they logged.

    Args:
        store: The workspace store.
        view: The whole run.
        key: The key of the search step.

    Raises:
        StoreError: The store fails.
    """
    known = [trial for trial in planned(view, key) if is_sampled(view.state.steps[trial.key])]

    def filled(trial: Trial) -> Trial:
        return replace(trial, metrics=logged(store, view, trial.key))

    if hasattr(store, "path") or len(known) < THREADS:
        return tuple(map(filled, known))
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS) as pool:
        return tuple(pool.map(filled, known))


def planned(view: RunView, key: str) -> Iterator[Trial]:
    """Yield all trials of a search without what they logged.

    Args:
        view: The whole run.
        key: The key of the search step.
    """
    for number, each in enumerate(search_of(view, key).trials, 1):
        state = view.state.steps[each]
        yield Trial(
            number=number,
            key=each,
            run=step_run_id(view.state.run, each),
            name=view.plan.by_key[each].name,
            status=state.status,
            reason=state.reason,
            values=state.sampled or {},
        )


def logged(store: ObjectStore, view: RunView, key: str) -> Mapping[str, tuple[object, ...]]:
    """Return every value that the newest attempt of a step has logged, by the metric's name.

    Args:
        store: The workspace store.
        view: The whole run.
        key: The step's key.

    Raises:
        StoreError: The store fails.
    """
    task = records.shown_attempt(store, view.state, key)
    if task is None:
        return {}
    return _by_name(every_line(store, task))


def logged_in_part(store: ObjectStore, view: RunView, key: str) -> tuple[Mapping[str, tuple[object, ...]], bool]:
    """Return the same, but of very many values the first and the last ones alone, for pages.

    Args:
        store: The workspace store.
        view: The whole run.
        key: The step's key.

    Returns:
        The values by the metric's name, and True if some are left out.

    Raises:
        StoreError: The store fails.
    """
    task = records.shown_attempt(store, view.state, key)
    if task is None:
        return {}, False
    found = metric_lines(store, task)
    return _by_name(found.lines), found.skipped > 0


def _by_name(lines: Iterable[str]) -> Mapping[str, tuple[object, ...]]:
    found: dict[str, list[object]] = {}
    for report in filter(None, map(named_report, lines)):
        value = report.get("value")
        flat = value if report.get("kind") == "list" and isinstance(value, list) else [value]
        found.setdefault(str(report["name"]), []).extend(flat)
    return {name: tuple(values) for name, values in found.items()}


def ranked(trials: Sequence[Trial], metric: str, goal: Goal) -> list[Trial]:
    """Return the trials that have logged a finite metric, the best first; of equal ones the earlier first.

    Args:
        trials: The trials.
        metric: The metric's name.
        goal: The direction in which it improves.
    """
    sign = -1.0 if goal is Goal.MAXIMIZE else 1.0
    found = [(sign * best, trial.number, trial) for trial in trials if (best := trial.best(metric, goal)) is not None]
    return [trial for _, _, trial in sorted(found, key=lambda each: each[:2])]
