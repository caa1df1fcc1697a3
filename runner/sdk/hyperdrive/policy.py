"""v1's early termination policies: rules that stop trials which do worse than others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...model.search import Stopping, StoppingRule
from ...override import override
from ..base.exceptions import HyperDriveConfigException


class EarlyTerminationPolicy:
    """A rule that stops trials which do worse than others.

    Args:
        name: v1's name of the policy.
        properties: v1's settings of it. None: none.

    """

    def __init__(self, name: str, properties: Mapping[str, object] | None = None) -> None:
        self.name = name
        self.properties = None if properties is None else dict(properties)

    @property
    def rule(self) -> StoppingRule | None:
        """The rule in a plan; None: no trial is stopped."""
        return None

    def to_json(self) -> dict[str, object]:
        """Return v1's document of the policy."""
        return {"name": self.name, **({} if self.properties is None else {"properties": self.properties})}

    @override
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    @override
    def __hash__(self) -> int:
        return hash((type(self), self.name))

    @override
    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in (self.properties or {}).items())
        return f"{type(self).__name__}({given})"


class _IntervalPolicy(EarlyTerminationPolicy):
    """A policy that judges trials now and then, by its settings and those of the rule."""

    def __init__(self, name: str, kind: Stopping, interval: int, delay: int, **more: float) -> None:
        _check(type(self).__name__, interval, delay)
        super().__init__(name, {"evaluation_interval": interval, "delay_evaluation": delay, **more})
        self.evaluation_interval = interval
        self.delay_evaluation = delay
        self._kind = kind

    @property
    @override
    def rule(self) -> StoppingRule:
        """The rule in a plan."""
        return StoppingRule(kind=self._kind, interval=self.evaluation_interval, delay=self.delay_evaluation)


class BanditPolicy(_IntervalPolicy):
    """A policy that stops trials which are worse than the best one by a factor or an amount.

    Args:
        evaluation_interval: The number of logged values of the primary metric between two evaluations. Default: 1.
        slack_factor: The allowed distance to the best, as a ratio. None: `slack_amount` is given.
        slack_amount: The allowed distance to the best, in units of the metric. None: `slack_factor` is given.
        delay_evaluation: The number of logged values before the first evaluation. Default: 0.

    Raises:
        HyperDriveConfigException: Both distances are given, or neither; or a number is unfit.

    """

    def __init__(
        self,
        evaluation_interval: int = 1,
        slack_factor: float | None = None,
        slack_amount: float | None = None,
        delay_evaluation: int = 0,
    ) -> None:
        if (slack_factor is None) == (slack_amount is None):
            raise HyperDriveConfigException("BanditPolicy: give slack_factor or slack_amount, one of them")
        _check_slack("slack_factor", slack_factor)
        _check_slack("slack_amount", slack_amount)
        given = {"slack_factor": slack_factor, "slack_amount": slack_amount}
        slack = {name: value for name, value in given.items() if value is not None}
        super().__init__("Bandit", Stopping.BANDIT, evaluation_interval, delay_evaluation, **slack)
        self.slack_factor = slack_factor
        self.slack_amount = slack_amount

    @property
    @override
    def rule(self) -> StoppingRule:
        """The rule in a plan."""
        return replace(
            super().rule,
            slack_factor=None if self.slack_factor is None else float(self.slack_factor),
            slack_amount=None if self.slack_amount is None else float(self.slack_amount),
        )


class MedianStoppingPolicy(_IntervalPolicy):
    """A policy that stops trials whose best value is worse than the median of all trials' averages so far.

    Args:
        evaluation_interval: The number of logged values of the primary metric between two evaluations. Default: 1.
        delay_evaluation: The number of logged values before the first evaluation. Default: 0.

    Raises:
        HyperDriveConfigException: A number is unfit.

    """

    def __init__(self, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        super().__init__("MedianStopping", Stopping.MEDIAN, evaluation_interval, delay_evaluation)


class TruncationSelectionPolicy(_IntervalPolicy):
    """A policy that stops the worst part of the trials at each evaluation.

    Args:
        truncation_percentage: The part to stop, in percent, from 1 to 99.
        evaluation_interval: The number of logged values of the primary metric between two evaluations. Default: 1.
        delay_evaluation: The number of logged values before the first evaluation. Default: 0.

    Raises:
        HyperDriveConfigException: A number is unfit.

    """

    def __init__(self, truncation_percentage: int, evaluation_interval: int = 1, delay_evaluation: int = 0) -> None:
        _check_percentage(truncation_percentage)
        super().__init__(
            "TruncationSelection",
            Stopping.TRUNCATION,
            evaluation_interval,
            delay_evaluation,
            truncation_percentage=truncation_percentage,
        )
        self.truncation_percentage = truncation_percentage

    @property
    @override
    def rule(self) -> StoppingRule:
        """The rule in a plan."""
        return replace(super().rule, percentage=self.truncation_percentage)


class NoTerminationPolicy(EarlyTerminationPolicy):
    """A policy that stops nothing."""

    def __init__(self) -> None:
        super().__init__("Default")


def policy_of(rule: StoppingRule | None) -> EarlyTerminationPolicy:
    """Return the policy of a rule.

    Args:
        rule: The rule; None: no trial is stopped.

    """
    if rule is None:
        return NoTerminationPolicy()
    if rule.kind is Stopping.BANDIT:
        return BanditPolicy(rule.interval, rule.slack_factor, rule.slack_amount, rule.delay)
    if rule.kind is Stopping.MEDIAN:
        return MedianStoppingPolicy(rule.interval, rule.delay)
    return TruncationSelectionPolicy(rule.percentage, rule.interval, rule.delay)


def _check_slack(name: str, value: object) -> None:
    if value is not None and (not isinstance(value, (int, float)) or not value >= 0):
        raise HyperDriveConfigException(f"BanditPolicy: {name} must be a number from 0, not {value!r}")


def _check_percentage(value: object) -> None:
    if not isinstance(value, int) or not 1 <= value <= 99:
        raise HyperDriveConfigException(
            f"TruncationSelectionPolicy: truncation_percentage must be a whole number from 1 to 99, not {value!r}"
        )


def _check(policy: str, interval: object, delay: object) -> None:
    for name, value, least in (("evaluation_interval", interval, 1), ("delay_evaluation", delay, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise HyperDriveConfigException(f"{policy}: {name} must be a whole number from {least}, not {value!r}")
