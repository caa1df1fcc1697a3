"""A run as lines that are only ever added to: one per change of state (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ..model import events as e
from ..model.plan import Plan
from ..operations.report import display_names
from .formatting import clip, clock, duration
from .paint import Paint
from .status_style import style

_WIDEST_NAME = 32
_CLOCK = 8
_STATE = 9
"""Columns of the longest state."""


def name_width(plan: Plan) -> int:
    """The columns of the steps' names: the same for all lines of a run."""
    return min(max((len(name) for name in display_names(plan).values()), default=0), _WIDEST_NAME)


def lines_of(entry: e.JournalEntry, plan: Plan, paint: Paint, width: int) -> Iterator[str]:
    """Time, step (in `width` columns), state and reason of each change in `entry`."""
    names = display_names(plan)
    for event in entry.events:
        row = _row(event, names, plan, entry.time)
        if row is not None:
            name, state, reason = row
            yield line_of(entry.time, name, state, reason, paint, width)
            if remedy := _one_line(getattr(event, "remedy", "")):
                yield f"{'':{_CLOCK + width + _STATE + 6}}do: {remedy}"


def line_of(at: datetime, name: str, state: str, reason: str, paint: Paint, width: int) -> str:
    """Return one line: time, step (in `width` columns), state and reason."""
    padded = paint(f"{state:<{_STATE}}", style(state))
    return f"{paint(clock(at), 'dim')}  {clip(name, _WIDEST_NAME):<{width}}  {padded}  {reason}".rstrip()


def _row(event: e.Event, names: Mapping[str, str], plan: Plan, at: datetime) -> tuple[str, str, str] | None:
    """Return the name, state and reason that an event shows; None: it shows nothing."""
    key = getattr(event, "key", None)
    if key is not None:
        shown = _of_trial(event, at) if plan.by_key[key].trial_of else _of_step(event, at)
        return (names[key], *shown) if shown else None
    return _of_environment(event, plan) or _of_run(event)


def _of_step(event: e.Event, at: datetime) -> tuple[str, str] | None:
    match event:
        case e.AttemptStarted(attempt=attempt):
            return "queued", f"attempt {attempt}" if attempt > 1 else ""
        case e.AttemptPending(reason=reason):
            return ("queued", _one_line(reason)) if reason else None
        case e.AttemptRunning():
            return "running", ""
        case e.AttemptOverdue(reason=reason):
            return "overdue", f"{_one_line(reason)}; it is stopped"
        case e.AttemptFailed(attempt=attempt, failure=failure, reason=reason, not_before=not_before):
            pause = f" in {duration((not_before - at).total_seconds())}" if not_before else " follows"
            return "retry", f"{failure.value}: {_one_line(reason)}; attempt {attempt + 1}{pause}"
        case e.StepSucceeded(started=started, ended=ended):
            return "succeeded", duration((ended - started).total_seconds())
        case e.StepReused(origin=origin):
            return "reused", f"outputs of {origin}"
        case e.StepFailed(reason=reason):
            return "failed", _one_line(reason)
        case e.StepSkipped(reason=reason):
            return "skipped", reason
        case e.StepCanceled(reason=reason):
            return "canceled", _one_line(reason)
        case _:
            return None


def _of_trial(event: e.Event, at: datetime) -> tuple[str, str] | None:
    """Return the state and reason of a trial: its values and its end, since there may be many trials."""
    match event:
        case e.TrialSampled(values=values):
            return "sampled", " ".join(f"{name} {_number(value)}" for name, value in values.items())
        case e.TrialStopped(reason=reason):
            return "stopping", f"{_one_line(reason)}; it is stopped"
        case e.StepCanceled(reason=reason):
            return "canceled", _one_line(reason)
        case e.AttemptStarted() | e.AttemptPending() | e.AttemptRunning():
            return None
        case _:
            return _of_step(event, at)


def _number(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _of_environment(event: e.Event, plan: Plan) -> tuple[str, str, str] | None:
    match event:
        case e.EnvironmentBuilding(environment=key, line=line):
            return _environment(plan, key), "making", "environment" + (f": {_one_line(line)}" if line else "")
        case e.EnvironmentReady(environment=key, built=True, seconds=seconds):
            return _environment(plan, key), "made", f"environment, {duration(seconds)}"
        case e.EnvironmentUnavailable(environment=key, reason=reason):
            return _environment(plan, key), "failed", f"environment: {_one_line(reason)}"
        case _:
            return None


def _of_run(event: e.Event) -> tuple[str, str, str] | None:
    match event:
        case e.RunOverdue(reason=reason):
            return "", "overdue", _one_line(reason)
        case e.MachineSlept(seconds=seconds):
            return "", "slept", f"the controller's machine, for {duration(seconds)}"
        case e.CancelRequested():
            return "", "canceling", ""
        case _:
            return None


def _environment(plan: Plan, key: str) -> str:
    return plan.environments[key].name if key in plan.environments else key


def _one_line(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())
