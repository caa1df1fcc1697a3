"""What follows from the state of a run alone: which steps can never start, and when it has ended (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from ..model import events as e
from ..model.plan import Plan
from ..model.record import Failure
from ..model.state import RunState
from ..model.status import UNDELIVERED, RunStatus, StepStatus
from ..model.step import StepSpec
from .progress import keys_of

_Fates = dict[str, StepStatus]
"""By step key: what is decided here; all others are as the state has them."""
_SWEEPING = (e.CancelRequested, e.RunOverdue, e.EnvironmentLost, e.ControllerStarted)
"""After these any step may have to be looked at."""


def settle(plan: Plan, state: RunState, events: Iterable[e.Event] | None = None) -> tuple[e.Event, ...]:
    """All that follows from `state`. It costs what `events`, the newest, can have moved; None: nobody knows."""
    suspects = _Suspects(plan, state, None if events is None else tuple(events))
    if state.status is RunStatus.CANCELING:
        return tuple(e.StepCanceled(step.key) for step in suspects.waiting())
    return (*_late(plan, state), *_Settlement(plan, state).events(suspects.waiting()))


def end_of(state: RunState) -> e.RunEnded | None:
    """The last event, once every step has ended."""
    if state.over or state.census.open:
        return None
    if state.census.count.get(StepStatus.CANCELED) and state.status is RunStatus.CANCELING:
        return e.RunEnded(RunStatus.CANCELED)
    left_out = len(state.submission.left_out) if state.submission else 0
    return e.RunEnded(RunStatus.FAILED if state.census.undelivered > left_out else RunStatus.SUCCEEDED)


def _late(plan: Plan, state: RunState) -> Iterator[e.TaskOverdue]:
    """What is under way when the deadline has passed."""
    for key in sorted(state.census.live) if state.overdue else ():
        step = state.steps[key]
        if not plan.by_key[key].always and not step.overdue:
            yield e.TaskOverdue(key, step.attempt, state.overdue)


class _Suspects:
    """The waiting steps whose fate the newest events may have decided."""

    def __init__(self, plan: Plan, state: RunState, events: tuple[e.Event, ...] | None) -> None:
        self.plan = plan
        self.state = state
        self.events = events

    def waiting(self) -> list[StepSpec]:
        """In the order of the plan where all are looked at, else as they depend on one another."""
        if self.events is None or self._all():
            return [step for step in self.plan.steps if self._waits(step.key)]
        found: dict[str, None] = {}
        queue = deque(keys_of(self.events))
        while queue:
            key = queue.popleft()
            status = self.state.steps[key].status
            if key in found:
                continue
            if status is StepStatus.WAITING:
                found[key] = None
            if status is StepStatus.WAITING or status in UNDELIVERED:
                queue.extend(waiting for waiting in self.plan.dependents[key] if self._waits(waiting))
        return [self.plan.by_key[key] for key in found]

    def _all(self) -> bool:
        events = self.events or ()
        return any(isinstance(event, _SWEEPING) for event in events) or (
            _stops_at_failure(self.state) and any(isinstance(event, e.StepFailed) for event in events)
        )

    def _waits(self, key: str) -> bool:
        return self.state.steps[key].status is StepStatus.WAITING


class _Settlement:
    """The fates of the steps that wait, decided one upon the other."""

    def __init__(self, plan: Plan, state: RunState) -> None:
        self.plan = plan
        self.state = state
        self.fates: _Fates = {}

    def events(self, waiting: list[StepSpec]) -> tuple[e.Event, ...]:
        """What becomes of `waiting` and of what depends on it."""
        if not waiting:
            return ()
        broken, given_up = self._broken(waiting), self._given_up(waiting)
        return (*broken, *self._blocked(waiting), *given_up)

    def _fate(self, key: str) -> StepStatus:
        return self.fates.get(key) or self.state.steps[key].status

    def _broken(self, waiting: list[StepSpec]) -> list[e.StepFailed]:
        """Steps whose environment cannot be made, unless what they need keeps them from starting anyhow."""
        found: list[e.StepFailed] = []
        submission = self.state.submission
        for step in waiting if submission and self.state.broken else ():
            reason = self.state.broken.get((step.environment, submission.targets[step.key])) if submission else None
            if reason is not None and self._blocker(step) is None:
                found.append(e.StepFailed(step.key, Failure.IMAGE, reason))
        self.fates.update({event.key: StepStatus.FAILED for event in found})
        return found

    def _blocked(self, waiting: list[StepSpec]) -> list[e.StepSkipped]:
        """What needs something that will never be there, directly or by way of others: each step once."""
        found: list[e.StepSkipped] = []
        queue = deque(waiting)
        while queue:
            step = queue.popleft()
            need = self._blocker(step) if self._fate(step.key) is StepStatus.WAITING else None
            if need is not None:
                name = self.plan.by_key[need].name
                found.append(self._skip(step, f"it needs '{name}', which {_words(self._fate(need))}"))
                queue.extend(self.plan.by_key[key] for key in self.plan.dependents[step.key])
        return found

    def _given_up(self, waiting: list[StepSpec]) -> list[e.StepSkipped]:
        """All that could still start, once the run stops; what always runs excepted."""
        why = self.state.overdue or self._first_failure()
        found: list[e.StepSkipped] = []
        for step in waiting if why else ():
            waits = self._fate(step.key) is StepStatus.WAITING and self._blocker(step) is None
            if waits and not step.always:
                found.append(self._skip(step, why))
        return found

    def _first_failure(self) -> str:
        if not _stops_at_failure(self.state):
            return ""
        newly = [key for key, fate in self.fates.items() if fate is StepStatus.FAILED]
        known = self.state.census.count.get(StepStatus.FAILED, 0)
        if not newly and not known:
            return ""
        failed = next(key for key in self.plan.by_key if self._fate(key) is StepStatus.FAILED)
        return f"'{self.plan.by_key[failed].name}' failed, and the run stops at its first failure"

    def _skip(self, step: StepSpec, reason: str) -> e.StepSkipped:
        self.fates[step.key] = StepStatus.SKIPPED
        return e.StepSkipped(step.key, reason)

    def _blocker(self, step: StepSpec) -> str | None:
        """Something that it needs and that will never be there."""
        needs = step.feeders if step.always else step.needs
        return min((need for need in needs if self._fate(need) in UNDELIVERED), default=None)


def _stops_at_failure(state: RunState) -> bool:
    return state.submission is not None and not state.submission.continue_on_step_failure


def _words(fate: StepStatus) -> str:
    return {StepStatus.FAILED: "failed", StepStatus.SKIPPED: "was not run"}.get(fate, fate.value)
