"""Draw the values of trials: the same on every machine and with every Python (pure).

`random.Random` promises the same sequence of `random()` for the same whole number as seed with every version of Python
(https://docs.python.org/3/library/random.html#notes-on-reproducibility). Nothing else of it is used. Exponentials and
logarithms are those of `decimal`, which are rounded correctly everywhere; those of the C library are not.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from random import Random

from ..model.search import CHOICE, Expression, Sampling, Search

_EXACT = Context(prec=30)
Values = Mapping[str, object]
"""The values of a trial, by hyperparameter, in the order of their names: stored plans keep no other order."""


def values_of(search: Search, number: int) -> Values | None:
    """Return the values of a trial if they do not depend on other trials.

    Args:
        search: The search.
        number: The trial's number, from 0.

    Returns:
        The values by hyperparameter; None for a trial that Bayesian sampling draws.

    Raises:
        ValueError: The grid has fewer points.

    """
    if number < len(search.resumed):
        return {name: search.resumed[number][name] for name in sorted(search.space)}
    drawn = number - len(search.resumed)
    if search.sampling is Sampling.BAYESIAN:
        return None
    if search.sampling is Sampling.GRID:
        return grid_point(search.space, drawn)
    return {name: draw(search.space[name], search.seed, drawn, name) for name in sorted(search.space)}


def grid_point(space: Mapping[str, Expression], number: int) -> Values:
    """Return a point of the grid. The options of the hyperparameter with the last name change first.

    Args:
        space: Hyperparameters with choices only.
        number: The point's number, from 0.

    Raises:
        ValueError: The grid has fewer points.

    """
    rest, found = number, {}
    for name in sorted(space, reverse=True):
        rest, place = divmod(rest, len(space[name].arguments))
        found[name] = space[name].arguments[place]
    if rest:
        raise ValueError(f"the grid has no point {number}")
    return {name: found[name] for name in sorted(space)}


def draw(expression: Expression, seed: int, number: int, name: str) -> object:
    """Return one value of an expression.

    A value depends on its own name and expression alone, so that other hyperparameters may come and go.

    Args:
        expression: The distribution, with v1's meaning: ``loguniform(a, b)`` is ``exp(uniform(a, b))``,
            ``quniform(a, b, q)`` is ``round(uniform(a, b) / q) * q``, and so on.
        seed: The seed of the search.
        number: The number of the trial, from 0.
        name: The hyperparameter.

    """
    text = json.dumps([seed, number, name], ensure_ascii=True)
    source = Random(int.from_bytes(hashlib.sha256(text.encode()).digest(), "big"))  # noqa: S311 - no secret
    if expression.kind == CHOICE:
        return expression.arguments[int(source.random() * len(expression.arguments))]
    numbers = [one for one in expression.arguments if isinstance(one, (int, float))]
    if expression.kind == "randint":
        return int(source.random() * numbers[0])
    shape = expression.kind.removeprefix("q")
    value = _SHAPES[shape.removeprefix("log")](source, numbers[0], numbers[1])
    if shape.startswith("log"):
        value = float(_EXACT.exp(Decimal(value)))
    return quantized(value, numbers[2]) if expression.kind.startswith("q") else value


def quantized(value: float, q: float) -> float:
    """Return the multiple of `q` that is nearest to a value, without the noise of floats; a whole number if `q` is."""
    steps = round(value / q)
    return steps * q if isinstance(q, int) else float(Decimal(steps) * Decimal(repr(q)))


def _uniform(source: Random, least: float, most: float) -> float:
    return min(least + (most - least) * source.random(), float(most))


def _normal(source: Random, mean: float, deviation: float) -> float:
    """Return a normally distributed number, by the polar method of Marsaglia (1964)."""
    while True:
        x, y = 2.0 * source.random() - 1.0, 2.0 * source.random() - 1.0
        square = x * x + y * y
        if 0.0 < square < 1.0:
            log = float(_EXACT.ln(Decimal(square)))
            return mean + deviation * x * math.sqrt(-2.0 * log / square)


_SHAPES: Mapping[str, Callable[[Random, float, float], float]] = {"uniform": _uniform, "normal": _normal}
