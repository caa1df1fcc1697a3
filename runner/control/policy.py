"""What a policy grants: further attempts, the pause before one, its memory, and how long all may take (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from random import Random

from ..model.observation import Observation, Phase
from ..model.plan import Plan
from ..model.policy import DEFAULT, LONGEST_PAUSE, StepPolicy
from ..model.quantity import times
from ..model.record import Failure
from ..model.resources import Resources
from ..model.state import RunState
from ..model.task import TaskId, TimeLimits

Endings = Mapping[Failure, int]
"""How many attempts have failed in each way and were followed by another."""
_LOST = frozenset({Failure.LOST, Failure.STORE})
_OWN = frozenset({Failure.USER, Failure.TIMEOUT})


def may_retry(policy: StepPolicy, endings: Endings, failure: Failure) -> bool:
    """Whether another attempt follows: never after the script's own failure unless asked; always if it never began."""
    if failure is Failure.UNSTARTED:
        return True
    kinds, most = _granted(policy, failure)
    return sum(endings.get(kind, 0) for kind in kinds) < most


def _granted(policy: StepPolicy, failure: Failure) -> tuple[frozenset[Failure], int]:
    """The failures that count with this one, and the most attempts that may follow such."""
    if failure is Failure.DISRUPTED:
        return frozenset({failure}), int(_stated(policy, "disruption_retries"))
    if failure in _LOST:
        return _LOST, int(_stated(policy, "infrastructure_retries"))
    if failure is Failure.OOM and _stated(policy, "oom_factor") > 0:
        return frozenset({failure}), 1
    if failure in _OWN or failure is Failure.OOM:
        return _OWN | {Failure.OOM}, int(_stated(policy, "retries"))
    return frozenset(), 0


def attempts_granted(policy: StepPolicy, endings: Endings, failure: Failure) -> int:
    """The most attempts there can be when all that fail from here on fail like this."""
    kinds, most = _granted(policy, failure)
    return 1 + most + sum(many for kind, many in endings.items() if kind not in kinds)


def pause_before(policy: StepPolicy, endings: Endings, failure: Failure, task: TaskId) -> float:
    """Seconds until the attempt after `task` may start: doubling, and spread so that many do not come at once.

    "Equal jitter": half of the pause is certain, half is drawn, by the attempt's own name, so that asking again gives
    the same.
    """
    if failure is Failure.UNSTARTED:
        return 0.0
    before = sum(many for kind, many in endings.items() if kind is not Failure.UNSTARTED)
    pause = min(LONGEST_PAUSE, _stated(policy, "backoff") * 2.0 ** min(before, 30))
    return pause * (0.5 + 0.5 * Random(f"{task.run}/{task.key}/{task.attempt}").random())  # noqa: S311 - no secret


def is_due(not_before: datetime | None, now: datetime) -> bool:
    """Whether the pause is over; also when the clock was put back, as none is longer than `LONGEST_PAUSE`."""
    return not_before is None or now >= not_before or (not_before - now).total_seconds() > LONGEST_PAUSE


def resources_for(wish: Resources, policy: StepPolicy, endings: Endings) -> Resources:
    """What the next attempt asks for: more memory after memory ran out, if the policy says so."""
    factor = _stated(policy, "oom_factor") ** endings.get(Failure.OOM, 0)
    if factor in (0.0, 1.0):
        return wish
    more = times(wish.memory_limit, factor) if wish.memory_limit else ""
    return replace(wish, memory=times(wish.memory, factor), memory_limit=more)


def time_limits(policy: StepPolicy) -> TimeLimits:
    """Return what the policy grants each phase of an attempt, for whoever keeps to it without a controller."""
    return TimeLimits(*(_stated(policy, f"{phase}_timeout") for phase in ("queue", "start", "run")))


def overdue(policy: StepPolicy, seen: Observation) -> str:
    """Why the attempt takes too long, in words; empty: it does not, or nobody knows."""
    name, doing = _limit_of(seen)
    limit = _stated(policy, name)
    if seen.elapsed is None or not limit or seen.elapsed <= limit:
        return ""
    reason = f": {seen.reason}" if seen.reason else ""
    return f"it was {doing} for more than {span(limit)} ({name}){reason}"


def run_overdue(plan: Plan, state: RunState, now: datetime) -> str:
    """Why the run takes too long, in words; empty: it does not."""
    deadline = plan.policy.deadline
    if not deadline or state.created is None or state.overdue:
        return ""
    awake = (now - state.created).total_seconds() - state.slept
    return f"the run's deadline of {span(deadline)} has passed" if awake > deadline else ""


def span(seconds: float) -> str:
    """A time for people: ``90 s``, ``15 min``, ``2 h``."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size and seconds % size == 0:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:g} s"


def _limit_of(seen: Observation) -> tuple[str, str]:
    if seen.phase is Phase.RUNNING:
        return "run_timeout", "running"
    return ("start_timeout", "starting") if seen.placed else ("queue_timeout", "waiting for a place")


def _stated(policy: StepPolicy, name: str) -> float:
    said = getattr(policy, name)
    return float(getattr(DEFAULT, name) if said is None else said)
