"""The trials of a search as text: a table, and one line per trial with a mark on the axis of each value (pure)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ...dataclass import dataclass
from ...model.search import Expression, Search
from ...operations.trials import Trial, ranked

_AXIS = 17
"""Columns of an axis."""
_LINES = 60
"""Lines of the picture at most: the best trials."""
_LOGARITHMIC = ("loguniform", "qloguniform", "lognormal", "qlognormal")
"""Expressions whose values are compared by their logarithms."""
_BEST = "best"


def table(search: Search, trials: Sequence[Trial], best: str) -> list[str]:
    """Return a line per trial: name, status, values and metric, the best one first.

    Args:
        search: The search.
        trials: Its trials.
        best: The key of the best trial, which is marked.

    """
    names = list(search.space)
    rows = [["trial", "status", *names, search.metric, ""]]
    for trial in _ordered(search, trials):
        value = trial.best(search.metric, search.goal)
        logged = "-" if value is None else number(value)
        values = [number(trial.values.get(name, "")) for name in names]
        rows.append([trial.name, trial.status.value, *values, logged, _BEST if trial.key == best else trial.reason])
    return _aligned(rows)


def parallel_coordinates(search: Search, trials: Sequence[Trial], best: str) -> list[str]:
    """Return the trials that logged the metric, a line for each, with a mark on the axis of each hyperparameter.

    Each axis reaches from the least to the greatest value among the trials, the axis of the metric too.

    Args:
        search: The search.
        trials: Its trials.
        best: The key of the best trial, which is marked.

    """
    shown = ranked(trials, search.metric, search.goal)
    axes = [_axis_of(name, each, [trial.values.get(name) for trial in shown]) for name, each in search.space.items()]
    measured = [trial.best(search.metric, search.goal) for trial in shown]
    axes.append(_axis_of(search.metric, Expression("uniform", ()), measured))
    rows = [["", *(axis.name for axis in axes), ""], ["", *(axis.ends for axis in axes), ""]]
    for at, trial in enumerate(shown[:_LINES]):
        rows.append([trial.name, *(axis.line(at) for axis in axes), _BEST if trial.key == best else ""])
    more = [f"and {len(shown) - _LINES} more"] if len(shown) > _LINES else []
    return [*_aligned(rows), *more]


def number(value: object) -> str:
    """Return a value in few characters.

    Args:
        value: The value.

    """
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """The positions of all trials for one hyperparameter."""

    name: str
    ends: str
    """The least and the greatest value."""
    places: Sequence[float]
    """For each trial from 0 to 1; NaN: it has no value."""

    def line(self, at: int) -> str:
        """Return the axis with the mark of one trial."""
        place = self.places[at]
        marked = -1 if math.isnan(place) else round(place * (_AXIS - 1))
        return "".join("●" if column == marked else "·" for column in range(_AXIS))


def _axis_of(name: str, expression: Expression, values: Sequence[object]) -> _Axis:
    choices = {_same(each): at for at, each in enumerate(expression.arguments)} if expression.kind == "choice" else {}
    logarithmic = expression.kind in _LOGARITHMIC
    scaled = [_scaled(value, choices, logarithmic=logarithmic) for value in values]
    known = [(each, value) for each, value in zip(scaled, values) if not math.isnan(each)]
    if choices:
        low, high = 0.0, float(max(len(choices) - 1, 0))
        first, last = expression.arguments[0], expression.arguments[-1]
    elif known:
        (low, first), (high, last) = min(known, key=_first), max(known, key=_first)
    else:
        low = high = 0.0
        first = last = ""
    width = high - low
    places = [math.nan if math.isnan(each) else ((each - low) / width if width else 0.5) for each in scaled]
    left, right = number(first), number(last)
    gap = max(_AXIS - len(left) - len(right), 1)
    return _Axis(name=name, ends=left + " " * gap + right if left != right else left, places=places)


def _first(pair: tuple[float, object]) -> float:
    return pair[0]


def _scaled(value: object, choices: Mapping[str, int], *, logarithmic: bool) -> float:
    if choices:
        return float(choices.get(_same(value), math.nan))
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    if not logarithmic:
        return float(value)
    return math.log(value) if value > 0 else math.nan


def _same(value: object) -> str:
    return repr(value)


def _ordered(search: Search, trials: Sequence[Trial]) -> list[Trial]:
    first = ranked(trials, search.metric, search.goal)
    numbers = {trial.number for trial in first}
    return [*first, *(trial for trial in trials if trial.number not in numbers)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)) for row in rows)
    return [f"  {line}".rstrip() for line in lines]
