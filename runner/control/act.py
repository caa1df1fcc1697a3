"""Carry out the controller's actions. Each effect may be repeated after a crash and leads to the same result."""

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
from ..runs import records, state_snapshot
from .actions import Action, Prepare, ReadOutcome, Remove, Start, Stop
from .assign import Attempt, task_for
from .delivering import delivered
from .error_causes import RETRYABLE, TOLERATED, UNEXPECTED, WorkspaceStoreDenied, find_cause, words_of
from .launcher import RunLauncher
from .notice import ObservedAttempt, events_of
from .pinning import pins_of
from .preparing import Make, Preparations, find_or_make
from .progress import Progress
from .publications import Delivery, Publications
from .publish import publish
from .reuse_lookup import ReuseLookup
from .sampler import Sampler, no_sampler
from .step_requests import StepRequests
from .stoppings import Stoppings
from .stored_outcome import ending_of
from .trial_watch import TrialWatch

A = TypeVar("A")
Events = tuple[e.Event, ...]
_STARTERS = 8
_MOST_STOPS = 32
_RECALLING = 1.0
"""Seconds of a tick that may be spent on the search for reusable steps."""


@dataclass(kw_only=True)
class Effects:
    """The effects of the controller of one run, and the ports that they use."""

    store: ObjectStore
    datastores: dataset.Datastores
    targets: Mapping[str, ComputeTarget]
    environments: Mapping[str, EnvironmentStore]
    clock: Clock
    notify: Callable[[str], None]
    launcher: RunLauncher | None = None
    """Submits published pipelines for steps. None: their requests are refused."""
    sampler: Callable[[], Sampler] = no_sampler
    """Return what draws values for Bayesian searches. It raises RunnerError if there is nothing that does."""
    started: dict[TaskId, float] = field(default_factory=dict)
    """Time (monotonic) at which this controller started each attempt; a target may show an attempt a moment later."""
    trouble: Exception | None = None
    """The errors that kept the last `act` from carrying out every action."""
    _pool: Executor = field(default_factory=lambda: ThreadPoolExecutor(_STARTERS))
    """Threads for work that a tick waits for."""
    _makers: Executor = field(default_factory=lambda: ThreadPoolExecutor(_STARTERS))
    """Threads for work of minutes beside the ticks: a start or stop must not queue behind it."""

    _stoppers: Executor = field(default_factory=lambda: ThreadPoolExecutor(_MOST_STOPS))
    """Threads for stops: each may take a grace period of 30 seconds."""
    _submitters: Executor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """A thread for what steps ask for: it must not queue behind builds."""
    _searchers: Executor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """A thread for looks at the trials of searches."""
    _folding: Future[None] | None = None

    def __post_init__(self) -> None:
        self.reuse_lookup = ReuseLookup(self.store, self.datastores, self._pool)
        self._preparations = Preparations(self.clock)
        self._publications = Publications()
        self._stoppings = Stoppings(_MOST_STOPS)
        self.requests = StepRequests(self.store, self.launcher, self.clock, self.notify)
        self.trials = TrialWatch(self.store, self.targets, self.clock, self.notify, self.sampler)

    @property
    def busy(self) -> bool:
        """Return True while work goes on whose end no target reports."""
        beside = (self._preparations, self._publications, self._stoppings, self.trials, self.reuse_lookup.unfinished)
        return any(map(bool, beside)) or self.requests.unfinished

    def look_for_requests(self, state: RunState, *, canceled: bool) -> None:
        """Begin to carry out what steps ask for, if it is time: see `step_requests`."""
        self.requests.look(state, self._submitters, canceled=canceled)

    def look_at_trials(self, now: Progress) -> None:
        """Begin to look at the trials of searches, if it is time: see `trial_watch`."""
        self.trials.look(now, self._searchers)

    def look_up_reuse(self, now: Progress) -> Events:
        """Return an event for each waiting step that an equal step of an earlier run replaces."""
        limit = self.clock.monotonic() + _RECALLING
        found = self._asked_again(
            (StoreUnreachable,),
            lambda: self.reuse_lookup.events(now, until=lambda: self.clock.monotonic() > limit),
        )
        return self.published(now.plan, found)

    def published(self, plan: Plan, events: Iterable[e.Event]) -> Events:
        """Return `events` without the successes whose outputs are still being copied to their destinations.

        The target's next observation brings these successes again, until the copy has finished.
        """
        known = tuple(events)
        self._publications.begin(plan, known, self._makers, self._publish)
        ask = partial(self._asked_again, RETRYABLE)
        return tuple(reported for event in known if (reported := self._publications.reported(event, ask)) is not None)

    def act(self, plan: Plan, state: RunState, actions: tuple[Action, ...]) -> tuple[e.Event, ...]:
        """Carry out `actions` and return the events that result.

        An action that cannot be carried out now is left to a later call, and `trouble` has the reason until it is
        reset. The failure of one action does not keep the results of the others from the journal.

        Raises:
            StoreError: If no later call can carry out an action either.
        """
        out: list[e.Event] = []
        starts = [action for action in actions if isinstance(action, Start)]
        out.extend(self._each(starts, lambda action: self._start(plan, state, action)))
        for action in actions:
            if isinstance(action, Prepare):
                self._preparations.begin(action, self._makers, self._make(plan, action))
            elif isinstance(action, ReadOutcome):
                out.extend(self._asked_again(RETRYABLE, partial(self._missed, plan, state, action.task)))
        stops = [action for action in actions if isinstance(action, Stop)]
        self._stoppings.begin(stops, self._stoppers, self._stop, tell=self._begin_stop)
        for stop, result in self._stoppings.ended():
            out.extend(self._asked_again(TOLERATED, partial(self._stopped, plan, state, stop, result)))
        self._each([action for action in actions if isinstance(action, Remove)], self._remove)
        # Last: this call's actions were decided before these results existed, and must not start again.
        out.extend(self._harvest())
        return tuple(out)

    def fold(self, state: RunState) -> None:
        """Write a snapshot of `state` beside the ticks, unless the last one is still being written."""
        if self._folding is None or self._folding.done():
            self._folding = self._makers.submit(state_snapshot.save, self.store, state)

    def close(self) -> None:
        """Shut the thread pools down without waiting."""
        for pool in (self._pool, self._makers, self._stoppers, self._submitters, self._searchers):
            pool.shutdown(wait=False, cancel_futures=True)

    def _each(self, actions: Sequence[A], do: Callable[[A], Events]) -> Events:
        """Return the events of `actions`, carried out in parallel, since each one waits for a server."""
        if len(actions) <= 1:
            return tuple(event for action in actions for event in do(action))
        return tuple(event for events in self._pool.map(do, actions) for event in events)

    def _asked_again(self, later: tuple[type[Exception], ...], do: Callable[[], Events]) -> Events:
        """Return the events of `do`; after an error of the classes `later`, none, and put the reason in `trouble`."""
        try:
            return do()
        except later as error:
            self.trouble = error
            return ()

    def _start(self, plan: Plan, state: RunState, action: Start) -> Events:
        return self._asked_again(RETRYABLE, partial(self._started, plan, state, action))

    def _started(self, plan: Plan, state: RunState, action: Start) -> Events:
        try:
            task = self._assigned(self._task(plan, state, action))
            uid = self.targets[action.target].start(task)
        except (WorkspaceStoreDenied, *RETRYABLE):
            raise
        except UNEXPECTED as error:
            if isinstance(error, StoreDenied):  # by a store of the step's, or by the workspace after all?
                records.canceled(self.store, state.run)
            return (e.StepFailed(key=action.key, failure=find_cause(error), reason=words_of(error)),)
        self.started[task.id] = self.clock.monotonic()
        return (e.AttemptStarted(action.key, action.attempt, uid),)

    def _task(self, plan: Plan, state: RunState, action: Start) -> Task:
        step = plan.by_key[action.key]
        pair = (step.environment, action.target)
        attempt = Attempt(
            key=action.key,
            number=action.attempt,
            target=action.target,
            environment=state.environments[pair],
            lock=state.locks.get(pair, ""),
        )
        task = task_for(plan, state, attempt, pins_of(self.store, self.datastores, step))
        return delivered(task, self.store, self.targets[action.target].data_access)

    def _assigned(self, task: Task) -> Task:
        """Return the task in force. A workspace store that denies its controller access is no failure of the step."""
        try:
            return records.assign(self.store, task, self.targets[task.target].begun)
        except StoreDenied as error:
            raise WorkspaceStoreDenied(str(error)) from error

    def _remove(self, action: Remove) -> Events:
        return self._asked_again(TOLERATED, partial(self._removed, action))

    def _removed(self, action: Remove) -> Events:
        self.targets[action.target].remove(action.task, action.uid)
        return ()

    def _begin_stop(self, action: Stop) -> None:
        self.targets[action.target].begin_stop(action.task, action.uid)

    def _stop(self, action: Stop) -> None:
        self.targets[action.target].stop(action.task, action.uid)

    def _stopped(self, plan: Plan, state: RunState, action: Stop, result: Future[None]) -> Events:
        """Return the outcome of a stopped attempt: if it had committed before it was stopped, it succeeded."""
        result.result()
        return self._inquire(plan, state, action.task) if _in_force(state, action.task) else ()

    def _missed(self, plan: Plan, state: RunState, task: TaskId) -> Events:
        """Return the outcome of an attempt that its target does not show. A new one may still appear."""
        observation = self._ending(state, task)
        unknown = observation.phase is Phase.FAILED and observation.ended is None
        return () if unknown and task in self.started else self._told(plan, state, task, observation)

    def _inquire(self, plan: Plan, state: RunState, task: TaskId) -> Events:
        return self._told(plan, state, task, self._ending(state, task))

    def _ending(self, state: RunState, task: TaskId) -> Observation:
        return ending_of(self.store, task, last_lines=state.status is RunStatus.RUNNING)

    def _told(self, plan: Plan, state: RunState, task: TaskId, observation: Observation) -> Events:
        noticed = ObservedAttempt(plan.by_key[task.key], state, state.steps[task.key], self.clock.now())
        return self.published(plan, events_of(noticed, observation))

    def _make(self, plan: Plan, action: Prepare) -> Make:
        return partial(find_or_make, plan, action, stores=self.environments, notify=self.notify)

    def _harvest(self) -> Iterator[e.Event]:
        yield from self._preparations.news()
        for result in self._preparations.ended():
            yield from self._asked_again(RETRYABLE, partial(_result, result))

    def _publish(self, wanted: tuple[OutputSpec, ...], event: Delivery) -> e.Event:
        try:
            publish(self.store, self.datastores, wanted, event.outputs)
        except RETRYABLE:
            raise
        except UNEXPECTED as error:
            reason = f"its outputs could not be published: {words_of(error)}"
            return e.StepFailed(key=event.key, failure=Failure.STORE, reason=reason)
        return event


def _result(future: Future[e.Event]) -> Events:
    return (future.result(),)


def _in_force(state: RunState, task: TaskId) -> bool:
    step = state.steps[task.key]
    return step.status in IN_FLIGHT and step.attempt == task.attempt
