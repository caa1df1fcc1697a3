"""Doing what was decided. Every effect here may be done again after a crash with the same end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from ..data import dataset
from ..errors import StoreDenied, StoreUnreachable
from ..model import events as e
from ..model.observation import Observation, Phase
from ..model.plan import Plan
from ..model.record import Failure
from ..model.state import RunState
from ..model.status import IN_FLIGHT, RunStatus
from ..model.step import OutputSpec
from ..model.task import Task, TaskId
from ..ports import Clock, ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import folded, records
from .actions import Action, Inquire, Prepare, Remove, Start, Stop
from .assign import Attempt, task_for
from .causes import PASSING, STAYING, UNEXPECTED, ShutOut, cause_of, words_of
from .inquiry import ending_of
from .notice import Noticed, events_of
from .pinning import pins_of
from .preparing import Make, Preparations, find_or_make
from .progress import Progress
from .publications import Delivery, Publications
from .publish import publish
from .recall import Recaller
from .stoppings import Stoppings

A = TypeVar("A")
Events = tuple[e.Event, ...]
_STARTERS = 8
_MOST_STOPS = 32
_RECALLING = 1.0
"""Seconds of a tick spent on looking for equals of waiting steps."""


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
    trouble: Exception | None = None
    """What kept the last `act` from doing all it was asked to."""
    _pool: Executor = field(default_factory=lambda: ThreadPoolExecutor(_STARTERS))
    """For what a tick waits for."""
    _makers: Executor = field(default_factory=lambda: ThreadPoolExecutor(_STARTERS))
    """For what goes on beside the ticks, for minutes: no start or stop may queue behind it."""

    _stoppers: Executor = field(default_factory=lambda: ThreadPoolExecutor(_MOST_STOPS))
    """For stops, which may each take a grace of half a minute."""
    _folding: Future[None] | None = None

    def __post_init__(self) -> None:
        self.recaller = Recaller(self.store, self.datastores, self._pool)
        self._preparations = Preparations(self.clock)
        self._publications = Publications()
        self._stoppings = Stoppings(_MOST_STOPS)

    @property
    def busy(self) -> bool:
        """Whether something goes on that no target tells the end of."""
        return bool(self._preparations or self._publications or self._stoppings or self.recaller.unfinished)

    def recall(self, now: Progress) -> Events:
        """The steps for which equal ones of earlier runs stand in, as many as can be found in a moment."""
        limit = self.clock.monotonic() + _RECALLING
        found = self._asked_again(
            (StoreUnreachable,),
            lambda: self.recaller.events(now, until=lambda: self.clock.monotonic() > limit),
        )
        return self.published(now.plan, found)

    def published(self, plan: Plan, events: Iterable[e.Event]) -> Events:
        """`events` without the successes whose outputs are still on their way to the places named for them.

        Those are told again, by the same observation, until they are there.
        """
        known = tuple(events)
        self._publications.begin(plan, known, self._makers, self._publish)
        ask = partial(self._asked_again, PASSING)
        return tuple(told for event in known if (told := self._publications.told(event, ask)) is not None)

    def act(self, plan: Plan, state: RunState, actions: tuple[Action, ...]) -> tuple[e.Event, ...]:
        """Do `actions`; the events that tell it.

        What could not be done now is left to a later call, and `trouble` says why (until it is reset): one action's
        must not keep from the journal what the others have done. Raises StoreError for what no later call can do.
        """
        out: list[e.Event] = []
        starts = [action for action in actions if isinstance(action, Start)]
        out.extend(self._each(starts, lambda action: self._start(plan, state, action)))
        for action in actions:
            if isinstance(action, Prepare):
                self._preparations.begin(action, self._makers, self._make(plan, action))
            elif isinstance(action, Inquire):
                out.extend(self._asked_again(PASSING, partial(self._missed, plan, state, action.task)))
        stops = [action for action in actions if isinstance(action, Stop)]
        self._stoppings.begin(stops, self._stoppers, self._stop, tell=self._begin_stop)
        for stop, result in self._stoppings.ended():
            out.extend(self._asked_again(STAYING, partial(self._stopped, plan, state, stop, result)))
        self._each([action for action in actions if isinstance(action, Remove)], self._remove)
        # Last: what is done by now was decided before anybody could know, and must not be begun again.
        out.extend(self._harvest())
        return tuple(out)

    def fold(self, state: RunState) -> None:
        """Write a snapshot of `state` beside the ticks; none as long as the last one is on its way."""
        if self._folding is None or self._folding.done():
            self._folding = self._makers.submit(folded.save, self.store, state)

    def close(self) -> None:
        """Let go of threads."""
        for pool in (self._pool, self._makers, self._stoppers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _each(self, actions: Sequence[A], do: Callable[[A], Events]) -> Events:
        """The events of each of `actions`: beside one another, as each waits for somebody else."""
        if len(actions) <= 1:
            return tuple(event for action in actions for event in do(action))
        return tuple(event for events in self._pool.map(do, actions) for event in events)

    def _asked_again(self, later: tuple[type[Exception], ...], do: Callable[[], Events]) -> Events:
        """What `do` tells; nothing, and the reason in `trouble`, after an error of the classes `later`."""
        try:
            return do()
        except later as error:
            self.trouble = error
            return ()

    def _start(self, plan: Plan, state: RunState, action: Start) -> Events:
        return self._asked_again(PASSING, partial(self._started, plan, state, action))

    def _started(self, plan: Plan, state: RunState, action: Start) -> Events:
        try:
            task = self._assigned(self._task(plan, state, action))
            uid = self.targets[action.target].start(task)
        except (ShutOut, *PASSING):
            raise
        except UNEXPECTED as error:
            if isinstance(error, StoreDenied):  # by a store of the step's, or by the workspace after all?
                records.canceled(self.store, state.run)
            return (e.StepFailed(action.key, cause_of(error), words_of(error)),)
        self.started[task.id] = self.clock.monotonic()
        return (e.TaskStarted(action.key, action.attempt, uid),)

    def _task(self, plan: Plan, state: RunState, action: Start) -> Task:
        step = plan.by_key[action.key]
        reference = state.environments[step.environment, action.target]
        attempt = Attempt(action.key, action.attempt, action.target, reference)
        return task_for(plan, state, attempt, pins_of(self.store, self.datastores, step))

    def _assigned(self, task: Task) -> Task:
        """The task in force. A workspace that shuts its controller out is no failure of the step."""
        try:
            return records.assign(self.store, task, self.targets[task.target].begun)
        except StoreDenied as error:
            raise ShutOut(str(error)) from error

    def _remove(self, action: Remove) -> Events:
        return self._asked_again(STAYING, partial(self._removed, action))

    def _removed(self, action: Remove) -> Events:
        self.targets[action.target].remove(action.task, action.uid)
        return ()

    def _begin_stop(self, action: Stop) -> None:
        self.targets[action.target].begin_stop(action.task, action.uid)

    def _stop(self, action: Stop) -> None:
        self.targets[action.target].stop(action.task, action.uid)

    def _stopped(self, plan: Plan, state: RunState, action: Stop, result: Future[None]) -> Events:
        """What became of it: it may have committed before it was stopped, and then it has succeeded."""
        result.result()
        return self._inquire(plan, state, action.task) if _in_force(state, action.task) else ()

    def _missed(self, plan: Plan, state: RunState, task: TaskId) -> Events:
        """What became of an attempt that its target does not show; a young one without a record may yet be shown."""
        observation = self._ending(state, task)
        unknown = observation.phase is Phase.FAILED and observation.ended is None
        return () if unknown and task in self.started else self._told(plan, state, task, observation)

    def _inquire(self, plan: Plan, state: RunState, task: TaskId) -> Events:
        return self._told(plan, state, task, self._ending(state, task))

    def _ending(self, state: RunState, task: TaskId) -> Observation:
        return ending_of(self.store, task, last_lines=state.status is RunStatus.RUNNING)

    def _told(self, plan: Plan, state: RunState, task: TaskId, observation: Observation) -> Events:
        noticed = Noticed(plan.by_key[task.key], state, state.steps[task.key], self.clock.now())
        return self.published(plan, events_of(noticed, observation))

    def _make(self, plan: Plan, action: Prepare) -> Make:
        return partial(find_or_make, plan, action, stores=self.environments, say=self.say)

    def _harvest(self) -> Iterator[e.Event]:
        yield from self._preparations.news()
        for result in self._preparations.ended():
            yield from self._asked_again(PASSING, partial(_result, result))

    def _publish(self, wanted: tuple[OutputSpec, ...], event: Delivery) -> e.Event:
        try:
            publish(self.store, self.datastores, wanted, event.outputs)
        except PASSING:
            raise
        except UNEXPECTED as error:
            reason = f"its outputs could not be published: {words_of(error)}"
            return e.StepFailed(event.key, Failure.STORE, reason)
        return event


def _result(future: Future[e.Event]) -> Events:
    return (future.result(),)


def _in_force(state: RunState, task: TaskId) -> bool:
    step = state.steps[task.key]
    return step.status in IN_FLIGHT and step.attempt == task.attempt
