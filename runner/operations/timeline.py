"""The timeline of a run: the phases of each step, and the critical path.

Times are those of the journal and of the records of attempts. Where nobody has noted when one phase went over into the
next, the two are one phase; no time is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..model.record import AttemptRecord
from ..model.status import STEP_ENDS, StepStatus
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import journal, records
from .attempt_moments import Moments, StepMoments, moments_of
from .critical_path import Span, critical_path, waits_for
from .parallel_reads import read_each
from .values import RunView

PHASES = ("waiting", "queued", "starting", "pulling", "inputs", "script", "outputs", "running")
"""The names of phases, in their order.

``waiting``: all that the step needs is there, and it is not started yet (a limit, an environment, a pause before the
next attempt). ``queued``: its Job or process exists. ``starting``: it has a node. ``pulling``: its image is pulled.
``inputs``, ``script``, ``outputs``: as its record tells. ``running``: the three as one, since no record tells them.
"""


_CLOCKS = timedelta(minutes=1)
"""An attempt that began longer than this before its journal entry did so by another clock."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of a step."""

    name: str
    """One of `PHASES`."""
    began: datetime
    ended: datetime | None
    """None: it goes on."""
    attempt: int
    """The number of the attempt; 0: it is before the first one."""


@dataclass(frozen=True, kw_only=True)
class StepTimeline:
    """The phases of one step."""

    key: str
    name: str
    status: str
    began: datetime | None
    """The creation of its first attempt; None: there is none."""
    ended: datetime | None
    attempts: int
    trial_of: str
    """The key of the search whose trial it is; empty: it is no trial."""
    phases: tuple[Phase, ...]
    """In the order of time, without gaps inside an attempt."""
    critical: bool
    """True if it is on the critical path."""


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The timeline of a run."""

    run: str
    status: str
    created: datetime | None
    ended: datetime | None
    now: datetime
    """The time of the look."""
    steps: tuple[StepTimeline, ...]
    """In the order of the plan."""
    critical: tuple[str, ...]
    """The keys of the steps on the critical path, the first one first."""


def timeline(store: ObjectStore, view: RunView, now: datetime) -> Timeline:
    """Return the timeline of a run. It reads the whole journal, and the record of each attempt.

    Args:
        store: The workspace store.
        view: The run.
        now: The time.

    Raises:
        StoreError: The store cannot be read.

    """
    state = view.state
    known = moments_of(entry for entry in journal.read(store, state.run) if entry.number <= state.number)
    tasks = {TaskId(state.run, key, each.number): each for key, step in known.items() for each in step.attempts}
    found = read_each(store, lambda task: records.record_of(store, task), tuple(tasks))
    ended = dict(zip(tasks, found, strict=True))
    for task, record in ended.items():
        tasks[task].created = begin_of(tasks[task], record)
    spans = dict(_spans(view, known, now))
    path = critical_path(view.plan, spans)
    return Timeline(
        run=state.run,
        status=state.status.value,
        created=state.created,
        ended=state.ended,
        now=now,
        steps=tuple(_step(view, key, known.get(key, StepMoments()), ended, path) for key in state.steps),
        critical=path,
    )


def _spans(view: RunView, known: Mapping[str, StepMoments], now: datetime) -> Iterator[tuple[str, Span]]:
    for key, moments in known.items():
        began = _began(moments)
        if began is not None:
            yield key, Span(began, max(began, view.state.steps[key].ended or now))


def _began(moments: StepMoments) -> datetime | None:
    return moments.attempts[0].created if moments.attempts else moments.reused


def _step(
    view: RunView,
    key: str,
    moments: StepMoments,
    ended: Mapping[TaskId, AttemptRecord | None],
    path: tuple[str, ...],
) -> StepTimeline:
    step = view.state.steps[key]
    return StepTimeline(
        key=key,
        name=view.plan.names[key],
        status=step.status.value,
        began=_began(moments),
        ended=step.ended if step.status in STEP_ENDS else None,
        attempts=len(moments.attempts),
        trial_of=view.plan.by_key[key].trial_of,
        phases=tuple(_phases(view, key, moments, ended)),
        critical=key in path,
    )


def _phases(
    view: RunView, key: str, moments: StepMoments, ended: Mapping[TaskId, AttemptRecord | None]
) -> Iterator[Phase]:
    ready = _ready(view, key)
    for attempt in moments.attempts:
        if ready is not None and ready < attempt.created:
            yield Phase(name="waiting", began=ready, ended=attempt.created, attempt=attempt.number - 1)
        yield from attempt_phases(attempt, ended.get(TaskId(view.state.run, key, attempt.number)))
        ready = attempt.ended
    if view.state.steps[key].status is StepStatus.WAITING and ready is not None and not view.state.over:
        yield Phase(name="waiting", began=ready, ended=None, attempt=len(moments.attempts))


def _ready(view: RunView, key: str) -> datetime | None:
    """Return the time at which all steps that a step waits for had ended; None: they have not."""
    needs = [view.state.steps[need] for need in waits_for(view.plan, key)]
    if any(need.status not in STEP_ENDS for need in needs):
        return None
    return max((need.ended for need in needs if need.ended is not None), default=view.state.created)


def begin_of(moments: Moments, record: AttemptRecord | None) -> datetime:
    """Return when an attempt was there: its journal entry may be written a little after its process began.

    Args:
        moments: What the journal tells of it.
        record: The record of its end; None: it has left none.

    """
    started = record.started if record else moments.started
    early = started is not None and timedelta(0) < moments.created - started < _CLOCKS
    return started if early and started is not None else moments.created


def attempt_phases(moments: Moments, record: AttemptRecord | None) -> Iterator[Phase]:
    """Yield the phases of one attempt from the creation of its Job or process on.

    Args:
        moments: What the journal tells of it.
        record: The record of its end; None: it has left none.

    """
    started = record.started if record else moments.started
    marks = [("queued", moments.created)]
    marks += [(name, at) for name, at in (("starting", moments.placed), ("pulling", moments.pulling)) if at]
    if started is not None:
        marks += _work(started, record)
    finish = record.ended if record else moments.ended
    if finish is None and moments.ended is not None:
        finish = moments.ended
    yield from _between(marks, finish, moments.number)


def _work(started: datetime, record: AttemptRecord | None) -> Iterator[tuple[str, datetime]]:
    """Yield the phases of the work, each with its begin; one phase if nobody has measured them."""
    spent = record.phases if record else None
    if spent is None or not (spent.inputs or spent.script or spent.outputs):
        yield "running", started
        return
    at = started
    for name, seconds in (("inputs", spent.inputs), ("script", spent.script), ("outputs", spent.outputs)):
        if seconds:
            yield name, at
        at += timedelta(seconds=seconds)


def _between(marks: list[tuple[str, datetime]], finish: datetime | None, number: int) -> Iterator[Phase]:
    """Yield each phase up to the begin of the next one. Clocks of machines differ: no phase ends before it begins."""
    at = began = marks[0][1]
    for place, (name, _) in enumerate(marks):
        last = place == len(marks) - 1
        end = finish if last else marks[place + 1][1]
        if end is not None:
            end = max(at, end)
        if end is None or end > at or (last and at == began):
            yield Phase(name=name, began=at, ended=end, attempt=number)
        at = end or at
