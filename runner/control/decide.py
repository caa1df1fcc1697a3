"""What to do next: the state of a run and what its targets say, to actions and events (pure)."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from ..dataclass import dataclass
from ..model import events as e
from ..model.observation import LIVE, Observation
from ..model.plan import Plan
from ..model.record import Failure
from ..model.state import RunState, StepState
from ..model.status import DELIVERED, STEP_ENDS, RunStatus, StepStatus
from ..model.step import StepSpec
from ..model.task import TaskId
from .actions import Action, Inquire, Prepare, Remove, Start, Stop
from .notice import IN_FLIGHT

_UNDELIVERED = STEP_ENDS - DELIVERED


@dataclass(frozen=True)
class Situation:
    """All that a decision depends on."""

    plan: Plan
    state: RunState
    """The journal's fold plus what this tick has noticed."""
    journaled: RunState
    """The journal's fold alone: destructive effects wait for it."""
    seen: Mapping[TaskId, Observation]
    capacity: Mapping[str, int]
    """The most attempts at a time, by target."""
    settling: frozenset[TaskId] = frozenset()
    """Started moments ago: their absence from `seen` means nothing yet."""
    missed: frozenset[str] = frozenset()
    """Steps known to have no equal among earlier ones."""

    def target_of(self, key: str) -> str:
        """The name of the target a step runs on."""
        submission = self.state.submission
        return submission.targets[key] if submission else ""


def settle(plan: Plan, state: RunState) -> tuple[e.Event, ...]:
    """Events that follow from the state alone: all steps that can never start."""
    if state.status is RunStatus.RUNNING and not state.broken and _all_well(state):
        return ()
    fates = {key: step.status for key, step in state.steps.items()}
    waiting = [plan.by_key[key] for key, status in fates.items() if status is StepStatus.WAITING]
    if state.status is RunStatus.CANCELING:
        return tuple(e.StepCanceled(step.key) for step in waiting)
    broken = tuple(_broken(waiting, state, fates))
    fates.update({event.key: StepStatus.FAILED for event in broken})
    strict = state.submission is not None and not state.submission.continue_on_step_failure
    given_up = tuple(_given_up(plan, waiting, fates)) if strict else ()
    return (*broken, *_blocked(plan, waiting, fates), *given_up)


def end_of(state: RunState) -> e.RunEnded | None:
    """The last event, once every step has ended."""
    if state.over or any(step.status not in STEP_ENDS for step in state.steps.values()):
        return None
    statuses = {step.status for step in state.steps.values()}
    if StepStatus.CANCELED in statuses and state.status is RunStatus.CANCELING:
        return e.RunEnded(RunStatus.CANCELED)
    failed = bool(statuses & _UNDELIVERED)
    return e.RunEnded(RunStatus.FAILED if failed else RunStatus.SUCCEEDED)


def decide(now: Situation) -> tuple[Action, ...]:
    """The actions of this tick, in the order they are to be done."""
    if now.state.status is RunStatus.CANCELING:
        return (*_stops(now), *_removals(now))
    return (*_inquiries(now), *_preparations(now), *_starts(now), *_removals(now))


_Fates = dict[str, StepStatus]
"""By step key: its status as far as it is decided."""


def _broken(waiting: list[StepSpec], state: RunState, fates: _Fates) -> Iterator[e.StepFailed]:
    """Steps whose environment cannot be made, unless what they need keeps them from starting anyhow."""
    submission = state.submission
    for step in waiting if submission and state.broken else ():
        reason = state.broken.get((step.environment, submission.targets[step.key])) if submission else None
        if reason is not None and not _blockers(step, fates):
            yield e.StepFailed(step.key, Failure.IMAGE, reason)


def _given_up(plan: Plan, waiting: list[StepSpec], fates: _Fates) -> Iterator[e.StepSkipped]:
    """All that waits for nothing that failed, once anything has: the run stops at its first failure."""
    failed = next((key for key, status in fates.items() if status is StepStatus.FAILED), "")
    free = [step for step in waiting if fates[step.key] is StepStatus.WAITING and not _blockers(step, fates)]
    for step in free if failed else ():
        fates[step.key] = StepStatus.SKIPPED
        name = plan.by_key[failed].name
        yield e.StepSkipped(step.key, f"'{name}' failed, and the run stops at its first failure")


def _blocked(plan: Plan, waiting: list[StepSpec], fates: _Fates) -> Iterator[e.StepSkipped]:
    """What needs an output that will never be there, directly or by way of others: each step once."""
    dependents: dict[str, list[str]] = defaultdict(list)
    for step in waiting:
        for need in sorted(step.needs):
            dependents[need].append(step.key)
    open_ends = deque(key for key in sorted(dependents) if fates[key] in _UNDELIVERED)
    while open_ends:
        need = open_ends.popleft()
        for key in dependents[need]:
            if fates[key] is StepStatus.WAITING:
                yield e.StepSkipped(key, f"it needs '{plan.by_key[need].name}', which {_fate(fates[need])}")
                fates[key] = StepStatus.SKIPPED
                open_ends.append(key)


