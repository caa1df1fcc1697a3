"""The trials of a search: a table, and the data of parallel coordinates (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ..dataclass import dataclass
from ..model.search import Goal, Search, logged_number
from ..operations.trials import Trial, ranked
from .step_list import step_address

MOST = 500
"""The most trials that are shown: the best ones, then the newest ones."""
_OPTIONS = 24
"""The most different texts that are marked on one axis."""
_FEW = 8
"""So many different whole numbers have a mark each."""


@dataclass(frozen=True)
class Axis:
    """One axis. Places are from 0 to 1."""

    name: str
    ticks: tuple[tuple[float, str], ...]
    """Marks: the place and the text of each."""
    places: tuple[float | None, ...]
    """The place of each value; None: there is no value."""


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial."""

    key: str
    name: str
    href: str
    number: int
    status: str
    reason: str
    values: tuple[str, ...]
    """Its values in the order of the axes; empty where it has none."""
    best: float | None


@dataclass(frozen=True, kw_only=True)
class TrialTable:
    """The trials of one search."""

    axes: tuple[str, ...]
    """The names of the hyperparameters."""
    metric: str
    goal: str
    rows: tuple[TrialRow, ...]
    """The best ones first."""
    total: int
    chart: Mapping[str, object]
    """The data of ``runnerPages.drawParallel``."""


def trial_table(run: str, search: Search, trials: Sequence[Trial]) -> TrialTable:
    """Return the trials of a search.

    Args:
        run: The run.
        search: The search.
        trials: Its trials with what they logged.

    """
    first = ranked(trials, search.metric, search.goal)
    known = {trial.key for trial in first}
    ordered = [*first, *(trial for trial in reversed(trials) if trial.key not in known)][:MOST]
    axes = tuple(dict.fromkeys([*search.space, *(name for trial in ordered for name in trial.values)]))
    return TrialTable(
        axes=axes,
        metric=search.metric,
        goal=search.goal.value,
        rows=tuple(_row(run, trial, axes, search) for trial in ordered),
        total=len(trials),
        chart=parallel(run, search, ordered, axes),
    )


def parallel(run: str, search: Search, trials: Sequence[Trial], axes: Sequence[str]) -> dict[str, object]:
    """Return the data of parallel coordinates: one axis for each hyperparameter, and the metric as the last one.

    Args:
        run: The run.
        search: The search.
        trials: The trials, the best ones first.
        axes: The names of the hyperparameters.

    """
    bests = [trial.best(search.metric, search.goal) for trial in trials]
    kinds = {name: expression.kind for name, expression in search.space.items()}
    columns = [
        axis_of(name, [trial.values.get(name) for trial in trials], logarithmic="log" in kinds.get(name, ""))
        for name in axes
    ]
    lines = [
        (trial.name, step_address(run, trial.key), [*(trial.values.get(name) for name in axes), best])
        for trial, best in zip(trials, bests, strict=True)
    ]
    told = f"{len(lines)} trials. Blue lines have the better {search.metric}, orange ones the worse."
    last = axis_of(search.metric, bests)
    return chart_of([*columns, last], lines, told=told, maximize=search.goal is Goal.MAXIMIZE)


def chart_of(
    axes: Sequence[Axis], lines: Sequence[tuple[str, str, Sequence[object]]], *, told: str, maximize: bool = True
) -> dict[str, object]:
    """Return the data of parallel coordinates, as ``runnerPages.drawParallel`` takes them.

    Args:
        axes: The axes, with the place of each line's value. The last one tells how good a line is.
        lines: The name, the address and the values of each line.
        told: A line of text about the colours.
        maximize: True: lines that are high on the last axis have the first colour. Default: True.

    """
    return {
        "axes": [{"name": axis.name, "ticks": axis.ticks} for axis in axes],
        "maximize": maximize,
        "told": told,
        "lines": [
            {
                "name": name,
                "href": href,
                "places": [axis.places[at] for axis in axes],
                "texts": [value_text(value) for value in values],
            }
            for at, (name, href, values) in enumerate(lines)
        ],
    }


def axis_of(name: str, values: Sequence[object], *, logarithmic: bool = False) -> Axis:
    """Return the axis of some values. Numbers are placed by their size, and other values in their order.

    Args:
        name: The name of the axis.
        values: The values; None where there is none.
        logarithmic: True: the axis is logarithmic if all numbers are positive. Default: False.

    """
    given = [value for value in values if value is not None]
    numbers = [number for value in given if (number := logged_number(value)) is not None and math.isfinite(number)]
    if len(numbers) < len(given):
        return _options(name, values)
    least, most = min(numbers, default=0.0), max(numbers, default=1.0)
    logarithmic = logarithmic and least > 0

    def place(number: float) -> float:
        if least == most:
            return 0.5
        if logarithmic:
            return math.log(number / least) / math.log(most / least)
        return (number - least) / (most - least)

    marks = _marks(numbers, logarithmic=logarithmic)
    return Axis(
        name,
        tuple((round(place(mark), 4), f"{mark:.3g}") for mark in marks) if numbers else (),
        tuple(None if value is None else round(place(logged_number(value) or 0.0), 4) for value in values),
    )


def _marks(numbers: Sequence[float], *, logarithmic: bool) -> list[float]:
    """Return the numbers that are marked: all different ones if they are few, else five at equal distances."""
    different = sorted(set(numbers))
    if len(different) <= _FEW and all(number.is_integer() for number in different):
        return different
    least, most, shares = different[0], different[-1], (0.0, 0.25, 0.5, 0.75, 1.0)
    if logarithmic:
        return [least * (most / least) ** share for share in shares]
    return [least + (most - least) * share for share in shares]


def _options(name: str, values: Sequence[object]) -> Axis:
    options = sorted({value_text(value) for value in values if value is not None})
    last = max(len(options) - 1, 1)
    places = {option: round(at / last, 4) if len(options) > 1 else 0.5 for at, option in enumerate(options)}
    every = max(1, -(-len(options) // _OPTIONS))
    ticks = tuple((places[option], option) for option in options[::every])
    return Axis(name, ticks, tuple(None if value is None else places[value_text(value)] for value in values))


def value_text(value: object) -> str:
    """Return a value in few characters; empty for None."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


def _row(run: str, trial: Trial, axes: Sequence[str], search: Search) -> TrialRow:
    return TrialRow(
        key=trial.key,
        name=trial.name,
        href=step_address(run, trial.key),
        number=trial.number,
        status=trial.status.value,
        reason=trial.reason,
        values=tuple(value_text(trial.values.get(name)) for name in axes),
        best=trial.best(search.metric, search.goal),
    )
