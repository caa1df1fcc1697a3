"""The timeline of a run as bars (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from textwrap import wrap

from ..operations.timeline import Phase, StepTimeline, Timeline
from .formatting import clip, duration, many
from .paint import Paint
from .status_style import style

_LETTERS: Mapping[str, str] = {
    "waiting": ".",
    "queued": "q",
    "starting": "s",
    "pulling": "p",
    "inputs": "i",
    "script": "#",
    "running": "#",
    "outputs": "o",
}
_STYLES: Mapping[str, str] = {
    "waiting": "dim",
    "queued": "yellow",
    "starting": "yellow",
    "pulling": "yellow",
    "inputs": "blue",
    "script": "green",
    "running": "green",
    "outputs": "cyan",
}
_LEGEND = ". waiting, q queued, s starting, p pulling the image, i inputs, # script, o outputs"
_LINES = 40
"""Steps that are shown unless all are asked for."""
_NAME, _LEAST_NAME = 28, 8
_BAR = 20
"""Columns of the bars at least."""
_TOOK = 9
_SHORTEST = 0.05
"""Seconds of a phase that is named."""
_WORST = 26
"""Columns of the text behind the time."""


def timeline_view(found: Timeline, paint: Paint, width: int, *, every: bool = False) -> list[str]:
    """Return a bar per step, the critical path, and where its time went.

    Args:
        found: The timeline.
        paint: The colours.
        width: The columns of the screen.
        every: Show all steps. Default: at most 40, those of the critical path and the longest ones.

    """
    begun = [step for step in found.steps if step.began is not None]
    took = _seconds(found.created, found.ended or found.now)
    head = f"{paint(found.run, 'bold')}  {paint(found.status, style(found.status))}  {duration(took)}"
    if not begun:
        return [head, "  no step has begun"]
    shown = _chosen(begun, None if every else _LINES)
    bar = _Bar(found, width, max(_LEAST_NAME, min(_NAME, max(len(step.name) for step in shown))))
    out = [head, ""]
    out += [bar.line(step, paint) for step in shown]
    out += ["", *(paint(f"  {line}", "dim") for line in wrap(_LEGEND, max(width - 2, _BAR)))]
    out += [
        line
        for text in _left_out(found, begun, shown)
        for line in wrap(f"  {text}", max(width, _BAR), subsequent_indent="  ")
    ]
    return [*out, "", *_critical(found, paint, width)]


def _left_out(found: Timeline, begun: Sequence[StepTimeline], shown: Sequence[StepTimeline]) -> list[str]:
    more, still = len(begun) - len(shown), len(found.steps) - len(begun)
    ended = found.ended is not None
    words = []
    if more:
        words.append(f"{more} more of {many(len(begun), 'step')}, which took less: --all shows them")
    if still:
        words.append(
            f"{many(still, 'step')} {'did not begin' if ended else 'have not begun' if still > 1 else 'has not begun'}"
        )
    return ["; ".join(words)] if words else []


def _chosen(begun: Sequence[StepTimeline], most: int | None) -> list[StepTimeline]:
    """Return the steps to show in the order of their begin: those of the critical path first, then the longest ones."""
    by_weight = sorted(begun, key=lambda step: (not step.critical, -_worked(step)))
    return sorted(by_weight[:most], key=lambda step: (step.began, step.ended is None, step.ended or step.began))


def _worked(step: StepTimeline) -> float:
    return sum(_seconds(phase.began, phase.ended) for phase in step.phases if phase.ended and phase.name != "waiting")


def _seconds(began: datetime | None, ended: datetime | None) -> float:
    return max(0.0, (ended - began).total_seconds()) if began and ended else 0.0


class _Bar:
    """The scale of the bars."""

    def __init__(self, found: Timeline, width: int, name: int) -> None:
        self._now = found.now
        times = [step.began for step in found.steps if step.began]
        self._start = min([found.created or times[0], *times])
        ends = [step.ended for step in found.steps if step.ended]
        self._end = max([found.ended or found.now, *ends])
        self._name = name
        self._width = max(_BAR, width - name - _TOOK - _WORST - 8)

    def line(self, step: StepTimeline, paint: Paint) -> str:
        """Return the line of a step."""
        sign = "*" if step.critical else " "
        name = clip(step.name, self._name)
        took = duration(_seconds(step.began, step.ended or self._now))
        named = paint(f"{name:<{self._name}}", "bold" if step.critical else "")
        return f"{sign} {named}  {self._bar(step, paint)}  {took:>{_TOOK}}  {self._worst(step, paint)}".rstrip()

    def _bar(self, step: StepTimeline, paint: Paint) -> str:
        cells = [" "] * self._width
        for phase in step.phases:
            first, last = self._column(phase.began), self._column(phase.ended or self._now)
            cells[first : max(last, first + 1)] = _LETTERS[phase.name] * max(last - first, 1)
        if step.status == "reused" and step.began:
            cells[self._column(step.began)] = "="
        del cells[self._width :]
        return "".join(self._painted(cells, paint))

    def _painted(self, cells: Sequence[str], paint: Paint) -> list[str]:
        if not paint.on:
            return list(cells)
        styles = {letter: _STYLES[name] for name, letter in _LETTERS.items()}
        starts = [0, *(at + 1 for at, (one, other) in enumerate(pairwise(cells)) if one != other), len(cells)]
        runs = ("".join(cells[begin:end]) for begin, end in pairwise(starts))
        return [paint(text, styles.get(text[0], "")) for text in runs]

    def _column(self, at: datetime) -> int:
        whole = (self._end - self._start).total_seconds() or 1.0
        share = (at - self._start).total_seconds() / whole
        return min(max(int(share * self._width), 0), self._width - 1)

    def _worst(self, step: StepTimeline, paint: Paint) -> str:
        """Return the longest phase, and the number of attempts."""
        if step.status == "reused":
            return paint("reused", "dim")
        spent = _by_phase([phase for phase in step.phases if phase.name != "waiting"], self._now)
        name = max(spent, key=lambda each: spent[each], default="")
        tries = f", {many(step.attempts, 'attempt')}" if step.attempts > 1 else ""
        text = f"{name} {duration(spent[name])}{tries}" if name else tries.lstrip(", ")
        return paint(clip(text, _WORST), "dim")


def _by_phase(phases: Sequence[Phase], now: datetime) -> dict[str, float]:
    spent: dict[str, float] = {}
    for phase in phases:
        spent[phase.name] = spent.get(phase.name, 0.0) + _seconds(phase.began, phase.ended or now)
    return spent


def _critical(found: Timeline, paint: Paint, width: int) -> list[str]:
    """Return the names of the critical path, and where its time went."""
    known = {step.key: step for step in found.steps}
    path = [known[key] for key in found.critical]
    spent = _by_phase([phase for step in path for phase in step.phases], found.now)
    names = _joined([step.name for step in path], width - 2)
    where = ", ".join(
        f"{name} {duration(seconds)}" for name, seconds in sorted(spent.items(), key=lambda each: -each[1])
    )
    told = wrap(f"  {where}", max(width, _BAR), subsequent_indent="  ")
    head = paint(f"critical path (*), {many(len(path), 'step')}", "bold")
    return [head, f"  {names}", *(paint(line, "dim") for line in told)]


def _joined(names: Sequence[str], width: int) -> str:
    """Return a chain of names that fits: the first and the last ones, if not all do."""
    whole = " → ".join(names)
    if len(whole) <= width or len(names) < 4:
        return clip(whole, width)
    kept = list(names)
    while len(kept) > 2 and len(" → ".join(kept)) + 8 > width:
        del kept[len(kept) // 2]
    middle = (len(kept) + 1) // 2
    return clip(" → ".join([*kept[:middle], "…", *kept[middle:]]), width)
