"""Selection of the steps of an ended run that a retry reuses, runs and skips (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum

from ..dataclass import dataclass, field
from ..errors import BadInput, Problem
from ..model.plan import Plan
from ..model.state import RunState, StepState
from ..model.status import DELIVERED, StepStatus


class Scope(str, Enum):
    """The extent of a retry."""

    FAILED = "failed"
    """Run the steps that did not succeed."""
    FROM = "from"
    """Run the named steps and all that depend on them, even if they succeeded before."""
    ONLY = "only"
    """Run the named steps and nothing else."""


@dataclass(frozen=True)
class Part:
    """The part of a run to retry."""

    scope: Scope = Scope.FAILED
    steps: tuple[str, ...] = ()
    """Keys of steps; none for FAILED."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The decision for each step, each in the order of the plan."""

    stand: tuple[str, ...]
    """Keys of the steps whose outputs are reused as they are."""
    run: tuple[str, ...]
    """Keys of the steps that run, or reuse an equal step."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """The reason for each step that is skipped, by key."""
    forced: tuple[str, ...] = ()
    """Keys of the steps in `run` that may not reuse an equal step."""
    ended: Mapping[str, str] = field(default_factory=dict)
    """The reason for each trial that its search had stopped and that stays so, by key."""


def choose(plan: Plan, state: RunState, part: Part, gone: AbstractSet[str] = frozenset()) -> Choice:
    """Return the decision for each step of an ended run.

    A step that runs again also runs all steps that depend on it, except with ONLY. A trial that its search stopped runs
    again only if it is named or what it depends on runs again.

    Args:
        plan: The plan of the run.
        state: The run's final state.
        part: The part to retry.
        gone: Keys of the steps that had succeeded and whose outputs no longer exist.

    Raises:
        BadInput: A step shall run alone but one of its inputs does not exist.
    """
    there = {key for key, step in state.steps.items() if step.status in DELIVERED and key not in gone}
    if part.scope is Scope.ONLY:
        return _only(plan, state, frozenset(part.steps), there)
    canceled = (key for key, step in state.steps.items() if step.status is StepStatus.CANCELED)
    stopped = {key: state.steps[key].stopped for key in canceled if state.steps[key].stopped}
    forced = reached(plan, part.steps)
    run = reached(plan, {*part.steps, *(state.steps.keys() - there - stopped.keys())})
    ended = {key: stopped[key] for key in _ordered(plan, stopped.keys() - run)}
    return Choice(
        stand=_ordered(plan, plan.by_key.keys() - run - ended.keys()),
        run=_ordered(plan, run),
        forced=_ordered(plan, forced),
        ended=ended,
    )


def reached(plan: Plan, keys: Iterable[str]) -> set[str]:
    """Return `keys` and all steps that depend on them, directly or indirectly."""
    found: set[str] = set()
    queue = deque(keys)
    while queue:
        key = queue.popleft()
        if key not in found:
            found.add(key)
            queue.extend(plan.dependents[key])
    return found


def _only(plan: Plan, state: RunState, chosen: frozenset[str], there: set[str]) -> Choice:
    problems = tuple(_unfed(plan, state, chosen, there))
    if problems:
        raise BadInput(problems)
    stand = there - chosen
    left_out = _ordered(plan, plan.by_key.keys() - stand - chosen)
    names = ", ".join(f"'{plan.by_key[key].name}'" for key in _ordered(plan, chosen))
    skipped = {key: f"only {names} was to run, and {_end_of(state.steps[key])} in {state.run}" for key in left_out}
    run = _ordered(plan, chosen)
    return Choice(stand=_ordered(plan, stand), run=run, skipped=skipped, forced=run)


def _unfed(plan: Plan, state: RunState, chosen: frozenset[str], there: set[str]) -> Iterable[Problem]:
    for key in _ordered(plan, chosen):
        step = plan.by_key[key]
        for need in _ordered(plan, step.required - there - chosen):
            name = plan.by_key[need].name
            yield Problem(
                f"step '{step.name}' cannot run alone: it needs '{name}', and {_end_of(state.steps[need])}",
                f"run {state.run}",
                f"say --from {plan.names[need]}",
            )
        if step.search is not None and not (there | chosen).intersection(step.search.trials):
            what = f"step '{step.name}' cannot run alone: none of its trials has succeeded"
            yield Problem(what, f"run {state.run}", "say --failed")


def _end_of(step: StepState) -> str:
    if step.status in DELIVERED:
        return "its outputs are gone or were changed"
    return "it was not run" if step.status is StepStatus.SKIPPED else f"it {_VERBS.get(step.status, step.status.value)}"


_VERBS: Mapping[StepStatus, str] = {StepStatus.CANCELED: "was canceled"}


def _ordered(plan: Plan, keys: Iterable[str]) -> tuple[str, ...]:
    wanted = frozenset(keys)
    return tuple(step.key for step in plan.steps if step.key in wanted)
