"""The search over hyperparameters: one step that runs others, its trials, with sampled arguments (v1's HyperDrive)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import Enum
from functools import cached_property

from ..dataclass import dataclass

CHOICE = "choice"
ARITY: Mapping[str, int] = {
    "randint": 1,
    "uniform": 2,
    "quniform": 3,
    "loguniform": 2,
    "qloguniform": 3,
    "normal": 2,
    "qnormal": 3,
    "lognormal": 2,
    "qlognormal": 3,
}
"""The number of arguments of each kind of expression, beside ``choice``, which takes any number."""


class Goal(str, Enum):
    """The direction in which the metric improves."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class Sampling(str, Enum):
    """The way in which values are drawn."""

    RANDOM = "random"
    GRID = "grid"
    BAYESIAN = "bayesian"


class Stopping(str, Enum):
    """The rule that stops trials early."""

    BANDIT = "bandit"
    MEDIAN = "median"
    TRUNCATION = "truncation"


@dataclass(frozen=True)
class Expression:
    """The distribution of one hyperparameter."""

    kind: str
    """``choice`` or a key of `ARITY`; `control.sampling` has the meaning of each."""
    arguments: tuple[object, ...]
    """Its arguments, in v1's order: ``(min, max[, q])``, ``(mu, sigma[, q])``; for ``choice`` the options."""


@dataclass(frozen=True, kw_only=True)
class StoppingRule:
    """The rule that stops trials early. Metrics count by their number: the first logged value has the number 1.

    A trial is judged at the numbers that are multiples of `interval` and not below `delay`.
    """

    kind: Stopping
    interval: int = 1
    """Logged values between two evaluations."""
    delay: int = 0
    """Logged values before the first evaluation."""
    slack_factor: float | None = None
    """BANDIT: the allowed distance to the best, as a ratio."""
    slack_amount: float | None = None
    """BANDIT: the allowed distance to the best, in units of the metric."""
    percentage: int = 0
    """TRUNCATION: the part of the trials to stop at each evaluation, in percent."""


@dataclass(frozen=True)
class PastTrial:
    """A trial of an earlier search, from which a Bayesian one learns (v1's ``resume_from``)."""

    values: Mapping[str, object]
    metric: float


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search: the step that has it runs after its trials and summarizes them."""

    sampling: Sampling
    space: Mapping[str, Expression]
    """By hyperparameter; the names go to the trials' command lines as they are."""
    metric: str
    """The name of the metric that trials log and that decides."""
    goal: Goal
    trials: tuple[str, ...]
    """The keys of the steps that are its trials, in the order in which they start. A trial's number is its place."""
    concurrent: int
    """The most trials at the same time."""
    minutes: float
    """The time after the first trial's start at which running trials are stopped, and no other starts."""
    seed: int
    """All values follow from it; with Bayesian sampling, from the metrics of earlier trials too."""
    rule: StoppingRule | None = None
    """None: no trial is stopped early."""
    past: tuple[PastTrial, ...] = ()
    resumed: tuple[Mapping[str, object], ...] = ()
    """The values of the first trials: those of children that this search runs again (v1's ``resume_child_runs``)."""

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of a metric's values, by the goal; None if none of them is a finite number."""
        return best_value(values, self.goal)

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The number of each trial, from 0, by its key."""
        return {key: number for number, key in enumerate(self.trials)}


def logged_number(value: object) -> float | None:
    """Return a logged value as a number; None for a truth value and for anything else that is no number.

    Args:
        value: The value. A whole number beyond the range of floats becomes infinite.

    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def best_value(values: Iterable[object], goal: Goal) -> float | None:
    """Return the best of logged values. Only finite numbers count: infinity is what a trial that diverged logs.

    Args:
        values: The values.
        goal: The direction in which they improve.

    Returns:
        The best one; None if none of them is a finite number.

    """
    numbers = [number for value in values if (number := logged_number(value)) is not None and math.isfinite(number)]
    return (max if goal is Goal.MAXIMIZE else min)(numbers) if numbers else None


def grid_size(space: Mapping[str, Expression]) -> int:
    """Return the number of combinations of the options of a space, all of whose expressions are choices."""
    size = 1
    for expression in space.values():
        size *= len(expression.arguments)
    return size
