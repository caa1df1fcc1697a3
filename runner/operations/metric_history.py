"""The numbers that steps have logged, over the runs of a comparison or of an experiment. Reads are bounded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from ..dataclass import dataclass
from ..model.search import logged_number
from ..ports import ObjectStore
from .parallel_reads import read_each
from .trials import logged_in_part
from .values import RunView

STEPS = 100
"""The most steps of a run whose metrics are read."""
READ_IN_PART = "which have more than 4 MiB, the first MiB and the last 3 MiB are shown"
"""The end of a sentence about metrics of steps."""
POINTS = 1000
"""The most values of one metric that are returned."""


@dataclass(frozen=True)
class MetricNumbers:
    """The numbers that one step of a run has logged for one metric, in order."""

    step: str
    """The step's name."""
    name: str
    values: tuple[float | None, ...]
    """At most `POINTS`, evenly picked. None: no finite number."""
    count: int
    """The number of values that were read."""

    @property
    def title(self) -> str:
        """``STEP: METRIC``."""
        return f"{self.step}: {self.name}"

    @property
    def last(self) -> float | None:
        """The newest value."""
        return self.values[-1] if self.values else None


@dataclass(frozen=True, kw_only=True)
class RunMetrics:
    """The metrics of one run."""

    run: str
    created: datetime | None
    status: str
    user: str
    metrics: tuple[MetricNumbers, ...]
    in_part: tuple[str, ...] = ()
    """The names of steps with so many values that only the first and the last ones were read."""


def of_runs(store: ObjectStore, views: Sequence[RunView]) -> tuple[RunMetrics, ...]:
    """Return the numbers that the steps of some runs have logged.

    Args:
        store: The workspace store.
        views: The runs.

    Raises:
        StoreError: The store cannot be read.

    """
    asked = [(place, key) for place, view in enumerate(views) for key in _keys(view)]
    found = read_each(store, lambda each: logged_in_part(store, views[each[0]], each[1]), asked)
    metrics: list[list[MetricNumbers]] = [[] for _ in views]
    in_part: list[list[str]] = [[] for _ in views]
    for (place, key), (known, is_cut) in zip(asked, found, strict=True):
        name = views[place].plan.names[key]
        metrics[place].extend(_numbers(name, known))
        in_part[place].extend([name] if is_cut else [])
    return tuple(_run(view, made, cut) for view, made, cut in zip(views, metrics, in_part, strict=True))


def note_of(names: Iterable[str]) -> str:
    """Return a sentence about metrics of which a part was read; empty: all of all was read.

    Args:
        names: The names of the steps.

    """
    known = list(dict.fromkeys(names))
    if not known:
        return ""
    more = f" and {len(known) - 5} more steps" if len(known) > 5 else ""
    return f"Of the metrics of {', '.join(known[:5])}{more}, {READ_IN_PART}."


def _keys(view: RunView) -> Iterable[str]:
    steps = view.state.steps
    begun = (key for key in steps if (steps[key].attempt or steps[key].origin) and not view.plan.by_key[key].trial_of)
    return islice(begun, STEPS)


def _numbers(step: str, known: Mapping[str, tuple[object, ...]]) -> Iterable[MetricNumbers]:
    for name, values in known.items():
        numbers = [_finite(value) for value in values]
        if any(number is not None for number in numbers):
            yield MetricNumbers(step, name, tuple(thinned(numbers)), len(numbers))


def thinned(values: Sequence[float | None]) -> Sequence[float | None]:
    """Return at most `POINTS` of the values, evenly picked, with the first and the last one.

    Args:
        values: The values.

    """
    if len(values) <= POINTS:
        return values
    last = len(values) - 1
    return [values[round(at * last / (POINTS - 1))] for at in range(POINTS)]


def _finite(value: object) -> float | None:
    number = logged_number(value)
    return number if number is not None and math.isfinite(number) else None


def _run(view: RunView, metrics: list[MetricNumbers], in_part: list[str]) -> RunMetrics:
    said = view.state.submission
    return RunMetrics(
        run=view.state.run,
        created=view.state.created,
        status=view.state.status.value,
        user=said.user if said else "",
        metrics=tuple(metrics),
        in_part=tuple(in_part),
    )
