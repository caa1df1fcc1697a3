"""v1's values that describe a search over hyperparameters. HyperDriveConfig, which runs one, is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ...dataclass import dataclass


class PrimaryMetricGoal(str, Enum):
    """The direction in which a metric improves."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


@dataclass(frozen=True)
class ParameterExpression:
    """A distribution that values are drawn from."""

    kind: str
    arguments: tuple[object, ...]


def choice(*options: object) -> ParameterExpression:
    """Return the expression of one value out of several.

    Args:
        *options: The values; a single list, tuple or range is the list of values.

    """
    listed = options[0] if len(options) == 1 and isinstance(options[0], (list, tuple, range)) else options
    return ParameterExpression("choice", tuple(listed))


def randint(upper: int) -> ParameterExpression:
    """Return the expression of a whole number.

    Args:
        upper: The number above the greatest one; the least is 0.

    """
    return ParameterExpression("randint", (upper,))


def uniform(min_value: float, max_value: float) -> ParameterExpression:
    """Return the expression of an evenly distributed number.

    Args:
        min_value: The least.
        max_value: The greatest.

    """
    return ParameterExpression("uniform", (min_value, max_value))


def quniform(min_value: float, max_value: float, q: float) -> ParameterExpression:
    """Return the expression of an evenly distributed number, rounded to multiples of `q`.

    Args:
        min_value: The least.
        max_value: The greatest.
        q: The distance of two values.

    """
    return ParameterExpression("quniform", (min_value, max_value, q))


def loguniform(min_value: float, max_value: float) -> ParameterExpression:
    """Return the expression of ``exp(x)`` for an evenly distributed ``x``.

    Args:
        min_value: The least ``x``.
        max_value: The greatest ``x``.

    """
    return ParameterExpression("loguniform", (min_value, max_value))


def qloguniform(min_value: float, max_value: float, q: float) -> ParameterExpression:
    """Return the expression of ``exp(x)`` for an evenly distributed ``x``, rounded to multiples of `q`.

    Args:
        min_value: The least ``x``.
        max_value: The greatest ``x``.
        q: The distance of two values.

    """
    return ParameterExpression("qloguniform", (min_value, max_value, q))


def normal(mu: float, sigma: float) -> ParameterExpression:
    """Return the expression of a normally distributed number.

    Args:
        mu: The mean.
        sigma: The standard deviation.

    """
    return ParameterExpression("normal", (mu, sigma))


def qnormal(mu: float, sigma: float, q: float) -> ParameterExpression:
    """Return the expression of a normally distributed number, rounded to multiples of `q`.

    Args:
        mu: The mean.
        sigma: The standard deviation.
        q: The distance of two values.

    """
    return ParameterExpression("qnormal", (mu, sigma, q))


def lognormal(mu: float, sigma: float) -> ParameterExpression:
    """Return the expression of ``exp(x)`` for a normally distributed ``x``.

    Args:
        mu: The mean of ``x``.
        sigma: The standard deviation of ``x``.

    """
    return ParameterExpression("lognormal", (mu, sigma))


def qlognormal(mu: float, sigma: float, q: float) -> ParameterExpression:
    """Return the expression of ``exp(x)`` for a normally distributed ``x``, rounded to multiples of `q`.

    Args:
        mu: The mean of ``x``.
        sigma: The standard deviation of ``x``.
        q: The distance of two values.

    """
    return ParameterExpression("qlognormal", (mu, sigma, q))


class HyperParameterSampling:
    """A way to draw points from a space of parameters.

    Args:
        parameter_space: The expression of each parameter by name.
        properties: More settings. None: none.

    """

    def __init__(self, parameter_space: Mapping[str, object], properties: Mapping[str, object] | None = None) -> None:
        self.parameter_space = dict(parameter_space)
        self.properties = dict(properties or {})


class RandomParameterSampling(HyperParameterSampling):
    """Sampling that draws each point by itself."""


class GridParameterSampling(HyperParameterSampling):
    """Sampling that takes every combination of choices."""


class BayesianParameterSampling(HyperParameterSampling):
    """Sampling that draws points near the best ones so far."""


class EarlyTerminationPolicy:
    """A rule that stops runs which do worse than others.

    Args:
        evaluation_interval: The number of reported metrics between two evaluations. Default: 1.
        delay_evaluation: The number of reported metrics before the first evaluation. Default: 0.

    """

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        self.evaluation_interval = evaluation_interval
        self.delay_evaluation = delay_evaluation


class BanditPolicy(EarlyTerminationPolicy):
    """A policy that stops runs which are worse than the best by a factor or an amount.

    Args:
        evaluation_interval: The number of reported metrics between two evaluations. Default: 1.
        slack_factor: The allowed distance to the best, as a ratio. None: `slack_amount` is given.
        slack_amount: The allowed distance to the best, in units of the metric. None: `slack_factor` is given.
        delay_evaluation: The number of reported metrics before the first evaluation. Default: 0.

    Raises:
        ValueError: Both distances are given, or neither.

    """

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        if (slack_factor is None) == (slack_amount is None):
            raise ValueError("BanditPolicy: give slack_factor or slack_amount, one of them")
        self.slack_factor = slack_factor
        self.slack_amount = slack_amount


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """A policy that stops runs which are worse than the median of the others' averages."""


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """A policy that stops the worst part of all runs.

    Args:
        truncation_percentage: The part to stop at each evaluation, in percent.
        evaluation_interval: The number of reported metrics between two evaluations. Default: 1.
        delay_evaluation: The number of reported metrics before the first evaluation. Default: 0.

    """

    def __init__(self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.truncation_percentage = truncation_percentage


class NoTerminationPolicy(EarlyTerminationPolicy):
    """A policy that stops nothing."""
