"""A run's state with the steps that can start, updated with each event so that no tick looks at every step (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..dataclass import dataclass
from ..model import events as e
from ..model.plan import Plan
from ..model.state import RunState, fold
from ..model.status import DELIVERED, STEP_ENDS, StepStatus
from ..model.step import StepSpec

Keys = Mapping[str, None]
"""An ordered set of step keys."""


@dataclass(frozen=True)
class Progress:
    """A state of a run and the steps that can start."""

    plan: Plan
    state: RunState
    ready: Keys
    """The keys of the steps that wait for no other step."""
    users: Mapping[tuple[str, str], tuple[str, ...]]
    """The keys of the steps that use an environment on a target, by both."""

    def after(self, entry: e.JournalEntry) -> Progress:
        """Return the progress after one more entry, at the cost of its events and of their steps' dependents."""
        state = fold(self.state, [entry])
        return Progress(self.plan, state, _ready_after(self, state, keys_of(entry.events)), self.users)


def progress_of(plan: Plan, state: RunState) -> Progress:
    """Compute the progress of a submitted run from its state."""
    targets = state.submission.targets if state.submission else None
    users = {} if targets is None else plan.users(targets)
    counted = replace(state, counted=state.step_counts)  # else each tick would count before the first step moves
    return Progress(plan, counted, {step.key: None for step in plan.steps if is_ready(state, step)}, users)


def is_ready(state: RunState, step: StepSpec) -> bool:
    """Return True if the step waits, and for no other step."""
    return state.steps[step.key].status is StepStatus.WAITING and is_fed(state, step)


def is_fed(state: RunState, step: StepSpec) -> bool:
    """Return True if the step's inputs exist. A step with `always` needs only the outputs that it reads."""
    if step.always:
        over = all(state.steps[need].status in STEP_ENDS for need in step.needs)
        return over and all(state.steps[need].status in DELIVERED for need in step.feeders)
    return all(state.steps[need].status in DELIVERED for need in step.needs)


def keys_of(events: Iterable[e.Event]) -> tuple[str, ...]:
    """Return the keys of the steps that the events concern, each once."""
    return tuple(dict.fromkeys(event.key for event in events if hasattr(event, "key")))


def _ready_after(before: Progress, state: RunState, keys: tuple[str, ...]) -> Keys:
    plan, ready = before.plan, dict(before.ready)
    for key in keys:
        waiting = plan.dependents[key] if state.steps[key].status in STEP_ENDS else ()
        for touched in (key, *waiting):
            if is_ready(state, plan.by_key[touched]):
                ready.setdefault(touched)
            else:
                ready.pop(touched, None)
    return ready
