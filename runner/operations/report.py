"""The report of a run for users and programs: the document of ``--json``.

Every field is always written, so that a program can rely on its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from ..dataclass import dataclass, field
from ..errors import StoreError
from ..model.batches import BatchProgress
from ..model.data import DataRef
from ..model.document import to_document
from ..model.plan import Plan
from ..model.schedule import ScheduleRecord
from ..model.state import StepState
from ..model.status import IN_FLIGHT, STEP_ENDS, StepStatus
from ..model.task import TaskId
from ..plan import data_parameters
from ..ports import ObjectStore
from ..runs import records
from .after_run import Outcome, outcomes
from .batch_progress import progress_of
from .metrics import Metric, gather, metric_lines, metrics_of
from .published import pipelines
from .published.documents import Documents
from .search_progress import begun_at, best_of, is_searching, progress_text
from .step_status import attempts_of, environment_name, failure_of, why
from .trials import trials_of
from .values import RunView
from .workers import count_in

Locate = Callable[[DataRef], str]
"""Returns the local path of data in a folder; empty for data in a bucket."""


@dataclass(frozen=True, kw_only=True)
class OutputReport:
    """The place of one output."""

    name: str
    datastore: str
    key: str
    path: str
    """The path on this machine; empty for a bucket."""
    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """One step."""

    key: str
    name: str
    status: str
    reason: str
    """The reason why the step waits or has failed, in one line."""
    remedy: str
    """The action that may repair it, if one is known."""
    target: str
    attempt: int
    attempts: int
    """The maximum number of attempts if all fail like the last one; 0 before the first."""
    not_before: datetime | None
    """The time of the next attempt, if the last one failed and the pause is not over."""
    overdue: str
    """The reason why the current attempt is being stopped."""
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    exit_code: int | None
    failure: str
    """The failure class; while another attempt follows, that of the last one."""
    tail: str
    """The last lines of the output of a failed step."""
    origin: str
    """The step run whose outputs are reused; empty: none."""
    outputs: tuple[OutputReport, ...]
    metrics: tuple[Metric, ...]
    warnings: tuple[str, ...]
    workers: int
    """The number of its workers; 1 for most steps."""
    trial_of: str
    """The key of the search whose trial it is; empty: it is no trial."""
    values: Mapping[str, object]
    """The values of a trial, by hyperparameter."""
    batches: BatchProgress | None
    """The progress of the newest attempt's batches; None: the step has none, or has shown nothing yet."""


@dataclass(frozen=True, kw_only=True)
class Slowest:
    """The slowest step and its phases in seconds."""

    key: str
    name: str
    seconds: float
    inputs: float | None
    script: float | None
    outputs: float | None


@dataclass(frozen=True, kw_only=True)
class EnvironmentReport:
    """An environment of the run on one target."""

    name: str
    target: str
    reference: str
    """The image or interpreter."""
    lock: str
    """The digest of its lock; empty: nothing was installed from a lock."""
    seconds: float | None
    """The time that it took to make it for this run; None: it existed."""


