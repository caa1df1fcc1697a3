"""All that is known of one step of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..data import manifest
from ..dataclass import dataclass
from ..model.data import DataPath, DatasetDefinition, Manifest
from ..model.events import TaskLost
from ..model.record import AttemptRecord, Phases
from ..model.step import Argument, InputPath, Interpreter, OutputOf, OutputPath, ParameterValue, Source, StepSpec
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import journal, records
from .report import StepReport
from .values import RunView


@dataclass(frozen=True)
class InputDetail:
    """One input and where its data come from."""

    name: str
    source: str
    mode: str


@dataclass(frozen=True)
class FileDetail:
    """One file of an output, or one empty folder."""

    path: str
    """A folder's ends with a slash."""
    bytes: int


@dataclass(frozen=True)
class AttemptDetail:
    """How one attempt went. Phases are seconds."""

    attempt: int
    failure: str
    exit_code: int | None
    reason: str
    remedy: str
    phases: Phases | None
    peak_memory: int
    """Bytes; 0: not measured."""
    host: str
    artifacts: tuple[str, ...]


@dataclass(frozen=True)
class StepDetail:
    """One step. Every field is always written."""

    step: StepReport
    command: tuple[str, ...]
    environment: str
    reference: str
    """The image, or the interpreter, that it ran with; empty before it is known."""
    inputs: tuple[InputDetail, ...]
    files: Mapping[str, tuple[FileDetail, ...]]
    """By output."""
    attempts: tuple[AttemptDetail, ...]


Losses = Mapping[tuple[str, int], TaskLost]
"""By step and attempt: what the journal tells of those that failed and were followed by another."""


def losses_of(store: ObjectStore, view: RunView, keys: Iterable[str]) -> Losses:
    """Those of the run's steps `keys`; the journal is read only if there are any."""
    if not any(view.state.steps[key].endings for key in keys):
        return {}
    told = (event for entry in journal.read(store, view.state.run) for event in entry.events)
    return {(event.key, event.attempt): event for event in told if isinstance(event, TaskLost)}


def detail(store: ObjectStore, view: RunView, step: StepReport, losses: Losses | None = None) -> StepDetail:
    """Everything of the step that `step` reports; `losses`: as `losses_of` found, if that was asked before."""
    known = losses_of(store, view, [step.key]) if losses is None else losses
    spec = view.plan.by_key[step.key]
    outputs = view.state.steps[step.key].outputs
    return StepDetail(
        step,
        tuple(_shown(argument) for argument in spec.command),
        view.plan.environments[spec.environment].name if spec.environment in view.plan.environments else "",
        view.state.environments.get((spec.environment, step.target), ""),
        tuple(_inputs(spec)),
        {name: _files(manifest.load(store, ref.digest)) for name, ref in outputs.items()},
        tuple(_attempts(store, view.state.run, step, known)),
    )


def _files(known: Manifest) -> tuple[FileDetail, ...]:
    folders = (FileDetail(f"{folder}/", 0) for folder in known.folders)
    return (*(FileDetail(entry.path, entry.size) for entry in known.entries), *folders)


def _attempts(store: ObjectStore, run: str, step: StepReport, losses: Losses) -> Iterator[AttemptDetail]:
    for number in range(1, step.attempt + 1):
        record = records.record_of(store, TaskId(run, step.key, number))
        yield _unrecorded(step, number, losses) if record is None else _recorded(record, number)


def _recorded(record: AttemptRecord, number: int) -> AttemptDetail:
    return AttemptDetail(
        number,
        record.failure.value if record.failure else "",
        record.exit_code,
        record.reason,
        record.remedy,
        record.phases,
        record.peak_memory,
        record.host,
        record.artifacts,
    )


def _unrecorded(step: StepReport, number: int, losses: Losses) -> AttemptDetail:
    """What is known of an attempt that left no record: what its target said of it, or nothing yet."""
    lost = losses.get((step.key, number))
    failure, reason = (lost.failure.value, lost.reason) if lost else ("", "")
    if number == step.attempt and step.status == "failed":
        failure, reason = step.failure, step.reason
    elif not reason and number != step.attempt:
        reason = "it left no record"
    return AttemptDetail(number, failure, None, reason, "", None, 0, "", ())


def _inputs(spec: StepSpec) -> Iterator[InputDetail]:
    for given in spec.inputs:
        yield InputDetail(given.name, source_text(given.source), given.mode.value)


def source_text(source: Source) -> str:
    """Where an input comes from, in words."""
    match source:
        case OutputOf(step, output):
            return f"output '{output}' of {step}"
        case DatasetDefinition():
            return _dataset(source)
        case DataPath(datastore, path):
            return f"{datastore}/{path}"


def _dataset(definition: DatasetDefinition) -> str:
    if definition.name:
        return f"dataset '{definition.name}' version {definition.version}"
    return ", ".join(f"{path.datastore}/{path.path}" for path in definition.paths)


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
        case _:
            return argument