def _blockers(step: StepSpec, fates: _Fates) -> list[str]:
    return [need for need in step.needs if fates[need] in _UNDELIVERED]


def _all_well(state: RunState) -> bool:
    return not any(step.status in _UNDELIVERED for step in state.steps.values())


def _fate(status: StepStatus) -> str:
    return {StepStatus.FAILED: "failed", StepStatus.SKIPPED: "was not run"}.get(status, status.value)


def _ready(now: Situation) -> list[StepSpec]:
    steps = now.state.steps
    return [
        step
        for step in now.plan.steps
        if steps[step.key].status is StepStatus.WAITING
        # A new attempt follows the journal: whoever resumes must know that the last one is given up.
        and now.journaled.steps[step.key].status is StepStatus.WAITING
        and _fed(now.state, step)
    ]


def _fed(state: RunState, step: StepSpec) -> bool:
    """Whether all that the step needs is there."""
    return all(state.steps[need].status in DELIVERED for need in step.needs)


def may_recall(state: RunState, step: StepSpec, missed: AbstractSet[str]) -> bool:
    """Whether an equal step of an earlier run may stand in for this one, as far as is known."""
    known = state.steps[step.key]
    submission = state.submission
    fresh = known.status is StepStatus.WAITING and known.attempt == 0
    wanted = submission is not None and not submission.regenerate_outputs and state.status is RunStatus.RUNNING
    return step.reuse and fresh and wanted and step.key not in missed


def recallable(plan: Plan, state: RunState, missed: AbstractSet[str]) -> list[StepSpec]:
    """The steps whose equals are to be looked for now: they wait for nothing else."""
    return [step for step in plan.steps if may_recall(state, step, missed) and _fed(state, step)]


def _wanted(now: Situation) -> Iterator[tuple[str, str]]:
    waiting = [step for step in now.plan.steps if now.state.steps[step.key].status is StepStatus.WAITING]
    # As long as every step may still turn out to have been done before, nothing is made for any.
    if all(may_recall(now.state, step, now.missed) for step in waiting) and not _begun(now.state):
        return
    for step in waiting:
        yield step.environment, now.target_of(step.key)


def _begun(state: RunState) -> bool:
    return any(step.attempt for step in state.steps.values())


def _preparations(now: Situation) -> Iterator[Action]:
    for pair in dict.fromkeys(_wanted(now)):
        if pair not in now.state.environments and pair not in now.state.broken:
            yield Prepare(*pair)


def _starts(now: Situation) -> Iterator[Action]:
    steps = now.state.steps
    room = _Room(now)
    for spec in _ready(now):
        target = now.target_of(spec.key)
        prepared = (spec.environment, target) in now.state.environments
        if prepared and not may_recall(now.state, spec, now.missed) and room.take(spec):
            yield Start(spec.key, steps[spec.key].attempt + 1, target)


class _Room:
    """How many more attempts may be in flight: on each target, and under each compute name that has a limit."""

    def __init__(self, now: Situation) -> None:
        submission = now.state.submission
        self.now = now
        self.limits = submission.limits if submission else {}
        self.taken: Counter[tuple[str, str]] = Counter()
        for key, step in now.state.steps.items():
            if step.status in IN_FLIGHT:
                self.taken.update(self._places(now.plan.by_key[key]).keys())

    def take(self, step: StepSpec) -> bool:
        """Whether there is room for one more; if so, it is taken."""
        places = self._places(step)
        if any(self.taken[place] >= most for place, most in places.items()):
            return False
        self.taken.update(places.keys())
        return True

    def _places(self, step: StepSpec) -> dict[tuple[str, str], int]:
        target = self.now.target_of(step.key)
        places = {("target", target): self.now.capacity.get(target, 0)}
        if step.compute in self.limits:
            places["compute", step.compute] = self.limits[step.compute]
        return places


def _inquiries(now: Situation) -> Iterator[Action]:
    for key, step in now.state.steps.items():
        task = TaskId(now.state.run, key, step.attempt)
        if step.status in IN_FLIGHT and task not in now.seen and task not in now.settling:
            yield Inquire(task)


def _stops(now: Situation) -> Iterator[Action]:
    for key, step in now.journaled.steps.items():
        both = {step.status, now.state.steps[key].status}  # it may just have been seen to end by itself
        if both <= IN_FLIGHT and now.journaled.status is RunStatus.CANCELING:
            yield Stop(TaskId(now.state.run, key, step.attempt), step.uid, now.target_of(key))


def _removals(now: Situation) -> Iterator[Action]:
    for task, observation in now.seen.items():
        step = now.journaled.steps.get(task.key)
        if step is not None and (step.status in STEP_ENDS or task.attempt < step.attempt or _lost(step, task)):
            # One that was given up may turn out to run: it must not go on unseen.
            action = Stop if observation.phase in LIVE else Remove
            yield action(task, observation.uid, now.target_of(task.key))


def _lost(step: StepState, task: TaskId) -> bool:
    return step.status is StepStatus.WAITING and task.attempt <= step.attempt
