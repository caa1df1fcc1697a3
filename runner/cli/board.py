"""A run as one screen that is drawn again and again (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nsmallest
from textwrap import wrap

from ..dataclass import dataclass, field
from ..model.state import StepState
from ..model.status import DELIVERED, StepStatus
from ..operations.report import display_names, search_seconds, seconds_of
from ..operations.search_progress import BestTrial, is_searching, progress_text
from ..operations.step_status import environment_name, why
from ..operations.values import RunView
from .formatting import clip, duration, many
from .paint import Paint
from .status_style import sign, style
from .table import Cell, table

_AROUND = 3
"""Lines beside the steps: an empty one above and below, and the counts."""
_MOST_MAKING = 3
"""Environments that are being made and have a line."""
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


@dataclass(frozen=True)
class BoardFacts:
    """The facts that a board shows beside the state of the run."""

    bests: Mapping[str, BestTrial] = field(default_factory=dict)
    """The best trials so far, by the key of the search."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """The last line of output of running steps, by key."""
    making: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """The time at which an environment was first seen being made for a target."""


NO_FACTS = BoardFacts()


def board(view: RunView, now: datetime, screen: Screen, paint: Paint, facts: BoardFacts = NO_FACTS) -> list[str]:
    """The steps with states, times and reasons, and their counts: never more lines than the screen has.

    A search is one line with its trials. A running step has the last line of its output.
    """
    below = [paint(clip(counts(view, now), screen.width - 2), "dim")]
    if view.state.overdue and not view.state.over:
        below.append(paint(clip(view.state.overdue, screen.width - 2), "yellow"))
    below.extend(paint(clip(line, screen.width - 2), "dim") for line in _making(view, now, facts))
    advice = _advice_for(view, screen)
    keys = steps_on(view, screen)
    names = display_names(view.plan)
    rows = [_row(view, key, names[key], now, paint, facts) for key in keys]
    return ["", *table(rows, paint, width=screen.width), "", *(f"  {line}" for line in (*below, *advice))]


def steps_on(view: RunView, screen: Screen) -> Sequence[str]:
    """Return the keys of the steps that a board shows, in the plan's order.

    Args:
        view: The run.
        screen: The part of the screen that the board has.

    """
    return _chosen(view, max(_room(view, screen) - len(_advice_for(view, screen)), 3))


def _room(view: RunView, screen: Screen) -> int:
    """Return the lines for steps and advice."""
    notes = bool(view.state.overdue and not view.state.over) + min(len(view.state.making), _MOST_MAKING)
    return screen.height - _AROUND - 1 - notes


def _making(view: RunView, now: datetime, facts: BoardFacts) -> list[str]:
    """Return a line for each environment that is being made: for how long, and what it does."""
    found = []
    for pair, line in list(view.state.making.items())[:_MOST_MAKING]:
        begun = facts.making.get(pair)
        time = f" for {duration((now - begun).total_seconds())}" if begun else ""
        found.append(
            f"making environment '{environment_name(view.plan, pair[0])}'{time}" + (f": {line}" if line else "")
        )
    return found


def _advice_for(view: RunView, screen: Screen) -> list[str]:
    return _advice(view, screen.width)[: max(min(_room(view, screen) // 3, _ADVICE), 0)]


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
    trials = [step.key for step in view.plan.steps if step.trial_of]
    found = Counter(view.state.step_counts.count)
    found.subtract(view.state.steps[key].status for key in trials)
    searching = sum(is_searching(view, step.key) for step in view.plan.searches)
    found.update({StepStatus.RUNNING: searching, StepStatus.WAITING: -searching})
    done = sum(found.get(status, 0) for status in DELIVERED)
    parts = [f"{done} of {many(len(view.state.steps) - len(trials), 'step')} done"]
    parts.extend(f"{found[status]} {status.value}" for status in _ORDER[:-2] if found.get(status))
    created = view.state.created
    spent = duration(((view.state.ended or now) - created).total_seconds()) if created else ""
    return ", ".join(parts) + (f" · {spent}" if spent else "")


def _chosen(view: RunView, room: int) -> Sequence[str]:
    """The keys of the steps to show, in the plan's order."""
    keys = tuple(key for key in view.state.steps if not view.plan.by_key[key].trial_of)
    if len(keys) <= room:
        return keys
    steps = view.state.steps
    rank = {status: at for at, status in enumerate(_ORDER)}
    kept = frozenset(nsmallest(room, keys, key=lambda key: rank[_status(view, steps[key], key)]))
    return tuple(key for key in keys if key in kept)


def _status(view: RunView, step: StepState, key: str) -> StepStatus:
    return StepStatus.RUNNING if is_searching(view, key) else step.status


def _row(view: RunView, key: str, name: str, now: datetime, paint: Paint, facts: BoardFacts) -> list[Cell]:
    step = view.state.steps[key]
    shown = _status(view, step, key)
    status, seconds, reason = shown.value, seconds_of(step, now), why(view, key, now)
    if view.plan.by_key[key].search is not None:
        seconds = search_seconds(view, key, now)
        if step.status is not StepStatus.FAILED and (shown is StepStatus.RUNNING or seconds is not None):
            reason = progress_text(view, key, facts.bests.get(key))
    output = facts.outputs.get(key, "") if shown is StepStatus.RUNNING else ""
    return [
        Cell(sign(status, paint), style(status)),
        Cell(name, "" if shown is not StepStatus.WAITING else "dim"),
        Cell(status, style(status)),
        Cell(duration(seconds).rjust(_TIME), right=True),
        Cell(" · ".join(filter(None, (reason, output))), "dim"),
    ]
