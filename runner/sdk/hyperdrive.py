"""v1's words for a search over hyperparameters, as plain values. HyperDriveConfig, which runs one, is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from ..dataclass import dataclass


class PrimaryMetricGoal(str, Enum):
    """Which end of a metric is the good one."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"


@dataclass(frozen=True)
class ParameterExpression:
    """A distribution that values are drawn from."""

    kind: str
    arguments: tuple[object, ...]


def choice(*options: object) -> ParameterExpression:
    """One of the options; a single list is the list of options."""
    listed = options[0] if len(options) == 1 and isinstance(options[0], (list, tuple, range)) else options
    return ParameterExpression("choice", tuple(listed))


def randint(upper: int) -> ParameterExpression:
    """A whole number from 0 up to, not including, `upper`."""
    return ParameterExpression("randint", (upper,))


def uniform(min_value: float, max_value: float) -> ParameterExpression:
    """Evenly between the two."""
    return ParameterExpression("uniform", (min_value, max_value))


def quniform(min_value: float, max_value: float, q: float) -> ParameterExpression:
    """Evenly between the two, rounded to multiples of `q`."""
    return ParameterExpression("quniform", (min_value, max_value, q))


def loguniform(min_value: float, max_value: float) -> ParameterExpression:
    """``exp`` of an even draw between the two."""
    return ParameterExpression("loguniform", (min_value, max_value))


def qloguniform(min_value: float, max_value: float, q: float) -> ParameterExpression:
    """``exp`` of an even draw between the two, rounded to multiples of `q`."""
    return ParameterExpression("qloguniform", (min_value, max_value, q))


def normal(mu: float, sigma: float) -> ParameterExpression:
    """Normally distributed."""
    return ParameterExpression("normal", (mu, sigma))


def qnormal(mu: float, sigma: float, q: float) -> ParameterExpression:
    """Normally distributed, rounded to multiples of `q`."""
    return ParameterExpression("qnormal", (mu, sigma, q))


def lognormal(mu: float, sigma: float) -> ParameterExpression:
    """``exp`` of a normal draw."""
    return ParameterExpression("lognormal", (mu, sigma))


def qlognormal(mu: float, sigma: float, q: float) -> ParameterExpression:
    """``exp`` of a normal draw, rounded to multiples of `q`."""
    return ParameterExpression("qlognormal", (mu, sigma, q))


class HyperParameterSampling:
    """How points are drawn from a space of parameters."""

    def __init__(self, parameter_space: Mapping[str, object], properties: Mapping[str, object] | None = None) -> None:
        self.parameter_space = dict(parameter_space)
        self.properties = dict(properties or {})


class RandomParameterSampling(HyperParameterSampling):
    """Each point drawn by itself."""


class GridParameterSampling(HyperParameterSampling):
    """Every combination of choices."""


class BayesianParameterSampling(HyperParameterSampling):
    """Points drawn near the best ones so far."""


class EarlyTerminationPolicy:
    """When a run is stopped that does worse than others."""

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        self.evaluation_interval = evaluation_interval
        self.delay_evaluation = delay_evaluation


class BanditPolicy(EarlyTerminationPolicy):
    """Stops what is worse than the best by a factor or an amount."""

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
    """Stops what is worse than the median of the others' averages."""


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Stops the worst part of all runs."""

    def __init__(self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__(evaluation_interval, delay_evaluation)
        self.truncation_percentage = truncation_percentage


class NoTerminationPolicy(EarlyTerminationPolicy):
    """Stops nothing."""
