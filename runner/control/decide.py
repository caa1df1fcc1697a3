"""Decide the next actions from the state of a run and the observations of its targets (pure).

The cost grows with the steps in flight and those that may start, not with ended steps or steps that wait for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime

from ..dataclass import dataclass
from ..model.observation import LIVE, Observation
from ..model.plan import Plan
from ..model.state import RunState, StepState
from ..model.status import IN_FLIGHT, STEP_ENDS, RunStatus, StepStatus
from ..model.step import StepSpec
from ..model.task import TaskId
from .actions import Action, Prepare, ReadOutcome, Remove, Start, Stop
from .policy import is_due
from .progress import Progress


@dataclass(frozen=True, kw_only=True)
class Situation:
    """The input of a decision."""

    draft: Progress
    """The journal's state plus the events of this tick."""
    journaled: RunState
    """The journal's state alone: destructive actions wait until the journal has their cause."""
    seen: Mapping[TaskId, Observation]
    capacity: Mapping[str, int]
    """The most attempts in flight at once, by target."""
    now: datetime
    just_started: AbstractSet[TaskId] = frozenset()
    """Attempts started moments ago: a target may not show them yet."""
    missed: AbstractSet[str] = frozenset()
    """Steps without an equal step in earlier runs."""

    @property
    def plan(self) -> Plan:
        """The run's plan."""
        return self.draft.plan

    @property
    def state(self) -> RunState:
        """The newest state, with the events of this tick."""
        return self.draft.state

    def target_of(self, key: str) -> str:
        """Return the name of the target that a step runs on."""
        submission = self.state.submission
        return submission.targets[key] if submission else ""


def decide(now: Situation) -> tuple[Action, ...]:
    """Return the actions of this tick in the order in which they are carried out."""
    if now.state.status is RunStatus.CANCELING:
        return (*_stops(now), *_removals(now))
    return (*_inquiries(now), *_stops(now), *_preparations(now), *_starts(now), *_removals(now))


def may_reuse(state: RunState, step: StepSpec, missed: AbstractSet[str]) -> bool:
    """Return True if an equal step of an earlier run may replace this one, as far as is known."""
    known = state.steps[step.key]
    submission = state.submission
    fresh = known.status is StepStatus.WAITING and known.attempt == 0 and (not step.trial_of or bool(known.sampled))
    if submission is None or submission.regenerate_outputs or step.key in submission.forced_keys:
        return False
    goes_on = state.status is RunStatus.RUNNING
    return goes_on and step.reuse and not step.always and fresh and step.key not in missed


def reusable(now: Progress, missed: AbstractSet[str]) -> list[StepSpec]:
    """Return the steps to look up for reuse now: those that wait for no other step."""
    unknown = [now.plan.by_key[key] for key in now.ready if key not in missed]
    return [step for step in unknown if may_reuse(now.state, step, missed)]


def _preparations(now: Situation) -> Iterator[Action]:
    if not _something_runs(now):
        return
    known = now.state
    for pair, keys in now.draft.users.items():
        unknown = pair not in known.environments and pair not in known.broken
        if unknown and any(known.steps[key].status is StepStatus.WAITING for key in keys):
            yield Prepare(*pair)


def _something_runs(now: Situation) -> bool:
    """Return True if some step must run. While every step may be reused, no environment is built."""
    submission = now.state.submission
    fresh = submission is not None and not submission.regenerate_outputs and not submission.forced
    if not fresh or now.missed or now.state.step_counts.attempts:
        return True
    return any(now.state.steps[key].status is StepStatus.WAITING for key in now.plan.unreusable)


def _starts(now: Situation) -> Iterator[Action]:
    room = _Capacity(now)
    for key in now.draft.ready:
        if room.full:
            return
        step, target = now.plan.by_key[key], now.target_of(key)
        prepared = (step.environment, target) in now.state.environments
        if prepared and _is_free(now, step) and room.take(step):
            yield Start(key, now.state.steps[key].attempt + 1, target)


