"""The status of a step as text: what it waits for, its attempts, and what comes next (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from math import ceil

from ..model.batch_words import progress_words
from ..model.plan import Plan
from ..model.record import Failure
from ..model.state import StepState
from ..model.status import DELIVERED, IN_FLIGHT, STEP_ENDS, StepStatus
from .search_progress import is_searching, progress_text
from .values import RunView
from .workers import count_in

_SHOWN = 3
"""The most steps that are named as waited for."""


def why(view: RunView, key: str, now: datetime) -> str:
    """Return the reason why the step waits, or how it ended, in one line; empty if there is none."""
    step = view.state.steps[key]
    if step.origin:
        return f"outputs of {step.origin}"
    if step.stopping and step.status in IN_FLIGHT:
        return f"{step.stopping}; it is being stopped"
    if step.status is StepStatus.WAITING and step.lost:
        return _tried_again(view, key, now)
    if step.status is StepStatus.RUNNING and key in view.batches:
        return progress_words(view.batches[key])
    ended = view.batches.get(key) if step.status is StepStatus.SUCCEEDED else None
    if ended is not None and (ended.failed or ended.failed_items):
        return progress_words(ended)
    if step.reason or step.status is not StepStatus.WAITING:
        return step.reason or ", ".join(_facts(view, key))
    search = view.plan.by_key[key].search
    if search is None:
        return _waits_for(view, key) or _turn(view, key) or _environment(view, key)
    if is_searching(view, key):
        return progress_text(view, key)
    return _waits_for(view, search.trials[0]) or _environment(view, key)  # what its trials wait for


def _facts(view: RunView, key: str) -> Iterator[str]:
    """Yield the number of workers of a step that has begun, and that of its attempt if there was another."""
    step = view.state.steps[key]
    workers = count_in(view, key) if step.attempt else 1
    if workers > 1:
        yield f"{workers} workers"
    if step.status in IN_FLIGHT and step.attempt > 1:
        yield f"attempt {step.attempt} of {attempts_of(view, key)}"


def failure_of(step: StepState) -> str:
    """Return the failure class of the step, or of its last attempt while another one follows; else empty."""
    failure = step.failure or (step.lost if step.status is StepStatus.WAITING else None)
    return failure.value if failure else ""


def attempts_of(view: RunView, key: str) -> int:
    """Return the maximum number of attempts if all fail like the last one; 0 before the first, 1 unless one failed."""
    step = view.state.steps[key]
    last = step.failure or step.lost
    if last is None or not step.attempt:
        return min(step.attempt, 1)
    from ..control.policy import attempts_granted  # it loads `random`: most looks at a run need none of it

    next_one = step.attempt + (step.status is StepStatus.WAITING)
    return max(attempts_granted(view.plan.by_key[key].policy, step.endings, last), next_one)


def class_of(view: RunView, key: str) -> str:
    """Return the class of a failed step and its attempts: ``oom, attempt 2 of 2``."""
    step = view.state.steps[key]
    return class_text(failure_of(step), step.attempt, attempts_of(view, key))


def class_text(failure: str, attempt: int, attempts: int) -> str:
    """Return ``user``, or ``oom, attempt 2 of 2`` if the policy allows several attempts."""
    return f"{failure}, attempt {attempt} of {attempts}" if attempts > 1 else failure


def environment_name(plan: Plan, key: str) -> str:
    """Return the name of the plan's environment with that key."""
    return plan.environments[key].name if key in plan.environments else key


def _tried_again(view: RunView, key: str, now: datetime) -> str:
    step = view.state.steps[key]
    seconds = ceil((step.not_before - now).total_seconds()) if step.not_before else 0
    pause = f" in {_span(seconds)}" if seconds > 0 else " comes next"
    kind = "" if step.lost is Failure.UNSTARTED else f"{failure_of(step)}: "
    return f"attempt {step.attempt + 1} of {attempts_of(view, key)}{pause}; {kind}{step.reason}"


def _span(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{seconds // 60} m {seconds % 60:02d} s"


def _waits_for(view: RunView, key: str) -> str:
    plan, spec = view.plan, view.plan.by_key[key]
    steps = view.state.steps
    awaited = {need for need in spec.required if steps[need].status not in DELIVERED}
    awaited.update(need for need in spec.awaited if steps[need].status not in STEP_ENDS)
    if not awaited:
        return ""
    missing = [plan.names[need] for need in sorted(awaited, key=plan.places.__getitem__)]
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    return f"waits for {', '.join(missing[:_SHOWN])}{more}"


def _turn(view: RunView, key: str) -> str:
    """Return a text if a trial waits for its turn; else empty."""
    spec = view.plan.by_key[key]
    search = view.plan.by_key[spec.trial_of].search if spec.trial_of in view.plan.by_key else None
    if search is None or view.state.steps[key].sampled:
        return ""
    return f"waits for its turn: {search.concurrent} trials at a time"


def _environment(view: RunView, key: str) -> str:
    """Return a text if the environment of the step is still being made; else empty."""
    wanted = view.plan.by_key[key].environment
    if any(environment == wanted for environment, _ in view.state.environments):
        return ""
    said = next((line for (name, _), line in view.state.making.items() if name == wanted), "")
    made = f"its environment '{environment_name(view.plan, wanted)}' is being built"
    return f"{made}: {said}" if said else made
