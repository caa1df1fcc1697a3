"""The full detail of one step of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..data import manifest
from ..dataclass import dataclass
from ..errors import BadInput, ObjectDamaged, ObjectMissing
from ..model.data import DatasetDefinition, DatastorePath, Manifest
from ..model.delivery import Delivery
from ..model.events import AttemptFailed
from ..model.record import AttemptRecord, Phases
from ..model.step import (
    Argument,
    InputPath,
    Interpreter,
    OutputOf,
    OutputPath,
    ParameterValue,
    SampledArguments,
    Source,
    StepSpec,
)
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import journal, records
from .report import StepReport
from .trials import ranked, search_of, trials_of
from .values import RunView
from .workers import workers_in, workers_text


@dataclass(frozen=True, kw_only=True)
class InputDetail:
    """One input, the source of its data, and the way in which the newest attempt has got it."""

    name: str
    source: str
    mode: str
    """The mode that the author asks for."""
    delivery: str = ""
    """``download``, ``mount`` or ``direct``; empty: no attempt has been assigned."""
    bytes: int | None = None
    reason: str = ""
    """The reason for the delivery."""


@dataclass(frozen=True)
class FileDetail:
    """One file of an output, or one empty folder."""

    path: str
    """The path. A folder's ends with a slash."""
    bytes: int


@dataclass(frozen=True, kw_only=True)
class AttemptDetail:
    """The result of one attempt. Phases are in seconds."""

    attempt: int
    failure: str
    exit_code: int | None
    reason: str
    remedy: str
    phases: Phases | None
    peak_memory: int
    """In bytes; 0: not measured."""
    host: str
    artifacts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TrialDetail:
    """One trial of a search."""

    key: str
    name: str
    status: str
    values: Mapping[str, object]
    best: float | None
    """The best value of the primary metric that it has logged; null: it has logged none."""
    reason: str


@dataclass(frozen=True, kw_only=True)
class StepDetail:
    """One step in full. Every field is always written."""

    step: StepReport
    command: tuple[str, ...]
    workers: str
    """Its workers and their processes; empty: one, which runs the command once."""
    environment: str
    reference: str
    """The image or interpreter of the step; empty before it is known."""
    lock: str
    """The digest of the environment's lock; empty: nothing was installed from a lock."""
    inputs: tuple[InputDetail, ...]
    files: Mapping[str, tuple[FileDetail, ...]]
    """The files of each output, by name."""
    attempts: tuple[AttemptDetail, ...]
    metric: str
    """The primary metric of a search; empty: it is no search."""
    trials: tuple[TrialDetail, ...]
    """The trials of a search that have their values, the best one first."""


FailedAttempts = Mapping[tuple[str, int], AttemptFailed]
"""Journal entries of failed attempts that another one followed, by step and attempt."""


def failed_attempts(store: ObjectStore, view: RunView, keys: Iterable[str]) -> FailedAttempts:
    """Return the failed attempts of the steps `keys`. The journal is read only if there are any."""
    if not any(view.state.steps[key].endings for key in keys):
        return {}
    told = (event for entry in journal.read(store, view.state.run) for event in entry.events)
    return {(event.key, event.attempt): event for event in told if isinstance(event, AttemptFailed)}


def detail(
    store: ObjectStore, view: RunView, step: StepReport, losses: FailedAttempts | None = None, *, files: bool = True
) -> StepDetail:
    """Return the full detail of a step.

    Args:
        store: The workspace store.
        view: The run.
        step: The report of the step.
        losses: The result of `failed_attempts`, if the caller has it already; None: read it.
        files: False: the lists of the outputs' files are not read. Default: True.
    """
    known = failed_attempts(store, view, [step.key]) if losses is None else losses
    spec = view.plan.by_key[step.key]
    outputs = view.state.steps[step.key].outputs
    return StepDetail(
        step=step,
        command=command_of(spec.command),
        workers=workers_text(workers_in(view, step.key)),
        environment=view.plan.environments[spec.environment].name if spec.environment in view.plan.environments else "",
        reference=view.state.environments.get((spec.environment, step.target), ""),
        lock=view.state.locks.get((spec.environment, step.target), ""),
        inputs=tuple(_inputs(spec, _deliveries(store, TaskId(view.state.run, step.key, step.attempt)))),
        files={name: _files(manifest.load(store, ref.digest)) for name, ref in outputs.items()} if files else {},
        attempts=tuple(_attempts(store, view.state.run, step, known)),
        metric=spec.search.metric if spec.search else "",
        trials=tuple(_trials(store, view, step.key)) if spec.search else (),
    )


