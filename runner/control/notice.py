"""From what targets say to events: what is new since the journal's last entry (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..model import events as e
from ..model.observation import LIVE, Observation, Phase
from ..model.plan import Plan
from ..model.record import Failure
from ..model.state import RunState, StepState
from ..model.status import IN_FLIGHT, RunStatus, StepStatus
from ..model.step import StepSpec
from ..model.task import TaskId
from .diagnosis import remedy_for
from .policy import may_retry, overdue, pause_before


def notice(plan: Plan, state: RunState, seen: Mapping[TaskId, Observation], now: datetime) -> tuple[e.Event, ...]:
    """The events that `seen` adds to `state`. Attempts absent from `seen` add none: see `Inquire`."""
    out: list[e.Event] = []
    for task, observation in seen.items():
        step = state.steps.get(task.key)
        if step is None:
            continue
        if step.status is StepStatus.WAITING and task.attempt == step.attempt + 1:
            # A controller started it and was gone before it could say so.
            out.append(e.TaskStarted(task.key, task.attempt, observation.uid))
            step = replace(step, status=StepStatus.QUEUED, attempt=task.attempt, uid=observation.uid, reason="")
        if step.status in IN_FLIGHT and step.attempt == task.attempt:
            out.extend(events_of(Noticed(plan.by_key[task.key], state, step, now), observation))
    return tuple(out)


class Noticed:
    """An attempt in flight of which something is heard."""

    def __init__(self, spec: StepSpec, state: RunState, step: StepState, now: datetime) -> None:
        """`step` is the newest that is known of it, `state` the run around it."""
        self.spec = spec
        self.step = step
        self.now = now
        self.task = TaskId(state.run, spec.key, step.attempt)
        self.canceling = state.status is RunStatus.CANCELING
        self.may_go_on = not state.overdue or spec.always
        """False once the run's deadline has passed: nothing is tried again."""


def events_of(noticed: Noticed, observation: Observation) -> Iterator[e.Event]:
    """The events one observation of an attempt in flight adds."""
    key, step = noticed.spec.key, noticed.step
    match observation.phase:
        case Phase.PENDING:
            if observation.reason != step.reason and not step.overdue:
                yield e.TaskWaits(key, observation.reason, observation.remedy)
        case Phase.RUNNING:
            if step.status is StepStatus.QUEUED:
                yield e.TaskRuns(key, observation.started or noticed.now)
        case Phase.SUCCEEDED:
            yield succeeded(key, step, observation, noticed.now)
        case Phase.FAILED:  # pragma: no branch - there is no other phase
            yield _failed(noticed, observation)
    if observation.phase in LIVE and not step.overdue and not noticed.canceling:
        why = overdue(noticed.spec.policy, observation)
        if why:
            yield e.TaskOverdue(key, step.attempt, why)


def succeeded(key: str, step: StepState, observation: Observation, now: datetime) -> e.StepSucceeded:
    """The event of a step whose commit record exists; it may be an earlier attempt's."""
    return e.StepSucceeded(
        key,
        observation.attempt or step.attempt,
        observation.started or step.started or now,
        observation.ended or now,
        observation.outputs,
        observation.warnings,
    )


def _failed(noticed: Noticed, observation: Observation) -> e.Event:
    step = noticed.step
    failure = observation.failure or Failure.LOST
    if noticed.canceling or (failure is Failure.CANCELED and not step.overdue):
        return e.StepCanceled(noticed.spec.key)
    if step.overdue:
        # Whatever stopping it looked like: it was stopped because of this.
        observation = replace(observation, failure=Failure.TIMEOUT, exit_code=None, reason=step.overdue)
        observation = replace(observation, remedy=step.remedy)  # of what it waited for, if it did
        failure = Failure.TIMEOUT
    if noticed.may_go_on and may_retry(noticed.spec.policy, step.endings, failure):
        pause = pause_before(noticed.spec.policy, step.endings, failure, noticed.task)
        not_before = noticed.now + timedelta(seconds=pause) if pause else None
        return e.TaskLost(noticed.spec.key, step.attempt, failure, observation.reason, not_before)
    return e.StepFailed(
        noticed.spec.key,
        failure,
        observation.reason,
        observation.exit_code,
        observation.tail,
        observation.started or step.started,
        observation.ended or noticed.now,
        remedy_for(noticed.spec, failure, observation, endings=step.endings, run=noticed.task.run),
    )
