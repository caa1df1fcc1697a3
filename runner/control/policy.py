"""Apply a policy: further attempts, pauses, memory, and time limits (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Mapping

from ..model.observation import Observation, Phase
from ..model.plan import Plan
from ..model.policy import DEFAULT, LONGEST_PAUSE, StepPolicy
from ..model.quantity import times
from ..model.record import Failure
from ..model.resources import Resources
from ..model.state import RunState
from ..model.task import TaskId, TimeLimits

Endings = Mapping[Failure, int]
"""The number of attempts that failed in each way and were followed by another attempt."""
_LOST = frozenset({Failure.LOST, Failure.STORE})
_OWN = frozenset({Failure.USER, Failure.TIMEOUT})


def may_retry(policy: StepPolicy, endings: Endings, failure: Failure) -> bool:
    """Return True if another attempt follows: a script's own failure on request, a lost start always."""
    if failure is Failure.UNSTARTED:
        return True
    kinds, most = _granted(policy, failure)
    return sum(endings.get(kind, 0) for kind in kinds) < most


def _granted(policy: StepPolicy, failure: Failure) -> tuple[frozenset[Failure], int]:
    """Return the failures counted together with this one, and the most attempts that may follow them."""
    if failure is Failure.DISRUPTED:
        return frozenset({failure}), int(_stated(policy, "disruption_retries"))
    if failure in _LOST:
        return _LOST, int(_stated(policy, "infrastructure_retries"))
    if failure is Failure.OOM and _stated(policy, "retry_oom") > 0:
        return frozenset({failure}), 1
    if failure in _OWN or failure is Failure.OOM:
        return _OWN | {Failure.OOM}, int(_stated(policy, "retries"))
    return frozenset(), 0


def attempts_granted(policy: StepPolicy, endings: Endings, failure: Failure) -> int:
    """Return the most attempts possible if every further one fails in the same way."""
    kinds, most = _granted(policy, failure)
    return 1 + most + sum(many for kind, many in endings.items() if kind not in kinds)


def pause_before(policy: StepPolicy, endings: Endings, failure: Failure, task: TaskId) -> float:
    """Return the seconds until the attempt after `task` may start: exponential backoff with equal jitter.

    Half of the pause is fixed and half is drawn from the attempt's name, so that attempts do not start together and a
    repeated call returns the same value.
    """
    if failure is Failure.UNSTARTED:
        return 0.0
    before = sum(many for kind, many in endings.items() if kind is not Failure.UNSTARTED)
    pause = min(LONGEST_PAUSE, _stated(policy, "backoff") * 2.0 ** min(before, 30))
    return pause * (0.5 + 0.5 * Random(f"{task.run}/{task.key}/{task.attempt}").random())  # noqa: S311 - no secret


def is_due(not_before: datetime | None, now: datetime) -> bool:
    """Return True if the pause is over, or the clock was set back: no pause is longer than `LONGEST_PAUSE`."""
    return not_before is None or now >= not_before or (not_before - now).total_seconds() > LONGEST_PAUSE


def resources_for(wish: Resources, policy: StepPolicy, endings: Endings) -> Resources:
    """Return the resources of the next attempt: more memory after an out-of-memory failure, if the policy grants it."""
    factor = _stated(policy, "retry_oom") ** endings.get(Failure.OOM, 0)
    if factor in (0.0, 1.0):
        return wish
    more = times(wish.memory_limit, factor) if wish.memory_limit else ""
    return replace(wish, memory=times(wish.memory, factor), memory_limit=more)


def time_limits(policy: StepPolicy) -> TimeLimits:
    """Return the time limits of each phase of an attempt, for a target that enforces them without a controller."""
    return TimeLimits(*(_stated(policy, f"{phase}_timeout") for phase in ("queue", "start", "run")))


def overdue(policy: StepPolicy, seen: Observation) -> str:
    """Return the reason why the attempt is past a time limit; empty if it is not, or its time is unknown."""
    name, doing = _limit_of(seen)
    limit = _stated(policy, name)
    if seen.elapsed is None or not limit or seen.elapsed <= limit:
        return ""
    reason = f": {seen.reason}" if seen.reason else ""
    return f"it was {doing} for more than {span(limit)} ({name}){reason}"


def run_overdue(plan: Plan, state: RunState, now: datetime) -> str:
    """Return the reason why the run is past its deadline; empty if it is not."""
    deadline = plan.policy.deadline
    if not deadline or state.created is None or state.overdue:
        return ""
    awake = (now - state.created).total_seconds() - state.slept
    return f"the run's deadline of {span(deadline)} has passed" if awake > deadline else ""


def span(seconds: float) -> str:
    """Format a time for people: ``90 s``, ``15 min``, ``2 h``."""
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
