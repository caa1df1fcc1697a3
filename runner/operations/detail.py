"""All that is known of one step of a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..data import manifest
from ..dataclass import dataclass
from ..model.data import DataPath, DatasetDefinition
from ..model.record import Phases
from ..model.step import Argument, InputPath, Interpreter, OutputOf, OutputPath, ParameterValue, Source, StepSpec
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import records
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
    """One file of an output."""

    path: str
    bytes: int


@dataclass(frozen=True)
class AttemptDetail:
    """How one attempt went. Phases are seconds."""

    attempt: int
    failure: str
    exit_code: int | None
    reason: str
    phases: Phases | None
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


def detail(store: ObjectStore, view: RunView, step: StepReport) -> StepDetail:
    """Everything of the step that `step` reports."""
    spec = view.plan.by_key[step.key]
    outputs = view.state.steps[step.key].outputs
    return StepDetail(
        step,
        tuple(_shown(argument) for argument in spec.command),
        view.plan.environments[spec.environment].name if spec.environment in view.plan.environments else "",
        view.state.environments.get((spec.environment, step.target), ""),
        tuple(_inputs(spec)),
        {
            name: tuple(FileDetail(entry.path, entry.size) for entry in manifest.load(store, ref.digest).entries)
            for name, ref in outputs.items()
        },
        tuple(_attempts(store, view.state.run, step)),
    )


def _attempts(store: ObjectStore, run: str, step: StepReport) -> Iterator[AttemptDetail]:
    for number in range(1, step.attempt + 1):
        record = records.record_of(store, TaskId(run, step.key, number))
        if record is None:
            lost = "" if number == step.attempt else "it left no record"
            yield AttemptDetail(number, "", None, lost, None, "", ())
            continue
        failure = record.failure.value if record.failure else ""
        yield AttemptDetail(
            number, failure, record.exit_code, record.reason, record.phases, record.host, record.artifacts
        )


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
