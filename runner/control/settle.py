"""Derive the events that follow from the state alone: steps that can never start, and the run's end (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from ..model import events as e
from ..model.plan import Plan
from ..model.record import Failure
from ..model.search import Search
from ..model.state import RunState
from ..model.status import UNDELIVERED, RunStatus, StepStatus
from ..model.step import StepSpec
from .progress import keys_of

_Fates = dict[str, StepStatus]
"""The outcomes decided here, by step key; all other steps are as the state has them."""
_SWEEPING = (e.CancelRequested, e.RunOverdue, e.EnvironmentUnavailable, e.ControllerStarted)
"""Events after which every step has to be looked at."""


def settle(plan: Plan, state: RunState, events: Iterable[e.Event] | None = None) -> tuple[e.Event, ...]:
    """Return the events that follow from `state`. `events` are the newest; None looks at every step."""
    suspects = _Suspects(plan, state, None if events is None else tuple(events))
    if state.status is RunStatus.CANCELING:
        return tuple(e.StepCanceled(step.key) for step in suspects.waiting())
    found = _Settlement(plan, state).events(suspects.waiting())
    if _stops_at_failure(state) and any(isinstance(event, e.StepFailed) for event in found):
        found = _Settlement(plan, state).events(_Suspects(plan, state, None).waiting())
    return (*_late(plan, state), *found)


def end_of(plan: Plan, state: RunState) -> e.RunEnded | None:
    """Return the run's last event, once every step has ended. The failure of a trial is not that of the run."""
    if state.over or state.step_counts.open:
        return None
    canceled = (key for key in plan.decisive if state.steps[key].status is StepStatus.CANCELED)
    if state.status is RunStatus.CANCELING and next(canceled, None) is not None:
        return e.RunEnded(RunStatus.CANCELED)
    left_out = set(state.submission.left_out) if state.submission else set()
    forced = state.submission.forced_keys if state.submission else frozenset()
    for step in plan.steps:
        alone = step.key in forced and step.trial_of not in forced  # a trial that was requested without its search
        decides = alone or not step.trial_of
        if decides and step.key not in left_out and state.steps[step.key].status in UNDELIVERED:
            return e.RunEnded(RunStatus.FAILED)
    return e.RunEnded(RunStatus.SUCCEEDED)


def _late(plan: Plan, state: RunState) -> Iterator[e.AttemptOverdue]:
    """Yield the events of steps that are in flight when the deadline has passed."""
    for key in sorted(state.step_counts.live) if state.overdue else ():
        step = state.steps[key]
        if not plan.by_key[key].always and not step.stopping:
            yield e.AttemptOverdue(key, step.attempt, state.overdue)


class _Suspects:
    """The waiting steps that the newest events may affect."""

    def __init__(self, plan: Plan, state: RunState, events: tuple[e.Event, ...] | None) -> None:
        self.plan = plan
        self.state = state
        self.events = events

    def waiting(self) -> list[StepSpec]:
        """Return them in the plan's order if every step is looked at, else in the order of their dependencies."""
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
            search = self.plan.by_key[key].search
            if search is not None and status in UNDELIVERED:
                queue.extend(trial for trial in search.trials if self._waits(trial))
        return [self.plan.by_key[key] for key in found]

    def _all(self) -> bool:
        events = self.events or ()
        return any(isinstance(event, _SWEEPING) for event in events) or (
            _stops_at_failure(self.state) and any(self._is_decisive(event) for event in events)
        )

    def _is_decisive(self, event: e.Event) -> bool:
        return isinstance(event, e.StepFailed) and not self.plan.by_key[event.key].trial_of

    def _waits(self, key: str) -> bool:
        return self.state.steps[key].status is StepStatus.WAITING


