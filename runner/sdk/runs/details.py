"""v1's documents of a run: ``get_details`` and its parts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ...data import registry
from ...dataclass import dataclass
from ...model.data import DatasetDefinition, DatastorePath
from ...model.step import (
    Argument,
    InputPath,
    InputSpec,
    Interpreter,
    OutputOf,
    OutputPath,
    OutputSpec,
    ParameterValue,
    SampledArguments,
    StepSpec,
)
from .v1_status import in_details

if TYPE_CHECKING:
    from ...model.environment import NamedEnvironment
    from ...operations.values import RunView
    from ..environments.environment import Environment
    from .run import Run
    from .step_run import StepRun


@dataclass(frozen=True)
class RunTimes:
    """The times at which a run began and ended."""

    started: datetime | None
    ended: datetime | None


def document(
    run: Run,
    target: str,
    times: RunTimes,
    *,
    error: str = "",
    more_properties: Mapping[str, str] | None = None,
    **more: object,
) -> dict[str, object]:
    """Return v1's document of any run.

    Args:
        run: The run.
        target: The compute target.
        times: The times of the run.
        error: The message of its failure. Default: empty, none.
        more_properties: Properties beside the run's own. None: none.
        **more: Parts that are empty by default.

    """
    return {
        "runId": run.id,
        "target": target,
        "status": in_details(run.get_status()),
        "startTimeUtc": _written(times.started),
        "endTimeUtc": _written(times.ended),
        "properties": {**(more_properties or {}), **run.get_properties()},
        "inputDatasets": [],
        "outputDatasets": [],
        "logFiles": {},
        **more,
        **({"error": fault(error)} if error else {}),
    }


def fault(message: str) -> dict[str, object]:
    """Return v1's document of an error.

    Args:
        message: The message.

    """
    return {"error": {"code": "UserError", "message": message}}


def _written(time: datetime | None) -> str | None:
    """Return a time as v1 writes it: ``2026-01-02T03:04:05.678000Z``."""
    return time.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if time else None


def input_datasets(run: StepRun) -> list[dict[str, object]]:
    """Return the datasets that a step read, each with its name in the step.

    Args:
        run: The step's run.

    """
    from ..datasets.dataset import dataset_from

    return [
        {
            "dataset": dataset_from(definition),
            "consumptionDetails": {
                "type": "RunInput",
                "inputName": spec.name,
                "mechanism": spec.mode.value.capitalize(),
                "pathOnCompute": spec.path_on_compute or None,
            },
        }
        for spec, definition in _read(run)
    ]


def _read(run: StepRun) -> Iterator[tuple[InputSpec, DatasetDefinition]]:
    steps = run.view.state.steps
    for spec in run.spec.inputs:
        if isinstance(spec.source, DatasetDefinition):
            yield spec, spec.source
        elif spec.view is not None and isinstance(spec.source, OutputOf):
            made = steps[spec.source.step].outputs.get(spec.source.output)
            if made is not None:
                yield spec, replace(spec.view, paths=(DatastorePath(made.datastore, made.key),))


def output_datasets(run: StepRun) -> list[dict[str, object]]:
    """Return the delivered outputs of a step that are datasets (v1's OutputFileDatasetConfig).

    Args:
        run: The step's run.

    """
    from ..datasets.dataset import dataset_from

    delivered = run.state.outputs
    found: list[dict[str, object]] = []
    for spec in run.spec.outputs:
        if spec.name not in delivered or not (spec.destination or spec.register):
            continue
        ref = delivered[spec.name]
        for definition in _definitions(spec, DatastorePath(ref.datastore, ref.key)):
            known = registry.find(run.session.store, definition.identity)
            dataset = dataset_from(known.definition if known else definition)
            found.append(
                {
                    "identifier": {"savedId": dataset.id},
                    "dataset": dataset,
                    "outputType": "RunOutput",
                    "outputDetails": {
                        "type": "RunOutput",
                        "outputName": spec.name,
                        "mechanism": spec.mode.value.capitalize(),
                    },
                }
            )
    return found


def _definitions(spec: OutputSpec, place: DatastorePath) -> Sequence[DatasetDefinition]:
    if spec.register:
        return [replace(entry.view, paths=(place,)) for entry in spec.register]
    return [DatasetDefinition(kind="file", paths=(place,))]


def run_definition(view: RunView, spec: StepSpec) -> dict[str, object]:
    """Return script, arguments and environment of a step.

    Args:
        view: The whole run.
        spec: The step.

    """
    submission = view.state.submission
    values = {**view.plan.parameters, **(submission.parameters if submission else {})}
    state = view.state.steps.get(spec.key)
    sampled = [str(part) for pair in (state.sampled if state else {}).items() for part in pair]
    environment = view.plan.environments.get(spec.environment)
    return {
        "script": spec.script or None,
        "command": "" if spec.script else " ".join(_all_shown(spec.command, values, sampled)),
        "useAbsolutePath": False,
        "arguments": _all_shown(_arguments(spec), values, sampled),
        "framework": "Python",
        "target": spec.compute,
        "environment": environment_document(environment) if environment else None,
        "environmentVariables": dict(spec.variables),
    }


def environment_document(environment: NamedEnvironment) -> dict[str, object]:
    """Return v1's document of an environment.

    Args:
        environment: The environment.

    """
    spec = environment.spec
    packages: list[object] = [f"python={spec.python}"] if spec.python else []
    packages.extend(spec.conda)
    if spec.pip:
        packages.append({"pip": list(spec.pip)})
    return {
        "name": environment.name,
        "version": None,
        "python": {
            "interpreterPath": spec.interpreter or "python",
            "userManagedDependencies": spec.ready,
            "condaDependencies": {"channels": list(spec.channels), "dependencies": packages},
        },
        "docker": {"baseImage": spec.image or None, "baseDockerfile": spec.dockerfile or None},
        "environmentVariables": dict(environment.variables),
    }


def environment_of(view: RunView, spec: StepSpec) -> Environment | None:
    """Return the environment of a step as the user's object; None: the plan has none.

    Args:
        view: The whole run.
        spec: The step.

    """
    from ..environments.conda_dependencies import CondaDependencies
    from ..environments.environment import Environment

    named = view.plan.environments.get(spec.environment)
    if named is None:
        return None
    made = Environment(named.name)
    document = environment_document(named)
    python = document["python"]
    conda = python["condaDependencies"] if isinstance(python, dict) else {}
    made.python.conda_dependencies = CondaDependencies(_underlying_structure=conda)
    made.python.user_managed_dependencies = named.spec.ready
    made.python.interpreter_path = named.spec.interpreter or "python"
    made.docker.base_image = named.spec.image
    made.docker.base_dockerfile = named.spec.dockerfile or None
    made.environment_variables = dict(named.variables)
    return made


def _arguments(spec: StepSpec) -> Sequence[Argument]:
    if spec.script in spec.command:
        return spec.command[spec.command.index(spec.script) + 1 :]
    return () if not spec.script else spec.command[1:]


def _all_shown(arguments: Sequence[Argument], values: Mapping[str, object], sampled: Sequence[str]) -> list[str]:
    """Return the arguments as text; those of a trial end with its values."""
    shown: list[str] = []
    for argument in arguments:
        shown.extend(sampled if isinstance(argument, SampledArguments) else [_shown(argument, values)])
    return shown


def _shown(argument: Argument, values: Mapping[str, object]) -> str:
    if isinstance(argument, Interpreter):
        return "python"
    if isinstance(argument, (InputPath, OutputPath)):
        return f"$AZUREML_DATAREFERENCE_{argument.name}"
    return str(values.get(argument.name)) if isinstance(argument, ParameterValue) else str(argument)
