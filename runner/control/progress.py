"""A run's state with the steps that can start, updated with each event so that no tick looks at every step (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from ..dataclass import dataclass
from ..model import events as e
from ..model.plan import Plan
from ..model.search import Search
from ..model.state import RunState, fold
from ..model.status import DELIVERED, STEP_ENDS, StepStatus
from ..model.step import StepSpec

Keys = Mapping[str, None]
"""An ordered set of step keys."""


@dataclass(frozen=True)
class TrialProgress:
    """The trials of one search."""

    search: Search
    next: int = 0
    """The number of the first trial that waits and has no values yet; the number of all if there is none."""
    active: frozenset[str] = frozenset()
    """The keys of the trials that have values and have not ended."""
    begun: float | None = None
    """`StepState.begun` of the trial that started first; None: none has started."""

    def after(self, state: RunState, keys: Iterable[str]) -> TrialProgress:
        """Return the progress after changes of some of its trials."""
        active, begun = set(self.active), self.begun
        for key in keys:
            trial = state.steps[key]
            goes_on = trial.sampled and trial.status not in STEP_ENDS
            (active.add if goes_on else active.discard)(key)
            if trial.begun is not None:
                begun = trial.begun if begun is None else min(begun, trial.begun)
        number, trials = self.next, self.search.trials
        while number < len(trials) and not is_undrawn(state, trials[number]):
            number += 1
        return TrialProgress(self.search, number, frozenset(active), begun)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A state of a run and the steps that can start."""

    plan: Plan
    state: RunState
    ready: Keys
    """The keys of the steps that wait for no other step; trials only with their values."""
    users: Mapping[tuple[str, str], tuple[str, ...]]
    """The keys of the steps that use an environment on a target, by both."""
    searches: Mapping[str, TrialProgress]
    """The progress of each search, by the key of its step."""

    def after(self, entry: e.JournalEntry) -> Progress:
        """Return the progress after one more entry, at the cost of its events and of their steps' dependents."""
        state, keys = fold(self.state, [entry]), keys_of(entry.events)
        return Progress(
            plan=self.plan,
            state=state,
            ready=_ready_after(self, state, keys),
            users=self.users,
            searches=_searches_after(self, state, keys),
        )


def progress_of(plan: Plan, state: RunState) -> Progress:
    """Compute the progress of a submitted run from its state."""
    targets = state.submission.targets if state.submission else None
    searches = {step.key: TrialProgress(step.search) for step in plan.searches if step.search}
    return Progress(
        plan=plan,
        state=replace(state, counted=state.step_counts),  # else each tick would count before the first step moves
        ready={step.key: None for step in plan.steps if is_ready(state, step)},
        users={} if targets is None else plan.users(targets),
        searches={key: trials.after(state, trials.search.trials) for key, trials in searches.items()},
    )


def is_ready(state: RunState, step: StepSpec) -> bool:
    """Return True if the step waits, and for no other step. A trial waits for its values too."""
    known = state.steps[step.key]
    return known.status is StepStatus.WAITING and (not step.trial_of or bool(known.sampled)) and is_fed(state, step)


def is_fed(state: RunState, step: StepSpec) -> bool:
    """Return True if the steps that must have succeeded or ended have done so; of a search's trials, one succeeded."""
    steps = state.steps
    over = all(steps[need].status in STEP_ENDS for need in step.awaited)
    if not over or not all(steps[need].status in DELIVERED for need in step.required):
        return False
    return step.search is None or any(steps[trial].status in DELIVERED for trial in step.search.trials)


def is_undrawn(state: RunState, key: str) -> bool:
    """Return True if a trial may still get its values."""
    trial = state.steps[key]
    return trial.status is StepStatus.WAITING and not trial.sampled


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


def _searches_after(before: Progress, state: RunState, keys: tuple[str, ...]) -> Mapping[str, TrialProgress]:
    touched: dict[str, list[str]] = {}
    for key in keys if before.searches else ():
        search = before.plan.by_key[key].trial_of
        if search:
            touched.setdefault(search, []).append(key)
    if not touched:
        return before.searches
    return {key: one.after(state, touched[key]) if key in touched else one for key, one in before.searches.items()}
