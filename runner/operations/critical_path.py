"""The critical path of a run: the chain of steps that decided when it ended (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ..dataclass import dataclass
from ..model.plan import Plan


@dataclass(frozen=True)
class Span:
    """The time of one step."""

    began: datetime
    ended: datetime


def critical_path(plan: Plan, spans: Mapping[str, Span]) -> tuple[str, ...]:
    """Return the keys of the steps on the critical path, the first one first.

    The path ends at the step that ended last. Before each step comes that step it has waited for which ended last.

    Args:
        plan: The plan.
        spans: The time of each step that has begun, by its key. One that still runs ends now.

    Returns:
        The keys; none if no step has begun.

    """
    last = _last(spans, spans, plan.places)
    path: list[str] = []
    while last and last not in path:
        path.append(last)
        last = _last(waits_for(plan, last), spans, plan.places)
    return tuple(reversed(path))


def waits_for(plan: Plan, key: str) -> frozenset[str]:
    """Return the keys of all steps that a step waits for.

    Args:
        plan: The plan.
        key: The step's key.

    """
    step = plan.by_key[key]
    if step.always and not step.needs:  # it waits for all that do not wait in this way
        return frozenset(each.key for each in plan.steps if not (each.always and not each.needs))
    return step.needs


def _last(keys: Iterable[str], spans: Mapping[str, Span], places: Mapping[str, int]) -> str:
    """Return the key that ended last; of several the one that began last, then the last one of the plan."""
    known = [key for key in keys if key in spans]
    return max(known, key=lambda key: (spans[key].ended, spans[key].began, places[key]), default="")
