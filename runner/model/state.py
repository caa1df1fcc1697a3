"""The state of a run, which follows from its journal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..dataclass import dataclass, field
from ..errors import IllegalTransition
from . import events as e
from .data import DataRef
from .layered_mapping import LayeredMapping
from .plan import Plan, Submission
from .record import Failure
from .status import RUN_ENDS, RunStatus, StepStatus, check_run, check_step
from .step_counts import StepCounts, step_counts_of


@dataclass(frozen=True, kw_only=True)
class StepState:
    """The state of one step."""

    status: StepStatus = StepStatus.WAITING
    attempt: int = 0
    """The number of the newest attempt; 0: there is none."""
    uid: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    failure: Failure | None = None
    exit_code: int | None = None
    reason: str = ""
    tail: str = ""
    outputs: Mapping[str, DataRef] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    origin: str = ""
    """The step run whose outputs are reused."""
    endings: Mapping[Failure, int] = field(default_factory=dict)
    """The number of attempts that failed in each way and were followed by another."""
    lost: Failure | None = None
    """The failure of the newest attempt that is followed by another."""
    not_before: datetime | None = None
    """WAITING: the earliest start of the next attempt; None: at once."""
    overdue: str = ""
    """The reason why the attempt in flight will be stopped."""
    remedy: str = ""
    """The remedy for the failure, or for the cause of the wait."""
    sampled: Mapping[str, object] = field(default_factory=dict)
    """The values of a trial by hyperparameter; empty: they are not drawn yet."""
    begun: float | None = None
    """A trial: seconds after the run's submission at which its first attempt started, without times of sleep."""
    stopped: str = ""
    """The reason why its search stops a trial, or has stopped it."""

    @property
    def stopping(self) -> str:
        """The reason why the attempt in flight will be stopped; empty: it will not."""
        return self.stopped or self.overdue


@dataclass(frozen=True, kw_only=True)
class RunState:
    """The state of a run."""

    run: str
    status: RunStatus = RunStatus.RUNNING
    submission: Submission | None = None
    steps: Mapping[str, StepState] = field(default_factory=dict)
    environments: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(environment, target) → reference."""
    locks: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(environment, target) → the digest of its lock, if it has one."""
    broken: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(environment, target) → the reason why it could not be built."""
    making: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(environment, target) → the last line of its build in progress."""
    made: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(environment, target) → seconds of its build for this run."""
    number: int = 0
    """The number of the newest journal entry in this state."""
    controller: str = ""
    host: str = ""
    pid: int = 0
    versions: tuple[str, ...] = ()
    """The versions of runner whose controllers have driven it, each once."""
    overdue: str = ""
    """The reason why only steps with `always` still start: the deadline has passed."""
    slept: float = 0.0
    """Seconds in which its controllers' machines slept."""
    created: datetime | None = None
    ended: datetime | None = None
    last: datetime | None = None
    """The time of the newest entry."""
    counted: StepCounts | None = field(default=None, compare=False)
    """The same as `step_counts`, if it is known already."""

    @property
    def step_counts(self) -> StepCounts:
        """The number of steps in each state."""
        if self.counted is not None:
            return self.counted
        attempts = sum(step.attempt for step in self.steps.values())
        return step_counts_of({key: step.status for key, step in self.steps.items()}, attempts)

    @property
    def over(self) -> bool:
        """True if the run has ended."""
        return self.status in RUN_ENDS

    def seconds(self, now: datetime) -> float:
        """Return the seconds from the run's submission to `now`, without those in which its machine slept."""
        return (now - self.created).total_seconds() - self.slept if self.created else 0.0


def begin(run: str, plan: Plan) -> RunState:
    """Return the state before the first entry: every step waits."""
    waits = StepState()
    return RunState(run=run, steps={step.key: waits for step in plan.steps})


def fold(state: RunState, entries: Iterable[e.JournalEntry]) -> RunState:
    """Return `state` after `entries`. Raises IllegalTransition if the journal contradicts itself."""
    draft = _Draft(state)
    for entry in entries:
        draft.check(entry)
        for event in entry.events:
            _APPLY[type(event)](draft, event, entry.time)
        draft.state = replace(draft.state, number=entry.number, last=entry.time)
    return draft.folded()


