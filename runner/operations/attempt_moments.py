"""The moments of each attempt of a run, as its journal tells them (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from ..model import events as e

_PULLING = "Pulling"
"""The beginning of the kubelet's message about the pull of an image."""


@dataclass(kw_only=True)
class Moments:
    """The moments of one attempt. None: the journal does not tell it."""

    number: int
    created: datetime
    """The time at which its Job or process was made."""
    placed: datetime | None = None
    """The time at which it got a node."""
    pulling: datetime | None = None
    """The time at which the pull of its image was noticed."""
    started: datetime | None = None
    """The time at which its process began."""
    ended: datetime | None = None
    outcome: str = ""
    """``succeeded``, the class of its failure, or ``canceled``; empty: it has not ended."""


@dataclass
class StepMoments:
    """The moments of one step."""

    attempts: list[Moments] = field(default_factory=list)
    reused: datetime | None = None
    """The time at which an equal step was found."""


def moments_of(entries: Iterable[e.JournalEntry]) -> dict[str, StepMoments]:
    """Return the moments of each step that has begun, by its key.

    Args:
        entries: The journal.

    """
    steps: dict[str, StepMoments] = {}
    for entry in entries:
        for event in entry.events:
            _take(steps, event, entry.time)
    return steps


def _take(steps: dict[str, StepMoments], event: e.Event, at: datetime) -> None:
    if isinstance(event, e.AttemptStarted):
        steps.setdefault(event.key, StepMoments()).attempts.append(Moments(number=event.attempt, created=at))
        return
    if isinstance(event, e.StepReused):
        steps[event.key] = StepMoments(reused=at)
        return
    step = steps.get(getattr(event, "key", ""))
    if step is None or not step.attempts:
        return
    attempt = step.attempts[-1]
    if isinstance(event, e.AttemptPending):
        _waits(attempt, event, at)
    elif isinstance(event, e.AttemptRunning):
        attempt.started, attempt.placed = event.started, event.placed
    else:
        _end(attempt, event, at)


def _waits(attempt: Moments, event: e.AttemptPending, at: datetime) -> None:
    if attempt.started is not None:  # its place was taken away: what was known about its start is over
        attempt.placed = attempt.pulling = attempt.started = None
    if event.reason.startswith(_PULLING) and attempt.pulling is None:
        attempt.pulling = at


def _end(attempt: Moments, event: e.Event, at: datetime) -> None:
    if isinstance(event, e.StepSucceeded):
        attempt.started, attempt.ended, attempt.outcome = event.started, event.ended, "succeeded"
    elif isinstance(event, e.StepFailed):
        attempt.started = event.started or attempt.started
        attempt.ended, attempt.outcome = event.ended or at, event.failure.value
    elif isinstance(event, e.AttemptFailed):
        attempt.ended, attempt.outcome = at, event.failure.value
    elif isinstance(event, e.StepCanceled):
        attempt.ended, attempt.outcome = at, "canceled"
