"""What to do next: the state of a run and what its targets say, to actions and events (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

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

    def target_of(self, key: str) -> str:
        """The name of the target a step runs on."""
        submission = self.state.submission
        return submission.targets[key] if submission else ""


def settle(plan: Plan, state: RunState) -> tuple[e.Event, ...]:
    """Events that follow from the state alone: steps that can never start."""
    if state.status is RunStatus.RUNNING and not state.broken and _all_well(state):
        return ()
    waiting = [key for key, step in state.steps.items() if step.status is StepStatus.WAITING]
    failed = _first_failure(state) if waiting else ""
    out: list[e.Event] = []
    for key in waiting:
        out.extend(_verdict(plan, plan.by_key[key], state, failed))
    return tuple(out)


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


def _verdict(plan: Plan, step: StepSpec, state: RunState, failed: str) -> Iterator[e.Event]:
    if state.status is RunStatus.CANCELING:
        yield e.StepCanceled(step.key)
        return
    blockers = [need for need in sorted(step.needs) if state.steps[need].status in _UNDELIVERED]
    if blockers:
        needed = plan.by_key[blockers[0]].name
        yield e.StepSkipped(step.key, f"it needs '{needed}', which {_fate(state.steps[blockers[0]])}")
        return
    submission = state.submission
    if submission and (reason := state.broken.get((step.environment, submission.targets[step.key]))):
        yield e.StepFailed(step.key, Failure.IMAGE, reason)
    elif submission and failed and not submission.continue_on_step_failure:
        yield e.StepSkipped(step.key, f"'{plan.by_key[failed].name}' failed, and the run stops at its first failure")


def _all_well(state: RunState) -> bool:
    return not any(step.status in _UNDELIVERED for step in state.steps.values())


def _fate(step: StepState) -> str:
    return {StepStatus.FAILED: "failed", StepStatus.SKIPPED: "was not run"}.get(step.status, step.status.value)


def _first_failure(state: RunState) -> str:
    return next((key for key, step in state.steps.items() if step.status is StepStatus.FAILED), "")


def _ready(now: Situation) -> list[StepSpec]:
    steps = now.state.steps
    return [
        step
        for step in now.plan.steps
        if steps[step.key].status is StepStatus.WAITING
        # A new attempt follows the journal: whoever resumes must know that the last one is given up.
        and now.journaled.steps[step.key].status is StepStatus.WAITING
        and all(steps[need].status in DELIVERED for need in step.needs)
    ]


def _wanted(now: Situation) -> Iterator[tuple[str, str]]:
    for step in now.plan.steps:
        if now.state.steps[step.key].status is StepStatus.WAITING:
            yield step.environment, now.target_of(step.key)


def _preparations(now: Situation) -> Iterator[Action]:
    for pair in dict.fromkeys(_wanted(now)):
        if pair not in now.state.environments and pair not in now.state.broken:
            yield Prepare(*pair)


def _starts(now: Situation) -> Iterator[Action]:
    steps = now.state.steps
    room = Counter(dict(now.capacity))
    for key, step in steps.items():
        if step.status in IN_FLIGHT:
            room[now.target_of(key)] -= 1
    for spec in _ready(now):
        target = now.target_of(spec.key)
        if room[target] > 0 and (spec.environment, target) in now.state.environments:
            room[target] -= 1
            yield Start(spec.key, steps[spec.key].attempt + 1, target)


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
