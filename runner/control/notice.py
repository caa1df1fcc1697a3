"""From what targets say to events: what is new since the journal's last entry (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ..model import events as e
from ..model.observation import Observation, Phase
from ..model.record import Failure
from ..model.state import RunState, StepState
from ..model.status import RunStatus, StepStatus
from ..model.task import TaskId
from .policy import may_retry

IN_FLIGHT = frozenset({StepStatus.QUEUED, StepStatus.RUNNING})


def notice(state: RunState, seen: Mapping[TaskId, Observation], now: datetime) -> tuple[e.Event, ...]:
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
            out.extend(events_of(task.key, step, observation, now, canceling=state.status is RunStatus.CANCELING))
    return tuple(out)


def events_of(
    key: str, step: StepState, observation: Observation, now: datetime, *, canceling: bool
) -> Iterator[e.Event]:
    """The events one observation of an attempt in flight adds."""
    match observation.phase:
        case Phase.PENDING:
            if observation.reason != step.reason:
                yield e.TaskWaits(key, observation.reason)
        case Phase.RUNNING:
            if step.status is StepStatus.QUEUED:
                yield e.TaskRuns(key, observation.started or now)
        case Phase.SUCCEEDED:
            yield succeeded(key, step, observation, now)
        case Phase.FAILED:  # pragma: no branch - there is no other phase
            yield _failed(key, step, observation, now, canceling=canceling)


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


def _failed(key: str, step: StepState, observation: Observation, now: datetime, *, canceling: bool) -> e.Event:
    failure = observation.failure or Failure.LOST
    if canceling or failure is Failure.CANCELED:
        return e.StepCanceled(key)
    if may_retry(step, failure):
        return e.TaskLost(key, step.attempt, failure, observation.reason)
    return e.StepFailed(
        key,
        failure,
        observation.reason,
        observation.exit_code,
        observation.tail,
        observation.started or step.started,
        observation.ended or now,
    )