@dataclass(frozen=True, kw_only=True)
class OriginReport:
    """The way in which a run was submitted. Empty fields: in another way."""

    pipeline: str = ""
    """The id of the published pipeline."""
    pipeline_name: str = ""
    pipeline_version: str = ""
    schedule: str = ""
    """The id of the schedule that was due."""
    schedule_name: str = ""
    source: str = ""
    """v1's RunSource, such as ``REST``."""
    parent: str = ""
    """The run that it is a child of."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """One run."""

    run: str
    experiment: str
    status: str
    origin: str
    """The run that this run retries; empty: none."""
    overdue: str
    """The reason why only steps that always run still start: the deadline has passed."""
    created: datetime | None
    ended: datetime | None
    seconds: float | None
    steps: tuple[StepReport, ...]
    slowest: Slowest | None
    environments: tuple[EnvironmentReport, ...] = ()
    """The environments that the run has used so far."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """The values of all pipeline parameters. Data are documents of their places."""
    submitted: OriginReport = field(default_factory=OriginReport)
    after: tuple[Outcome, ...] = ()
    """The outcomes of the actions at its end: the report, and exports to other tools."""


def report(store: ObjectStore, view: RunView, locate: Locate, now: datetime, *, threads: int = 1) -> RunReport:
    """Return the report of a run now. It reads the metrics of every step that has run, `threads` steps at a time."""
    state = view.state

    def one(key: str) -> StepReport:
        return step_report(store, view, key, locate=locate, now=now)

    return RunReport(
        run=state.run,
        experiment=state.submission.experiment if state.submission else "",
        status=state.status.value,
        origin=state.submission.origin if state.submission else "",
        overdue=state.overdue,
        created=state.created,
        ended=state.ended,
        seconds=_between(state.created, state.ended or now),
        steps=tuple(_each(one, tuple(state.steps), threads)),
        slowest=slowest(store, view),
        environments=environment_reports(view),
        parameters=parameters_of(view),
        submitted=submitted_by(store, view),
        after=outcomes(store, state) if state.over else (),
    )


def parameters_of(view: RunView) -> dict[str, object]:
    """Return the values of all parameters of a run, in JSON."""
    given = view.state.submission.parameters if view.state.submission else {}
    data = data_parameters.defaults(view.plan)
    return {**view.plan.parameters, **given, **{name: to_document(value) for name, value in data.items()}}


def submitted_by(store: ObjectStore, view: RunView) -> OriginReport:
    """Return how a run was submitted; the names of a pipeline and a schedule as far as they can be read."""
    said = view.state.submission
    if said is None:
        return OriginReport()
    pipeline = schedule = None
    with suppress(StoreError):
        pipeline = pipelines.documents(store).find(said.published) if said.published else None
        schedule = Documents(store, "schedules", ScheduleRecord).find(said.schedule) if said.schedule else None
    return OriginReport(
        pipeline=said.published,
        pipeline_name=pipeline.name if pipeline else "",
        pipeline_version=pipeline.version if pipeline else "",
        schedule=said.schedule,
        schedule_name=schedule.name if schedule else "",
        source=said.source,
        parent=said.parent,
    )


def environment_reports(view: RunView) -> tuple[EnvironmentReport, ...]:
    """Return the environments that the run has used so far, on each target."""
    state = view.state
    return tuple(
        EnvironmentReport(
            name=environment_name(view.plan, key),
            target=target,
            reference=reference,
            lock=state.locks.get((key, target), ""),
            seconds=state.made.get((key, target)),
        )
        for (key, target), reference in state.environments.items()
    )


def _each(one: Callable[[str], StepReport], keys: Sequence[str], threads: int) -> Iterable[StepReport]:
    if threads == 1 or len(keys) < threads:
        return map(one, keys)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, keys))


def step_report(
    store: ObjectStore, view: RunView, key: str, *, locate: Locate, now: datetime, metrics: bool = True
) -> StepReport:
    """Return the report of one step of a run now. Without `metrics`, the store is not read."""
    state, step = view.state, view.state.steps[key]
    submission = state.submission
    spec = view.plan.by_key[key]
    batches = progress_of(store, view, key) if metrics else view.batches.get(key)
    if batches is not None:
        view = replace(view, batches={key: batches})
    return StepReport(
        key=key,
        name=display_names(view.plan)[key],
        status=(StepStatus.RUNNING if is_searching(view, key) else step.status).value,
        reason=_search_reason(store, view, key) if spec.search and metrics else why(view, key, now),
        remedy=step.remedy,
        target=submission.targets.get(key, "") if submission else "",
        attempt=step.attempt,
        attempts=attempts_of(view, key),
        not_before=step.not_before if step.status is StepStatus.WAITING else None,
        overdue=step.stopping if step.status in IN_FLIGHT else "",
        started=step.started,
        ended=step.ended,
        seconds=search_seconds(view, key, now) if spec.search else seconds_of(step, now),
        exit_code=step.exit_code,
        failure=failure_of(step),
        tail=step.tail,
        origin=step.origin,
        outputs=tuple(
            OutputReport(
                name=name, datastore=ref.datastore, key=ref.key, path=locate(ref), files=ref.files, bytes=ref.bytes
            )
            for name, ref in step.outputs.items()
        ),
        metrics=step_metrics(store, view, key) if metrics else (),
        warnings=step.warnings,
        workers=count_in(view, key),
        trial_of=spec.trial_of,
        values=step.sampled,
        batches=batches,
    )


def _search_reason(store: ObjectStore, view: RunView, key: str) -> str:
    """Return the progress of a search with its best trial; the reason of its failure if it has failed."""
    step = view.state.steps[key]
    if step.reason:
        return step.reason
    best = best_of(trials_of(store, view, key), view, key)
    return progress_text(view, key, best) if best or is_searching(view, key) or step.status in STEP_ENDS else ""


def step_metrics(store: ObjectStore, view: RunView, key: str, *, in_part: bool = False) -> tuple[Metric, ...]:
    """Return the metrics of the newest attempt; for a reused step, those of the original attempt.

    Args:
        store: The workspace store.
        view: The run.
        key: The step's key.
        in_part: True: of very many values the first and the last ones are read, for pages. Default: False.
    """
    task = records.shown_attempt(store, view.state, key)
    if task is None:
        return ()
    return gather(metric_lines(store, task).lines) if in_part else metrics_of(store, task)


def display_names(plan: Plan) -> Mapping[str, str]:
    """Return the display name of each step: its name if that is unique, else its key."""
    return plan.names


def slowest(store: ObjectStore, view: RunView) -> Slowest | None:
    """Return the slowest step that has ended, with its recorded phases; None if there is none."""
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
        key=key,
        name=display_names(view.plan)[key],
        seconds=taken[key].total_seconds(),
        inputs=phases.inputs if phases else None,
        script=phases.script if phases else None,
        outputs=phases.outputs if phases else None,
    )


def seconds_of(step: StepState, now: datetime) -> float | None:
    """Return the duration of the step so far; None before its start."""
    running = step.status in (StepStatus.RUNNING, StepStatus.SUCCEEDED, StepStatus.FAILED, StepStatus.CANCELED)
    return _between(step.started, step.ended or now) if running else None


def search_seconds(view: RunView, key: str, now: datetime) -> float | None:
    """Return the duration of a search so far, from the start of its first trial; None before that."""
    return _between(begun_at(view, key), view.state.steps[key].ended or now)


def _between(start: datetime | None, end: datetime) -> float | None:
    return round((end - start).total_seconds(), 3) if start else None