class _Settlement:
    """The outcomes of the waiting steps, each derived from those before it."""

    def __init__(self, plan: Plan, state: RunState) -> None:
        self.plan = plan
        self.state = state
        self.fates: _Fates = {}
        self.failures: dict[str, e.StepFailed] = {}
        """The failures decided here, by step key."""

    def events(self, waiting: list[StepSpec]) -> tuple[e.Event, ...]:
        """Return the events of the `waiting` steps and of their dependents."""
        if not waiting:
            return ()
        broken, fruitless = self._broken(waiting), self._fruitless(waiting)
        given_up = self._given_up(waiting)
        return (*broken, *fruitless, *self._blocked(waiting), *given_up)

    def _fate(self, key: str) -> StepStatus:
        return self.fates.get(key) or self.state.steps[key].status

    def _broken(self, waiting: list[StepSpec]) -> list[e.StepFailed]:
        """Yield the steps whose environment cannot be built, unless a dependency keeps them from starting anyway."""
        found: list[e.StepFailed] = []
        submission = self.state.submission
        for step in waiting if submission and self.state.broken else ():
            reason = self.state.broken.get((step.environment, submission.targets[step.key])) if submission else None
            if reason is not None and self._blocker(step) is None:
                found.append(e.StepFailed(key=step.key, failure=Failure.IMAGE, reason=reason))
        for event in found:
            self._fail(event)
        return found

    def _blocked(self, waiting: list[StepSpec]) -> list[e.StepSkipped | e.StepFailed]:
        """Yield the steps with a dependency, direct or indirect, that will never exist; each step once.

        A search fails if its trials have ended and none has succeeded.
        """
        found: list[e.StepSkipped | e.StepFailed] = []
        queue = deque(waiting)
        while queue:
            step = queue.popleft()
            event = self._verdict(step) if self._fate(step.key) is StepStatus.WAITING else None
            if event is not None:
                found.append(event)
                queue.extend(self.plan.by_key[key] for key in self.plan.dependents[step.key])
                queue.extend(self.plan.by_key[key] for key in (step.search.trials if step.search else ()))
        return found

    def _verdict(self, step: StepSpec) -> e.StepSkipped | e.StepFailed | None:
        """Return the end of a waiting step that can never start; None if it still can."""
        need = self._blocker(step)
        if need is not None:
            name = self.plan.by_key[need].name
            return self._skip(step, f"it needs '{name}', which {_words(self._fate(need))}")
        return self._end_of_search(step, step.search) if step.search else None

    def _fruitless(self, waiting: list[StepSpec]) -> list[e.StepSkipped | e.StepFailed]:
        """Yield the searches whose trials have ended without a success. Their failure may stop the run."""
        found: list[e.StepSkipped | e.StepFailed] = []
        for step in waiting:
            waits = step.search is not None and self._fate(step.key) is StepStatus.WAITING
            event = self._verdict(step) if waits and self._blocker(step) is None else None
            if event is not None:
                found.append(event)
        return found

    def _end_of_search(self, step: StepSpec, search: Search) -> e.StepSkipped | e.StepFailed | None:
        """Return the end of a search without a successful trial: its cause is the first trial that failed."""
        if not all(self._fate(key) in UNDELIVERED for key in reversed(search.trials)):
            return None
        by_fate = {self._fate(key): key for key in reversed(search.trials)}
        first = by_fate.get(StepStatus.FAILED, by_fate.get(StepStatus.CANCELED))
        if first is None:
            return self._skip(step, "none of its trials was run")
        trial = self.failures.get(first) or self.state.steps[first]
        name, many = self.plan.names[first], len(search.trials)
        word = "failed" if self._fate(first) is StepStatus.FAILED else "was stopped"
        event = e.StepFailed(
            key=step.key,
            failure=trial.failure or Failure.CANCELED,
            reason=f"none of its {many} trials succeeded; '{name}' {word}: {trial.reason}",
            exit_code=trial.exit_code,
            tail=trial.tail,
            remedy=trial.remedy,
        )
        self._fail(event)
        return event

    def _given_up(self, waiting: list[StepSpec]) -> list[e.StepSkipped]:
        """Yield the steps that could still start when the run stops, except those with `always`."""
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
        known = self.state.step_counts.count.get(StepStatus.FAILED, 0)
        if not newly and not known:
            return ""
        failed = next((key for key in self.plan.decisive if self._fate(key) is StepStatus.FAILED), None)
        if failed is None:
            return ""
        return f"'{self.plan.by_key[failed].name}' failed, and the run stops at its first failure"

    def _skip(self, step: StepSpec, reason: str) -> e.StepSkipped:
        self.fates[step.key] = StepStatus.SKIPPED
        return e.StepSkipped(step.key, reason)

    def _fail(self, event: e.StepFailed) -> None:
        self.fates[event.key] = StepStatus.FAILED
        self.failures[event.key] = event

    def _blocker(self, step: StepSpec) -> str | None:
        """Return a dependency of the step that will never exist; for a trial, its search if that will not run."""
        need = min((need for need in step.required if self._fate(need) in UNDELIVERED), default=None)
        left_out = self.state.submission.left_out if self.state.submission else ()
        if need is None and step.trial_of and step.trial_of not in left_out:
            return step.trial_of if self._fate(step.trial_of) in UNDELIVERED else None
        return need


def _stops_at_failure(state: RunState) -> bool:
    return state.submission is not None and not state.submission.continue_on_step_failure


def _words(fate: StepStatus) -> str:
    return {StepStatus.FAILED: "failed", StepStatus.SKIPPED: "was not run"}.get(fate, fate.value)