class _Draft:
    """The changes of a batch of entries, so that a fold costs its events and not its steps."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.changes: dict[str, StepState] = {}
        self.moves: list[tuple[str, StepStatus, StepStatus]] = []
        self.attempts = 0

    def folded(self) -> RunState:
        if not self.changes:
            return self.state
        before = self.state.steps
        steps = before if isinstance(before, LayeredMapping) else LayeredMapping(before)
        counted = self.state.step_counts.after(self.moves, self.attempts)
        return replace(self.state, steps=steps.changed(self.changes), counted=counted)

    def open_steps(self) -> int:
        return self.state.step_counts.after(self.moves).open

    def check(self, entry: e.JournalEntry) -> None:
        if entry.number != self.state.number + 1:
            raise IllegalTransition(f"journal entry {entry.number} cannot follow entry {self.state.number}")
        if self.state.over:
            raise IllegalTransition(f"journal entry {entry.number} follows the run's end")

    def step(self, key: str) -> StepState:
        known = self.changes.get(key) or self.state.steps.get(key)
        if known is None:
            raise IllegalTransition(f"the journal tells of a step '{key}', which the plan does not have")
        return known

    def change(self, key: str, **changes: Any) -> None:
        self.changes[key] = replace(self.step(key), **changes)

    def move(self, key: str, status: StepStatus, **changes: Any) -> None:
        old = self.step(key).status
        check_step(old, status, key)
        self.moves.append((key, old, status))
        self.change(key, status=status, **changes)


def _submitted(draft: _Draft, event: e.RunSubmitted, at: datetime) -> None:
    draft.state = replace(draft.state, submission=event.submission, created=at)


def _controller(draft: _Draft, event: e.ControllerStarted, _at: datetime) -> None:
    known = draft.state.versions
    versions = known if event.version in ("", *known) else (*known, event.version)
    draft.state = replace(draft.state, controller=event.controller, host=event.host, pid=event.pid, versions=versions)


def _heartbeat(_draft: _Draft, _event: e.Heartbeat, _at: datetime) -> None:
    """Take only the entry's time."""


def _environment_making(draft: _Draft, event: e.EnvironmentBuilding, _at: datetime) -> None:
    making = {**draft.state.making, (event.environment, event.target): event.line}
    draft.state = replace(draft.state, making=making)


def _environment_ready(draft: _Draft, event: e.EnvironmentReady, _at: datetime) -> None:
    pair = (event.environment, event.target)
    known = {**draft.state.environments, pair: event.reference}
    locks = {**draft.state.locks, pair: event.lock} if event.lock else draft.state.locks
    made = {**draft.state.made, pair: event.seconds} if event.built else draft.state.made
    making = _without(draft.state.making, pair)
    draft.state = replace(draft.state, environments=known, locks=locks, made=made, making=making)


def _environment_lost(draft: _Draft, event: e.EnvironmentUnavailable, _at: datetime) -> None:
    pair = (event.environment, event.target)
    broken = {**draft.state.broken, pair: event.reason}
    draft.state = replace(draft.state, broken=broken, making=_without(draft.state.making, pair))


def _without(known: Mapping[tuple[str, str], str], pair: tuple[str, str]) -> Mapping[tuple[str, str], str]:
    return {other: value for other, value in known.items() if other != pair}


def _task_started(draft: _Draft, event: e.AttemptStarted, at: datetime) -> None:
    draft.move(
        event.key, StepStatus.QUEUED, attempt=event.attempt, uid=event.uid, reason="", remedy="", not_before=None
    )
    draft.attempts += 1
    step = draft.step(event.key)
    if step.sampled and step.begun is None:
        draft.change(event.key, begun=draft.state.seconds(at))


def _task_waits(draft: _Draft, event: e.AttemptPending, _at: datetime) -> None:
    if draft.step(event.key).status is StepStatus.RUNNING:  # its place was taken away, and it waits for another
        draft.move(event.key, StepStatus.QUEUED, started=None)
    draft.change(event.key, reason=event.reason, remedy=event.remedy)


def _task_runs(draft: _Draft, event: e.AttemptRunning, _at: datetime) -> None:
    draft.move(event.key, StepStatus.RUNNING, started=event.started, reason="", remedy="")


