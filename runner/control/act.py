"""Doing what was decided. Every effect here may be done again after a crash with the same end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from ..data import dataset
from ..errors import BadInput, EnvironmentFailed, TargetError, TargetUnreachable
from ..model import events as e
from ..model.data import DataRef, DatasetDefinition
from ..model.observation import Observation, Phase
from ..model.plan import Plan
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.state import RunState
from ..model.step import StepSpec
from ..model.task import TaskId
from ..ports import Clock, ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import records
from .actions import Action, Inquire, Prepare, Remove, Start, Stop
from .assign import Attempt, task_for, to_pin
from .notice import IN_FLIGHT, events_of

_STARTERS = 8


@dataclass
class Effects:
    """What the controller of one run works with."""

    store: ObjectStore
    datastores: dataset.Datastores
    targets: Mapping[str, ComputeTarget]
    environments: Mapping[str, EnvironmentStore]
    clock: Clock
    say: Callable[[str], None]
    started: dict[TaskId, float] = field(default_factory=dict)
    """When this controller started an attempt (monotonic): a target may show it a moment later."""
    _pool: Executor = field(default_factory=lambda: ThreadPoolExecutor(_STARTERS))
    _preparing: dict[Prepare, Future[e.Event]] = field(default_factory=dict)

    @property
    def preparing(self) -> bool:
        """Whether an environment is being made."""
        return bool(self._preparing)

    def act(self, plan: Plan, state: RunState, actions: tuple[Action, ...]) -> tuple[e.Event, ...]:
        """Do `actions`; the events that tell it. Raises StoreError and TargetUnreachable: ask again later."""
        out: list[e.Event] = []
        starts = [action for action in actions if isinstance(action, Start)]
        if len(starts) > 1:
            for events in self._pool.map(lambda action: self._start(plan, state, action), starts):
                out.extend(events)
        elif starts:
            out.extend(self._start(plan, state, starts[0]))
        for action in actions:
            match action:
                case Prepare():
                    self._prepare(plan, action)
                case Inquire(task):
                    out.extend(self._inquire(state, task, canceling=False))
                case Stop(task, uid, target):
                    self.targets[target].stop(task, uid)
                    if _in_force(state, task):
                        # It may have committed before it was stopped, and then it has succeeded.
                        out.extend(self._inquire(state, task, canceling=True))
                case Remove(task, uid, target):
                    self.targets[target].remove(task, uid)
                case Start():  # pragma: no branch - there is no other action
                    pass
        # Last: what is done by now was decided before anybody could know, and must not be begun again.
        out.extend(self._harvest())
        return tuple(out)

    def close(self) -> None:
        """Let go of threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _start(self, plan: Plan, state: RunState, action: Start) -> tuple[e.Event, ...]:
        step = plan.by_key[action.key]
        reference = state.environments[step.environment, action.target]
        try:
            attempt = Attempt(action.key, action.attempt, action.target, reference)
            task = records.assign(self.store, task_for(plan, state, attempt, self._pin(step)))
            uid = self.targets[action.target].start(task)
        except BadInput as error:
            return (e.StepFailed(action.key, Failure.INPUT, str(error)),)
        except TargetUnreachable:
            raise
        except TargetError as error:
            return (e.StepFailed(action.key, Failure.REFUSED, str(error)),)
        self.started[task.id] = self.clock.monotonic()
        return (e.TaskStarted(action.key, action.attempt, uid),)

    def _pin(self, step: StepSpec) -> dict[str, DataRef]:
        pins: dict[str, DataRef] = {}
        for name, source in to_pin(step).items():
            if isinstance(source, DatasetDefinition):
                pins[name] = dataset.pin_dataset(self.store, self.datastores, source)
            else:
                pins[name] = dataset.pin(self.store, self.datastores, (source,), f"input '{name}'")
        return pins

    def _inquire(self, state: RunState, task: TaskId, *, canceling: bool) -> Iterator[e.Event]:
        commit = records.committed(self.store, task)
        record = records.read_record(self.store, commit.record) if commit else records.record_of(self.store, task)
        observation = _ending(commit, record)
        yield from events_of(task.key, state.steps[task.key], observation, self.clock.now(), canceling=canceling)

    def _prepare(self, plan: Plan, action: Prepare) -> None:
        if action not in self._preparing:
            self._preparing[action] = self._pool.submit(self._ensure, plan, action)

    def _ensure(self, plan: Plan, action: Prepare) -> e.Event:
        environment = plan.environments[action.environment]
        store = self.environments[action.target]
        begun = time.monotonic()
        try:
            found = store.find(environment)
            reference = found or store.ensure(environment, self.say)
        except EnvironmentFailed as error:
            return e.EnvironmentLost(action.environment, action.target, str(error))
        took = round(time.monotonic() - begun, 3)
        return e.EnvironmentReady(action.environment, action.target, reference, found is None, took)

    def _harvest(self) -> Iterator[e.Event]:
        for action, future in tuple(self._preparing.items()):
            if future.done():
                del self._preparing[action]
                yield future.result()


def _in_force(state: RunState, task: TaskId) -> bool:
    step = state.steps[task.key]
    return step.status in IN_FLIGHT and step.attempt == task.attempt


def _ending(commit: CommitRecord | None, record: AttemptRecord | None) -> Observation:
    """How an attempt ended that its target knows nothing of."""
    if commit is not None:
        return Observation(
            Phase.SUCCEEDED,
            "",
            started=record.started if record else None,
            ended=record.ended if record else None,
            outputs=commit.outputs,
        )
    if record is not None and record.failure is not None:
        return Observation(
            Phase.FAILED,
            "",
            record.reason,
            record.failure,
            record.exit_code,
            record.tail,
            record.started,
            record.ended,
            retriable=record.failure in (Failure.LOST, Failure.STORE),
        )
    reason = "it vanished without a record (deleted, evicted, or its machine went away)"
    return Observation(Phase.FAILED, "", reason, Failure.LOST, retriable=True)
