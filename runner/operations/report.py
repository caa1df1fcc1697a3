"""A run as it is told to people and to programs: the document of ``--json``.

Every field is always written, so that a program can rely on its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from ..dataclass import dataclass
from ..model.data import DataRef
from ..model.plan import Plan
from ..model.state import StepState
from ..model.status import IN_FLIGHT, StepStatus
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import records
from .metrics import Metric, metrics_of
from .standing import attempts_of, environment_name, failure_of, why
from .values import RunView

Locate = Callable[[DataRef], str]
"""The local path of data that lie in a folder; empty for a bucket's."""


@dataclass(frozen=True)
class OutputReport:
    """Where one output lies."""

    name: str
    datastore: str
    key: str
    path: str
    """On this machine; empty when it lies in a bucket."""
    files: int
    bytes: int


@dataclass(frozen=True)
class StepReport:
    """One step."""

    key: str
    name: str
    status: str
    reason: str
    """Why it waits, or why it failed: one line."""
    remedy: str
    """What to do about that, where it is known."""
    target: str
    attempt: int
    attempts: int
    """The most there can be, if all fail as the last one did; 0 before the first."""
    not_before: datetime | None
    """When the next attempt starts, if the last one failed and the pause is not over."""
    overdue: str
    """Why the attempt in flight is being stopped."""
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    exit_code: int | None
    failure: str
    """Its class; while another attempt follows, that of the last one."""
    tail: str
    """The last lines of its output, when it failed."""
    origin: str
    """The step run whose outputs stand in for it, when it was reused."""
    outputs: tuple[OutputReport, ...]
    metrics: tuple[Metric, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Slowest:
    """The step that took longest, and what it spent its time on (seconds)."""

    key: str
    name: str
    seconds: float
    inputs: float | None
    script: float | None
    outputs: float | None


@dataclass(frozen=True)
class MadeEnvironment:
    """An environment that was not there before the run."""

    name: str
    target: str
    seconds: float


@dataclass(frozen=True)
class RunReport:
    """One run."""

    run: str
    experiment: str
    status: str
    origin: str
    """The run of which it was made again; empty for others."""
    overdue: str
    """Why nothing but what always runs still starts: its deadline has passed."""
    created: datetime | None
    ended: datetime | None
    seconds: float | None
    steps: tuple[StepReport, ...]
    slowest: Slowest | None
    environments: tuple[MadeEnvironment, ...] = ()
    """Those that were made for it."""


def report(store: ObjectStore, view: RunView, locate: Locate, now: datetime, *, threads: int = 1) -> RunReport:
    """The whole run as it is now; it reads the metrics of every step that has run, `threads` steps at a time."""
    state = view.state

    def one(key: str) -> StepReport:
        return step_report(store, view, key, locate=locate, now=now)

    return RunReport(
        state.run,
        state.submission.experiment if state.submission else "",
        state.status.value,
        state.submission.origin if state.submission else "",
        state.overdue,
        state.created,
        state.ended,
        _between(state.created, state.ended or now),
        tuple(_each(one, tuple(state.steps), threads)),
        slowest(store, view),
        tuple(
            MadeEnvironment(environment_name(view.plan, key), target, seconds)
            for (key, target), seconds in state.made.items()
        ),
    )


def _each(one: Callable[[str], StepReport], keys: Sequence[str], threads: int) -> Iterable[StepReport]:
    if threads == 1 or len(keys) < threads:
        return map(one, keys)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, keys))


def step_report(store: ObjectStore, view: RunView, key: str, *, locate: Locate, now: datetime) -> StepReport:
    """One step of a run as it is now."""
    state, step = view.state, view.state.steps[key]
    submission = state.submission
    return StepReport(
        key=key,
        name=display_names(view.plan)[key],
        status=step.status.value,
        reason=why(view, key, now),
        remedy=step.remedy,
        target=submission.targets.get(key, "") if submission else "",
        attempt=step.attempt,
        attempts=attempts_of(view, key),
        not_before=step.not_before if step.status is StepStatus.WAITING else None,
        overdue=step.overdue if step.status in IN_FLIGHT else "",
        started=step.started,
        ended=step.ended,
        seconds=seconds_of(step, now),
        exit_code=step.exit_code,
        failure=failure_of(step),
        tail=step.tail,
        origin=step.origin,
        outputs=tuple(
            OutputReport(name, ref.datastore, ref.key, locate(ref), ref.files, ref.bytes)
            for name, ref in step.outputs.items()
        ),
        metrics=_metrics(store, view, key),
        warnings=step.warnings,
    )


def _metrics(store: ObjectStore, view: RunView, key: str) -> tuple[Metric, ...]:
    """Of its newest attempt; of a reused step, what its origin reported when it committed."""
    step = view.state.steps[key]
    task = TaskId(view.state.run, key, step.attempt) if step.attempt else None
    if step.origin:
        task = records.attempt_behind(store, step.origin)
    return metrics_of(store, task) if task else ()


def display_names(plan: Plan) -> Mapping[str, str]:
    """Each step's name for people: its own where no other step has it, else its key."""
    return plan.names


def slowest(store: ObjectStore, view: RunView) -> Slowest | None:
    """The step that took longest of those that have ended, with its phases as its record tells them."""
    taken = {
        key: step.ended - step.started
        for key, step in view.state.steps.items()
        if step.started and step.ended and not step.origin
    }
    if not taken:
        return None
    key = max(taken, key=taken.__getitem__)
    attempt = view.state.steps[key].attempt
    record = records.record_of(store, TaskId(view.state.run, key, attempt)) if attempt else None
    phases = record.phases if record and record.failure is None else None
    return Slowest(
        key,
        display_names(view.plan)[key],
        taken[key].total_seconds(),
        phases.inputs if phases else None,
        phases.script if phases else None,
        phases.outputs if phases else None,
    )


def seconds_of(step: StepState, now: datetime) -> float | None:
    """How long the step has taken, or takes so far; None before its start."""
    running = step.status in (StepStatus.RUNNING, StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.CANCELED)
    return _between(step.started, step.ended or now) if running else None


def _between(start: datetime | None, end: datetime) -> float | None:
    return round((end - start).total_seconds(), 3) if start else None
