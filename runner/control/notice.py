"""Derive events from observations: the changes since the journal's last entry (pure)."""

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
from .own_outputs import foreign_outputs
from .policy import may_retry, overdue, pause_before


def notice(plan: Plan, state: RunState, seen: Mapping[TaskId, Observation], now: datetime) -> tuple[e.Event, ...]:
    """Return the events that `seen` adds to `state`. An attempt absent from `seen` adds none: see `ReadOutcome`."""
    out: list[e.Event] = []
    for task, observation in seen.items():
        step = state.steps.get(task.key)
        if step is None:
            continue
        if step.status is StepStatus.WAITING and task.attempt == step.attempt + 1:
            # A controller created it and was killed before it could journal the start.
            out.append(e.AttemptStarted(task.key, task.attempt, observation.uid))
            step = replace(step, status=StepStatus.QUEUED, attempt=task.attempt, uid=observation.uid, reason="")
        if step.status in IN_FLIGHT and step.attempt == task.attempt:
            out.extend(events_of(ObservedAttempt(plan.by_key[task.key], state, step, now), observation))
    return tuple(out)


class ObservedAttempt:
    """An attempt in flight and its observation."""

    def __init__(self, spec: StepSpec, state: RunState, step: StepState, now: datetime) -> None:
        """Keep the step's newest state and the run's state around it."""
        self.spec = spec
        self.step = step
        self.now = now
        self.task = TaskId(state.run, spec.key, step.attempt)
        self.canceling = state.status is RunStatus.CANCELING
        self.may_go_on = not state.overdue or spec.always
        """False after the run's deadline: no attempt is repeated then."""


def events_of(noticed: ObservedAttempt, observation: Observation) -> Iterator[e.Event]:
    """Return the events that one observation of an attempt in flight adds."""
    key, step = noticed.spec.key, noticed.step
    match observation.phase:
        case Phase.PENDING:
            if observation.reason != step.reason and not step.stopping:
                yield e.AttemptPending(key, observation.reason, observation.remedy)
        case Phase.RUNNING:
            if step.status is StepStatus.QUEUED:
                yield e.AttemptRunning(key, observation.started or noticed.now, observation.placed_at)
        case Phase.SUCCEEDED:
            yield _committed(noticed, observation)
        case Phase.FAILED:  # pragma: no branch - there is no other phase
            yield _failed(noticed, observation)
    if observation.phase in LIVE and not step.stopping and not noticed.canceling:
        why = overdue(noticed.spec.policy, observation)
        if why:
            yield e.AttemptOverdue(key, step.attempt, why)


def _committed(noticed: ObservedAttempt, observation: Observation) -> e.Event:
    """Return the success of a step; its failure if its commit record names what no attempt of it has made."""
    step = noticed.step
    maker = replace(noticed.task, attempt=observation.attempt or step.attempt)
    foreign = foreign_outputs(noticed.spec, maker, observation.outputs)
    if not foreign:
        return succeeded(noticed.spec.key, step, observation, noticed.now)
    refused = replace(
        observation,
        phase=Phase.FAILED,
        failure=Failure.REFUSED,
        reason=f"its commit record is refused, for it names outputs that are not its own: {foreign}",
        exit_code=None,
        remedy="see whether its script writes below runs/ or azureml/ of the workspace store, where only runner writes",
    )
    return _failed(noticed, refused)


def succeeded(key: str, step: StepState, observation: Observation, now: datetime) -> e.StepSucceeded:
    """Return the event of a step that has a commit record, which may be of an earlier attempt."""
    return e.StepSucceeded(
        key=key,
        attempt=observation.attempt or step.attempt,
        started=observation.started or step.started or now,
        ended=observation.ended or now,
        outputs=observation.outputs,
        warnings=observation.warnings,
    )


def _failed(noticed: ObservedAttempt, observation: Observation) -> e.Event:
    step = noticed.step
    failure = observation.failure or Failure.LOST
    if noticed.canceling or (failure is Failure.CANCELED and not step.stopping):
        return e.StepCanceled(noticed.spec.key)
    if step.stopped:
        return e.StepCanceled(noticed.spec.key, step.stopped)
    if step.overdue:
        # Whatever the stop looked like to the target, this limit was the reason for it.
        observation = replace(observation, failure=Failure.TIMEOUT, exit_code=None, reason=step.overdue)
        observation = replace(observation, remedy=step.remedy)  # of what it waited for, if it did
        failure = Failure.TIMEOUT
    if noticed.may_go_on and may_retry(noticed.spec.policy, step.endings, failure):
        pause = pause_before(noticed.spec.policy, step.endings, failure, noticed.task)
        not_before = noticed.now + timedelta(seconds=pause) if pause else None
        return e.AttemptFailed(
            key=noticed.spec.key,
            attempt=step.attempt,
            failure=failure,
            reason=observation.reason,
            not_before=not_before,
        )
    return e.StepFailed(
        key=noticed.spec.key,
        failure=failure,
        reason=observation.reason,
        exit_code=observation.exit_code,
        tail=observation.tail,
        started=observation.started or step.started,
        ended=observation.ended or noticed.now,
        remedy=remedy_for(noticed.spec, failure, observation, endings=step.endings, run=noticed.task.run),
    )