def _task_lost(draft: _Draft, event: e.AttemptFailed, _at: datetime) -> None:
    before = draft.step(event.key).endings
    endings = {**before, event.failure: before.get(event.failure, 0) + 1}
    draft.move(
        event.key,
        StepStatus.WAITING,
        reason=event.reason,
        endings=endings,
        lost=event.failure,
        remedy="",
        not_before=event.not_before,
        started=None,
        overdue="",
        stopped="",
    )


def _task_overdue(draft: _Draft, event: e.AttemptOverdue, _at: datetime) -> None:
    draft.change(event.key, overdue=event.reason, reason=event.reason)


def _sampled(draft: _Draft, event: e.TrialSampled, _at: datetime) -> None:
    step = draft.step(event.key)
    if step.sampled or step.attempt or step.status is not StepStatus.WAITING:
        raise IllegalTransition(f"step {event.key}: its values are drawn before its start, and once")
    draft.change(event.key, sampled=event.values)


def _trial_stopped(draft: _Draft, event: e.TrialStopped, _at: datetime) -> None:
    draft.change(event.key, stopped=event.reason, reason=event.reason)


def _slept(draft: _Draft, event: e.MachineSlept, _at: datetime) -> None:
    draft.state = replace(draft.state, slept=draft.state.slept + event.seconds)


def _run_overdue(draft: _Draft, event: e.RunOverdue, _at: datetime) -> None:
    draft.state = replace(draft.state, overdue=event.reason)


def _succeeded(draft: _Draft, event: e.StepSucceeded, _at: datetime) -> None:
    draft.move(
        event.key,
        StepStatus.SUCCEEDED,
        attempt=event.attempt,
        started=event.started,
        ended=event.ended,
        outputs=event.outputs,
        warnings=event.warnings,
        reason="",
        remedy="",
    )


def _reused(draft: _Draft, event: e.StepReused, at: datetime) -> None:
    draft.move(event.key, StepStatus.REUSED, origin=event.origin, outputs=event.outputs, started=at, ended=at)


def _failed(draft: _Draft, event: e.StepFailed, at: datetime) -> None:
    draft.move(
        event.key,
        StepStatus.FAILED,
        failure=event.failure,
        reason=event.reason,
        exit_code=event.exit_code,
        tail=event.tail,
        started=event.started or draft.step(event.key).started,
        ended=event.ended or at,
        remedy=event.remedy,
    )


def _skipped(draft: _Draft, event: e.StepSkipped, _at: datetime) -> None:
    draft.move(event.key, StepStatus.SKIPPED, reason=event.reason)


def _cancel(draft: _Draft, _event: e.CancelRequested, _at: datetime) -> None:
    check_run(draft.state.status, RunStatus.CANCELING)
    draft.state = replace(draft.state, status=RunStatus.CANCELING)


def _canceled(draft: _Draft, event: e.StepCanceled, at: datetime) -> None:
    reason = event.reason or "the run was canceled"
    draft.move(event.key, StepStatus.CANCELED, ended=at, reason=reason, stopped=event.reason, remedy="")


def _ended(draft: _Draft, event: e.RunEnded, at: datetime) -> None:
    check_run(draft.state.status, event.status)
    if draft.open_steps():
        raise IllegalTransition(f"the run cannot end: {draft.open_steps()} of its steps have not")
    draft.state = replace(draft.state, status=event.status, ended=at)


_APPLY: Mapping[type, Callable[[_Draft, Any, datetime], None]] = {
    e.RunSubmitted: _submitted,
    e.ControllerStarted: _controller,
    e.Heartbeat: _heartbeat,
    e.EnvironmentBuilding: _environment_making,
    e.EnvironmentReady: _environment_ready,
    e.EnvironmentUnavailable: _environment_lost,
    e.AttemptStarted: _task_started,
    e.AttemptPending: _task_waits,
    e.AttemptRunning: _task_runs,
    e.AttemptOverdue: _task_overdue,
    e.AttemptFailed: _task_lost,
    e.StepSucceeded: _succeeded,
    e.StepReused: _reused,
    e.StepFailed: _failed,
    e.StepSkipped: _skipped,
    e.TrialSampled: _sampled,
    e.TrialStopped: _trial_stopped,
    e.MachineSlept: _slept,
    e.RunOverdue: _run_overdue,
    e.CancelRequested: _cancel,
    e.StepCanceled: _canceled,
    e.RunEnded: _ended,
}
