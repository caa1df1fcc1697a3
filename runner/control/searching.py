"""Derive the events of searches: the values of trials, their early ends, and the end of a search's time (pure).

At most `Search.concurrent` trials have values and have not ended. Trials get their values in order, and no trial starts
without them, so this limit is that of trials in flight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from ..dataclass import dataclass, field
from ..model import events as e
from ..model.record import Failure
from ..model.status import IN_FLIGHT, STEP_ENDS, RunStatus, StepStatus
from .policy import span
from .progress import Progress, TrialProgress, is_fed, is_undrawn
from .sampling import values_of


@dataclass(frozen=True, kw_only=True)
class TrialNews:
    """The facts about the trials of a run that its journal does not have."""

    worse: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """The attempt of each trial that its search's rule stops, and the reason, by the key of the trial."""
    canceled: Mapping[str, str] = field(default_factory=dict)
    """The reason for each trial that a user cancels, by its key."""
    suggested: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Values that Bayesian sampling has drawn, by the key of the trial."""
    unsuggested: Mapping[str, str] = field(default_factory=dict)
    """The reason why a trial's values could not be drawn, by its key."""


def search_events(now: Progress, at: datetime, news: TrialNews) -> tuple[e.Event, ...]:
    """Return the events that follow for the searches of a run.

    Args:
        now: The progress of the run.
        at: The time.
        news: What is known beside the journal.

    """
    if now.state.status is not RunStatus.RUNNING or now.state.overdue:
        return ()
    found: dict[str, e.Event] = {}
    for trials in now.searches.values():
        over = _time_over(now, trials, at)
        events = [*_ended(now, trials, over), *_canceled(now, trials, news.canceled)]
        if not over:
            events += [*_stopped(now, trials, news.worse), *_drawn(now, trials, news)]
        for event in events:  # one for each trial: the first reason counts
            found.setdefault(event.key, event)
    return tuple(found.values())


def trials_in_turn(now: Progress, trials: TrialProgress) -> Iterator[str]:
    """Yield the keys of the trials that get their values now, in order."""
    if now.state.status is not RunStatus.RUNNING or now.state.overdue:
        return
    room = trials.search.concurrent - len(trials.active)
    for number in range(trials.next, len(trials.search.trials)):
        key = trials.search.trials[number]
        if room <= 0 or not is_fed(now.state, now.plan.by_key[key]):
            return
        if is_undrawn(now.state, key):
            room -= 1
            yield key


def known_values(now: Progress, trials: TrialProgress, key: str) -> Mapping[str, object] | None:
    """Return the values of a trial if they need no suggestion: those of a retried trial, or drawn from the seed."""
    submission = now.state.submission
    if submission is not None and key in submission.samples:
        return submission.samples[key]
    return values_of(trials.search, trials.search.numbers[key])


_TrialEvent = e.TrialSampled | e.TrialStopped | e.StepCanceled | e.StepSkipped | e.StepFailed


def _drawn(now: Progress, trials: TrialProgress, news: TrialNews) -> Iterator[_TrialEvent]:
    for key in trials_in_turn(now, trials):
        values = known_values(now, trials, key) or news.suggested.get(key)
        if values is not None:
            yield e.TrialSampled(key, values)
        elif key in news.unsuggested:
            yield e.StepFailed(key=key, failure=Failure.REFUSED, reason=news.unsuggested[key])
        else:
            return


def _time_over(now: Progress, trials: TrialProgress, at: datetime) -> str:
    """Return the reason to stop all trials if the search's time is over; else an empty text."""
    seconds = trials.search.minutes * 60.0
    if trials.begun is None or now.state.seconds(at) - trials.begun < seconds:
        return ""
    return f"the search's time of {span(seconds)} is over"


def _ended(now: Progress, trials: TrialProgress, reason: str) -> Iterator[_TrialEvent]:
    """Yield the events of all trials at the end of the search's time."""
    if not reason:
        return
    yield from _each(now, sorted(trials.active), reason)
    for key in trials.search.trials[trials.next :]:
        if is_undrawn(now.state, key):
            yield e.StepSkipped(key, reason)


def _canceled(now: Progress, trials: TrialProgress, reasons: Mapping[str, str]) -> Iterator[_TrialEvent]:
    for key, reason in reasons.items():
        if key in trials.search.numbers:
            yield from _each(now, [key], reason)


def _stopped(now: Progress, trials: TrialProgress, worse: Mapping[str, tuple[int, str]]) -> Iterator[_TrialEvent]:
    """Yield the trials that the search's rule stops, unless they run again meanwhile."""
    for key, (attempt, reason) in worse.items():
        trial = now.state.steps[key] if key in trials.active else None
        if trial is not None and trial.attempt == attempt and trial.status in IN_FLIGHT:
            yield from _each(now, [key], reason)


def _each(now: Progress, keys: Iterable[str], reason: str) -> Iterator[_TrialEvent]:
    """Yield the stop of each trial in flight, and the end of each one that waits."""
    for key in keys:
        trial = now.state.steps[key]
        if trial.status is StepStatus.WAITING:
            yield e.StepCanceled(key, reason)
        elif trial.status not in STEP_ENDS and not trial.stopping:
            yield e.TrialStopped(key, trial.attempt, reason)