def _trials(store: ObjectStore, view: RunView, key: str) -> Iterator[TrialDetail]:
    """Yield the trials of a search: by their metrics, then those without one."""
    search, trials = search_of(view, key), trials_of(store, view, key)
    first = ranked(trials, search.metric, search.goal)
    known = {trial.key for trial in first}
    for trial in (*first, *(each for each in trials if each.key not in known)):
        yield TrialDetail(
            key=trial.key,
            name=trial.name,
            status=trial.status.value,
            values=trial.values,
            best=trial.best(search.metric, search.goal),
            reason=trial.reason,
        )


def _files(known: Manifest) -> tuple[FileDetail, ...]:
    folders = (FileDetail(f"{folder}/", 0) for folder in known.folders)
    return (*(FileDetail(entry.path, entry.size) for entry in known.entries), *folders)


def _attempts(store: ObjectStore, run: str, step: StepReport, losses: FailedAttempts) -> Iterator[AttemptDetail]:
    for number in range(1, step.attempt + 1):
        record = records.record_of(store, TaskId(run, step.key, number))
        yield _unrecorded(step, number, losses) if record is None else _recorded(record, number)


def _recorded(record: AttemptRecord, number: int) -> AttemptDetail:
    return AttemptDetail(
        attempt=number,
        failure=record.failure.value if record.failure else "",
        exit_code=record.exit_code,
        reason=record.reason,
        remedy=record.remedy,
        phases=record.phases,
        peak_memory=record.peak_memory,
        host=record.host,
        artifacts=record.artifacts,
    )


def _unrecorded(step: StepReport, number: int, losses: FailedAttempts) -> AttemptDetail:
    """Return the detail of an attempt without a record: the journal's reason, if there is one."""
    lost = losses.get((step.key, number))
    failure, reason = (lost.failure.value, lost.reason) if lost else ("", "")
    if number == step.attempt and step.status == "failed":
        failure, reason = step.failure, step.reason
    elif not reason and number != step.attempt:
        reason = "it left no record"
    return AttemptDetail(
        attempt=number,
        failure=failure,
        exit_code=None,
        reason=reason,
        remedy="",
        phases=None,
        peak_memory=0,
        host="",
        artifacts=(),
    )


def _inputs(spec: StepSpec, deliveries: Mapping[str, Delivery]) -> Iterator[InputDetail]:
    for given in spec.inputs:
        known = deliveries.get(given.name)
        yield InputDetail(
            name=given.name,
            source=source_text(given.source),
            mode=given.mode.value,
            delivery=known.mode.value if known is not None else "",
            bytes=known.bytes if known is not None else None,
            reason=known.reason if known is not None else "",
        )


def _deliveries(store: ObjectStore, task: TaskId) -> Mapping[str, Delivery]:
    """Return how an attempt has got its inputs, by their names; nothing if that is not known."""
    try:
        assigned = records.assignment(store, task.assignment)
    except (ObjectMissing, ObjectDamaged, BadInput):
        return {}
    return {one.name: one.delivery for one in assigned.inputs if one.delivery is not None}


def source_text(source: Source) -> str:
    """Return a short text for the source of an input."""
    match source:
        case OutputOf(step, output):
            return f"output '{output}' of {step}"
        case DatasetDefinition():
            return _dataset(source)
        case DatastorePath(datastore, path):
            return f"{datastore}/{path}"


def _dataset(definition: DatasetDefinition) -> str:
    if definition.name:
        return f"dataset '{definition.name}' version {definition.version}"
    return ", ".join(f"{path.datastore}/{path.path}" for path in definition.paths)


def command_of(command: Sequence[Argument]) -> tuple[str, ...]:
    """Return a command for people: places of paths and of values that are not known stand in angle brackets.

    Args:
        command: The command of a step or a task.

    """
    return tuple(map(_shown, command))


def _shown(argument: Argument) -> str:
    match argument:
        case Interpreter():
            return "python"
        case InputPath(name):
            return f"<input {name}>"
        case OutputPath(name):
            return f"<output {name}>"
        case ParameterValue(name):
            return f"<parameter {name}>"
        case SampledArguments():
            return "<values of the trial>"
        case _:
            return argument
