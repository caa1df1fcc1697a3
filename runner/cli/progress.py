"""A run as lines that are only ever added to: one per change of state (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from ..model import events as e
from ..model.plan import Plan
from ..operations.report import display_names
from .marks import style
from .paint import Paint
from .words import clip, clock, duration

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
        told = _told(event, names, plan, entry.time)
        if told is not None:
            name, state, reason = told
            padded = paint(f"{state:<{_STATE}}", style(state))
            yield f"{paint(clock(entry.time), 'dim')}  {clip(name, _WIDEST_NAME):<{width}}  {padded}  {reason}".rstrip()
            if remedy := _one_line(getattr(event, "remedy", "")):
                yield f"{'':{_CLOCK + width + _STATE + 6}}do: {remedy}"


def _told(event: e.Event, names: Mapping[str, str], plan: Plan, at: datetime) -> tuple[str, str, str] | None:
    """Step, state, reason."""
    match event:
        case e.EnvironmentMaking(environment, _, line):
            return _environment(plan, environment), "making", "environment" + (f": {_one_line(line)}" if line else "")
        case e.EnvironmentReady(environment, _, _, built, seconds) if built:
            return _environment(plan, environment), "made", f"environment, {duration(seconds)}"
        case e.EnvironmentLost(environment, _, reason):
            return _environment(plan, environment), "failed", f"environment: {_one_line(reason)}"
        case e.TaskStarted(key, attempt, _):
            return names[key], "queued", f"attempt {attempt}" if attempt > 1 else ""
        case e.TaskWaits(key, reason, _):
            return (names[key], "queued", _one_line(reason)) if reason else None
        case e.TaskRuns(key, _):
            return names[key], "running", ""
        case e.TaskOverdue(key, _, reason):
            return names[key], "overdue", f"{_one_line(reason)}; it is stopped"
        case e.TaskLost(key, attempt, failure, reason, not_before):
            pause = f" in {duration((not_before - at).total_seconds())}" if not_before else " follows"
            return names[key], "retry", f"{failure.value}: {_one_line(reason)}; attempt {attempt + 1}{pause}"
        case e.StepSucceeded(key, _, started, ended):
            return names[key], "succeeded", duration((ended - started).total_seconds())
        case e.StepReused(key, origin):
            return names[key], "reused", f"outputs of {origin}"
        case e.StepFailed(key, _, reason):
            return names[key], "failed", _one_line(reason)
        case e.StepSkipped(key, reason):
            return names[key], "skipped", reason
        case e.RunOverdue(reason):
            return "", "overdue", _one_line(reason)
        case e.Slept(seconds):
            return "", "slept", f"the controller's machine, for {duration(seconds)}"
        case e.CancelRequested():
            return "", "canceling", ""
        case e.StepCanceled(key):
            return names[key], "canceled", ""
        case _:
            return None


def _environment(plan: Plan, key: str) -> str:
    return plan.environments[key].name if key in plan.environments else key


def _one_line(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())
