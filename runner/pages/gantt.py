"""The timeline of a run as bars (pure). Places are numbers from 0 to `WIDTH`, for the attributes of SVG elements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..operations.timeline import PHASES, Phase, StepTimeline, Timeline
from .step_list import step_address
from .texts import duration

WIDTH = 1000
PAGE = 200
"""The most steps of one page."""
_TICKS = 6
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)
"""Seconds between two marks."""
_THIN = 2.0
"""The least width of a bar: a phase of a moment is still seen."""


@dataclass(frozen=True)
class Bar:
    """One phase."""

    phase: str
    x: float
    width: float
    text: str


@dataclass(frozen=True, kw_only=True)
class GanttRow:
    """One step."""

    key: str
    name: str
    href: str
    status: str
    critical: bool
    attempts: int
    seconds: float | None
    """From its first attempt to its end, or to now."""
    began: str
    """The time after the run's submission, in words."""
    bars: tuple[Bar, ...]
    told: str
    """Its phases in words."""


@dataclass(frozen=True)
class Tick:
    """One mark of the time axis."""

    x: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Gantt:
    """A page of the timeline of a run."""

    rows: tuple[GanttRow, ...]
    ticks: tuple[Tick, ...]
    phases: tuple[str, ...]
    """The phases that occur, in their order."""
    critical: tuple[str, ...]
    """The names of the steps on the critical path."""
    never: int
    """The number of steps that have not begun."""
    first: int
    total: int
    page: int
    last: int
    """The number of pages."""


def gantt(found: Timeline, page: int = 1) -> Gantt:
    """Return a page of a timeline: steps in the order in which they began.

    Args:
        found: The timeline.
        page: The number of the page, from 1.

    """
    begun = [step for step in found.steps if step.phases or step.began]
    begun.sort(key=lambda step: _first(step) or found.now)
    last = max(1, -(-len(begun) // PAGE))
    page = min(page, last)
    shown = begun[(page - 1) * PAGE : page * PAGE]
    created = found.created or min((at for at in map(_first, begun) if at), default=found.now)
    scale = _Scale(created, max([found.ended or found.now, *_ends(begun)]))
    names = {step.key: step.name for step in found.steps}
    occurring = {phase.name for step in shown for phase in step.phases}
    return Gantt(
        rows=tuple(_row(found, step, scale) for step in shown),
        ticks=tuple(scale.ticks()),
        phases=tuple(name for name in PHASES if name in occurring),
        critical=tuple(names[key] for key in found.critical),
        never=len(found.steps) - len(begun),
        first=(page - 1) * PAGE + 1,
        total=len(begun),
        page=page,
        last=last,
    )


class _Scale:
    def __init__(self, began: datetime, ended: datetime) -> None:
        self.began = began
        self.seconds = max((ended - began).total_seconds(), 0.1)

    def x(self, at: datetime) -> float:
        share = (at - self.began).total_seconds() / self.seconds
        return round(WIDTH * min(max(share, 0.0), 1.0), 2)

    def ticks(self) -> Iterator[Tick]:
        """Yield some marks at round times."""
        step = next((each for each in _STEPS if self.seconds / each <= _TICKS), 0)
        step = step or max(1, round(self.seconds / _TICKS / 86400)) * 86400
        for number in range(int(self.seconds // step) + 1):
            at = number * step
            yield Tick(self.x(self.began + timedelta(seconds=at)), duration(at) if at else "0")


def _row(found: Timeline, step: StepTimeline, scale: _Scale) -> GanttRow:
    began = step.began
    end = step.ended or found.ended or found.now
    return GanttRow(
        key=step.key,
        name=step.name,
        href=step_address(found.run, step.key),
        status=step.status,
        critical=step.critical,
        attempts=step.attempts,
        seconds=max(0.0, (end - began).total_seconds()) if began else None,
        began=duration((began - scale.began).total_seconds()) if began else "",
        bars=tuple(_bar(phase, scale, found) for phase in step.phases),
        told=", ".join(_told(phase, found) for phase in step.phases),
    )


def _bar(phase: Phase, scale: _Scale, found: Timeline) -> Bar:
    x = scale.x(phase.began)
    width = max(scale.x(phase.ended or found.now) - x, _THIN)
    again = f" (attempt {phase.attempt})" if phase.attempt > 1 else ""
    return Bar(phase.name, min(x, WIDTH - _THIN), round(width, 2), f"{_told(phase, found)}{again}")


def _told(phase: Phase, found: Timeline) -> str:
    going = "" if phase.ended else " so far"
    return f"{phase.name} {duration(((phase.ended or found.now) - phase.began).total_seconds())}{going}"


def _first(step: StepTimeline) -> datetime | None:
    times = [phase.began for phase in step.phases]
    return min([*times, *([step.began] if step.began else [])], default=None)


def _ends(steps: list[StepTimeline]) -> Iterator[datetime]:
    for step in steps:
        yield from (phase.ended for phase in step.phases if phase.ended)
