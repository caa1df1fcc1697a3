"""Decide which trials of a search are stopped early, from the metrics that all have logged so far (pure).

The rules are those of v1 (https://learn.microsoft.com/azure/machine-learning/v1/how-to-tune-hyperparameters-v1, "Early
termination"). A trial is judged at the number of its newest value that is a multiple of the rule's interval and not
below its delay. Of all trials only the values up to that number count, so that a young trial is not compared with what
old ones have reached later. A value that is no finite number (NaN, infinity) is worse than any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, median

from ..model.search import Goal, Search, Stopping, StoppingRule

Values = Mapping[str, Sequence[float]]
"""The logged values of the metric, oldest first, by trial."""


def stops(search: Search, values: Values, running: Iterable[str]) -> dict[str, str]:
    """Return the trials to stop now.

    Args:
        search: The search. Without a rule, no trial is stopped.
        values: The values that each trial has logged, by its key; trials that have ended belong to it.
        running: The keys of the trials that run, which may be stopped.

    Returns:
        The reason for each trial to stop, by its key.

    """
    rule, sign = search.rule, 1.0 if search.goal is Goal.MAXIMIZE else -1.0
    if rule is None:
        return {}
    scores = {key: [_score(value, sign) for value in logged] for key, logged in values.items() if logged}
    found: dict[str, str] = {}
    for key in running:
        number = judged_number(rule, len(scores.get(key, ())))
        least = _least(rule, scores, number) if number else -math.inf
        best = max(scores[key][:number]) if number else math.inf
        if best < least:
            times = f"{number} value" if number == 1 else f"{number} values"
            limit = f"the {'least' if sign > 0 else 'most'} allowed is {sign * least:.6g}"
            found[key] = f"early termination ({rule.kind.value}): " + (
                f"its best {search.metric} of {times} is {sign * best:.6g}, and {limit}"
                if math.isfinite(best)
                else f"it has logged no finite {search.metric} in {times}"
            )
    return found


def judged_number(rule: StoppingRule, logged: int) -> int:
    """Return the number of the value at which a trial is judged; 0: it is not judged yet.

    Args:
        rule: The rule.
        logged: The number of values that the trial has logged.

    """
    number = logged - logged % rule.interval
    return number if number >= rule.delay else 0


def _score(value: float, sign: float) -> float:
    """Return a value for which more is better."""
    return sign * value if math.isfinite(value) else -math.inf


def _least(rule: StoppingRule, scores: Mapping[str, Sequence[float]], number: int) -> float:
    """Return the least score that a trial may have as its best of `number` values."""
    return _RULES[rule.kind](rule, scores, number)


def _bandit(rule: StoppingRule, scores: Mapping[str, Sequence[float]], number: int) -> float:
    top = max(max(logged[:number]) for logged in scores.values())
    if rule.slack_amount is not None:
        return top - rule.slack_amount
    # v1: best / (1 + factor) to maximize, best * (1 + factor) to minimize. For a best value of the other sign these
    # would be above it, and stop the best trial itself.
    factor = 1.0 + (rule.slack_factor or 0.0)
    return top / factor if top >= 0 else top * factor


def _median(_rule: StoppingRule, scores: Mapping[str, Sequence[float]], number: int) -> float:
    return median(fmean(logged[:number]) for logged in scores.values())


def _truncation(rule: StoppingRule, scores: Mapping[str, Sequence[float]], number: int) -> float:
    """Return the score of the worst trial that stays; only trials that have come so far are counted."""
    best = sorted(max(logged[:number]) for logged in scores.values() if len(logged) >= number)
    return best[len(best) * rule.percentage // 100]


_RULES: Mapping[Stopping, Callable[[StoppingRule, Mapping[str, Sequence[float]], int], float]] = {
    Stopping.BANDIT: _bandit,
    Stopping.MEDIAN: _median,
    Stopping.TRUNCATION: _truncation,
}
