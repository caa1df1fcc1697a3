"""Which steps of an ended run stand, run and are left out when it is made again (pure)."""

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
    """What is asked for."""

    FAILED = "failed"
    """What did not deliver runs."""
    FROM = "from"
    """The named steps and all that depends on them run as well, whatever was done before."""
    ONLY = "only"
    """The named steps run, and nothing else."""


@dataclass(frozen=True)
class Part:
    """What is to be made again."""

    scope: Scope = Scope.FAILED
    steps: tuple[str, ...] = ()
    """Keys; none for FAILED."""


@dataclass(frozen=True)
class Choice:
    """What becomes of each step, each in the order of the plan."""

    stand: tuple[str, ...]
    """Keys of the steps whose outputs are taken as they are."""
    run: tuple[str, ...]
    """Keys of the steps that run, or for which an equal one is found."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Key to reason."""
    forced: tuple[str, ...] = ()
    """Those of `run` for which no equal may stand in."""


def choose(plan: Plan, state: RunState, part: Part, gone: AbstractSet[str] = frozenset()) -> Choice:
    """What becomes of each step of the ended run `state`; `gone`: delivered then, and no longer there.

    What runs takes all that depends on it along, except with ONLY: nothing stands on outputs that are made anew.
    Raises BadInput when a step is to run alone and something that it reads is not there.
    """
    there = {key for key, step in state.steps.items() if step.status in DELIVERED and key not in gone}
    if part.scope is Scope.ONLY:
        return _only(plan, state, frozenset(part.steps), there)
    forced = reached(plan, part.steps)
    run = reached(plan, {*part.steps, *(state.steps.keys() - there)})
    return Choice(_ordered(plan, plan.by_key.keys() - run), _ordered(plan, run), forced=_ordered(plan, forced))


def reached(plan: Plan, keys: Iterable[str]) -> set[str]:
    """`keys` and all that depends on them, directly or by way of others."""
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
    return Choice(_ordered(plan, stand), run, skipped, run)


def _unfed(plan: Plan, state: RunState, chosen: frozenset[str], there: set[str]) -> Iterable[Problem]:
    for key in _ordered(plan, chosen):
        step = plan.by_key[key]
        for need in _ordered(plan, (step.feeders if step.always else step.needs) - there - chosen):
            name = plan.by_key[need].name
            yield Problem(
                f"step '{step.name}' cannot run alone: it needs '{name}', and {_end_of(state.steps[need])}",
                f"run {state.run}",
                f"say --from {plan.names[need]}",
            )


def _end_of(step: StepState) -> str:
    if step.status in DELIVERED:
        return "its outputs are gone or were changed"
    return "it was not run" if step.status is StepStatus.SKIPPED else f"it {_VERBS.get(step.status, step.status.value)}"


_VERBS: Mapping[StepStatus, str] = {StepStatus.CANCELED: "was canceled"}


def _ordered(plan: Plan, keys: Iterable[str]) -> tuple[str, ...]:
    wanted = frozenset(keys)
    return tuple(step.key for step in plan.steps if step.key in wanted)