def _is_free(now: Situation, step: StepSpec) -> bool:
    """Return True if a ready step may start: it cannot be reused and its pause is over."""
    known = now.state.steps[step.key]
    # A new attempt waits for the journal, so that a controller that resumes knows the previous attempt was given up,
    # and the values of a trial.
    before = now.journaled.steps[step.key]
    journaled = before.status is StepStatus.WAITING and before.sampled == known.sampled
    if step.search is not None:  # it reads of the ends of its trials in the journal
        journaled = journaled and all(now.journaled.steps[trial].status in STEP_ENDS for trial in step.awaited)
    return journaled and is_due(known.not_before, now.now) and not may_reuse(now.state, step, now.missed)


class _Capacity:
    """The attempts that may still start: in the run, on each target, and for each compute name with a limit.

    A limit of a compute counts nodes, so a step with workers takes as many as it has.
    """

    def __init__(self, now: Situation) -> None:
        submission = now.state.submission
        self.now = now
        self.limits = submission.limits if submission else {}
        self.values = {**now.plan.parameters, **(submission.parameters if submission else {})}
        self.taken: Counter[tuple[str, str]] = Counter()
        for key in now.state.step_counts.live:
            self._add(self._places(now.plan.by_key[key]))

    @property
    def full(self) -> bool:
        """Return True if no further attempt may start."""
        most = self.now.plan.policy.max_parallel
        if most and self.taken["run", ""] >= most:
            return True
        return all(self.taken["target", name] >= slots for name, slots in self.now.capacity.items())

    def take(self, step: StepSpec) -> bool:
        """Reserve capacity for one attempt. Returns False if there is none."""
        places = self._places(step)
        if any(self.taken[place] + number > most for place, (number, most) in places.items()):
            return False
        self._add(places)
        return True

    def _add(self, places: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        for place, (number, _) in places.items():
            self.taken[place] += number

    def _places(self, step: StepSpec) -> dict[tuple[str, str], tuple[int, int]]:
        """Return how much an attempt takes of each limit, and that limit."""
        target = self.now.target_of(step.key)
        places = {("target", target): (1, self.now.capacity.get(target, 0))}
        if step.compute in self.limits:
            most = self.limits[step.compute]
            nodes = step.workers.bound(self.values).nodes if step.workers else 1
            places["compute", step.compute] = (min(nodes, most), most)  # more is refused at submission
        if self.now.plan.policy.max_parallel:
            places["run", ""] = (1, self.now.plan.policy.max_parallel)
        return places


def _inquiries(now: Situation) -> Iterator[Action]:
    for key in sorted(now.state.step_counts.live):
        step = now.state.steps[key]
        task = TaskId(now.state.run, key, step.attempt)
        # The outcome of an attempt that is being stopped is read anyway, and it can end only once.
        # An attempt that was seen running has been shown: if it is absent now, it is gone, however new it is.
        not_shown_yet = task in now.just_started and step.status is not StepStatus.RUNNING
        if task not in now.seen and not not_shown_yet and not now.journaled.steps[key].stopping:
            yield ReadOutcome(task)


def _stops(now: Situation) -> Iterator[Action]:
    """Yield the stop actions: attempts of a canceled run, attempts past a time limit, and stopped trials."""
    canceling = now.journaled.status is RunStatus.CANCELING
    for key in sorted(now.journaled.step_counts.live):
        step = now.journaled.steps[key]
        ended = now.state.steps[key].status not in IN_FLIGHT  # it may just have been seen to end by itself
        if (canceling or step.stopping) and not ended:
            yield Stop(TaskId(now.state.run, key, step.attempt), step.uid, now.target_of(key))


def _removals(now: Situation) -> Iterator[Action]:
    for task, observation in now.seen.items():
        step = now.journaled.steps.get(task.key)
        if step is not None and (step.status in STEP_ENDS or task.attempt < step.attempt or _lost(step, task)):
            # An attempt that was given up may still run, and must be stopped.
            action = Stop if observation.phase in LIVE else Remove
            yield action(task, observation.uid, now.target_of(task.key))


def _lost(step: StepState, task: TaskId) -> bool:
    return step.status is StepStatus.WAITING and task.attempt <= step.attempt
