"""A run as one screen that is drawn again and again (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import nsmallest
from textwrap import wrap

from ..dataclass import dataclass
from ..model.status import DELIVERED, StepStatus
from ..operations.report import display_names, seconds_of
from ..operations.step_status import why
from ..operations.values import RunView
from .formatting import clip, duration, many
from .paint import Paint
from .status_style import sign, style
from .table import Cell, table

_AROUND = 3
"""Lines beside the steps: an empty one above and below, and the counts."""
_ADVICE = 6
"""Lines of what to do at most."""
_NARROWEST = 20
"""Columns of a line of advice."""
_TIME = 7
"""Columns that times have from the start, so that the table does not jump."""
_ORDER = (
    StepStatus.RUNNING,
    StepStatus.FAILED,
    StepStatus.QUEUED,
    StepStatus.CANCELED,
    StepStatus.SKIPPED,
    StepStatus.WAITING,
    StepStatus.SUCCEEDED,
    StepStatus.REUSED,
)
"""The order in which steps are shown if the screen is too small for all."""


@dataclass(frozen=True)
class Screen:
    """The size of the screen."""

    width: int
    height: int


def board(view: RunView, now: datetime, screen: Screen, paint: Paint) -> list[str]:
    """The steps with states, times and reasons, and their counts: never more lines than the screen has."""
    below = [paint(clip(counts(view, now), screen.width - 2), "dim")]
    if view.state.overdue and not view.state.over:
        below.append(paint(clip(view.state.overdue, screen.width - 2), "yellow"))
    room = screen.height - _AROUND - len(below)
    advice = _advice(view, screen.width)[: max(min(room // 3, _ADVICE), 0)]
    keys = _chosen(view, max(room - len(advice), 3))
    names = display_names(view.plan)
    rows = [_row(view, key, names[key], now, paint) for key in keys]
    return ["", *table(rows, paint, width=screen.width), "", *(f"  {line}" for line in (*below, *advice))]


def _advice(view: RunView, width: int) -> list[str]:
    """Return the advice for failed and waiting steps, each once with its steps, in lines that fit."""
    names = display_names(view.plan)
    found: dict[str, list[str]] = {}
    for key, step in view.state.steps.items():
        if step.remedy:
            found.setdefault(step.remedy, []).append(names[key])
    told = (f"do, for {_some(who)}: {' '.join(what.split())}" for what, who in found.items())
    return [line for each in told for line in wrap(each, max(width - 2, _NARROWEST), subsequent_indent="  ")]


def _some(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {many(len(names) - 1, 'other')}"


def counts(view: RunView, now: datetime) -> str:
    """``3 of 10 steps done, 2 running, 5 waiting · 12.3 s``."""
    found = view.state.step_counts.count
    done = sum(found.get(status, 0) for status in DELIVERED)
    parts = [f"{done} of {len(view.state.steps)} done"]
    parts.extend(f"{found[status]} {status.value}" for status in _ORDER[:-2] if found.get(status))
    created = view.state.created
    spent = duration(((view.state.ended or now) - created).total_seconds()) if created else ""
    return ", ".join(parts) + (f" · {spent}" if spent else "")


def _chosen(view: RunView, room: int) -> Sequence[str]:
    """The keys of the steps to show, in the plan's order."""
    keys = tuple(view.state.steps)
    if len(keys) <= room:
        return keys
    steps = view.state.steps
    rank = {status: at for at, status in enumerate(_ORDER)}
    kept = frozenset(nsmallest(room, keys, key=lambda key: rank[steps[key].status]))
    return tuple(key for key in keys if key in kept)


def _row(view: RunView, key: str, name: str, now: datetime, paint: Paint) -> list[Cell]:
    step = view.state.steps[key]
    status = step.status.value
    return [
        Cell(sign(status, paint), style(status)),
        Cell(name, "" if step.status is not StepStatus.WAITING else "dim"),
        Cell(status, style(status)),
        Cell(duration(seconds_of(step, now)).rjust(_TIME), right=True),
        Cell(why(view, key, now), "dim"),
    ]
