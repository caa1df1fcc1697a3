"""From a step and its resolved data to the task of one attempt (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass
from ..model.data import DataPath, DataRef, DatasetDefinition
from ..model.digest import digest_of
from ..model.names import attempt_folder, step_run_id
from ..model.plan import Plan, Scalar, Submission
from ..model.resources import Resources
from ..model.state import RunState
from ..model.step import Argument, InputSpec, OutputOf, ParameterValue, StepSpec
from ..model.task import InputBinding, OutputBinding, Task, TaskId

Pins = Mapping[str, DataRef]
"""Datasets and data paths of a step, resolved: by input name."""


@dataclass(frozen=True)
class Attempt:
    """Which attempt, where."""

    key: str
    number: int
    target: str
    environment: str
    """The environment's reference on that target."""


def to_pin(step: StepSpec) -> dict[str, DatasetDefinition | DataPath]:
    """The inputs whose files must be looked up now."""
    return {spec.name: spec.source for spec in step.inputs if not isinstance(spec.source, OutputOf)}


def task_for(plan: Plan, state: RunState, attempt: Attempt, pins: Pins) -> Task:
    """The task of one attempt. Raises ValueError when the run has no submission."""
    submission = state.submission
    if submission is None:
        raise ValueError("a run without a submission has no tasks")
    step = plan.by_key[attempt.key]
    task = TaskId(state.run, step.key, attempt.number)
    values = {**plan.parameters, **submission.parameters}
    inputs = tuple(_bind(spec, state, pins) for spec in step.inputs)
    command = tuple(_bound(argument, values) for argument in step.command)
    return Task(
        id=task,
        command=command,
        snapshot=step.snapshot,
        environment=attempt.environment,
        target=attempt.target,
        name=step.name,
        experiment=submission.experiment,
        inputs=inputs,
        outputs=_outputs(step, task),
        variables=_variables(plan, step, submission, values, task),
        interpreter=plan.environments[step.environment].spec.interpreter,
        resources=step.resources,
        fingerprint=fingerprint(plan, replace(step, command=command), values, inputs),
    )


def fingerprint(plan: Plan, step: StepSpec, values: Mapping[str, Scalar], inputs: tuple[InputBinding, ...]) -> str:
    """The reuse key: code, bound command, environment, parameters, output declarations and the inputs' content."""
    environment = plan.environments[step.environment]
    what = replace(
        step,
        key="",
        name="",
        compute="",
        after=(),
        resources=Resources(),
        environment=environment.spec.digest,
        variables={**_parameters(step, values), **environment.variables, **step.variables},
        parameters=(),
        inputs=(),
        outputs=tuple(replace(spec, shown_as="") for spec in step.outputs),
        reuse=True,
    )
    return digest_of([what, {binding.name: _content(binding) for binding in inputs}])


def _content(binding: InputBinding) -> list[object]:
    """What a script can tell of an input; the name and version of a registration are for people."""
    return [binding.ref.digest, binding.mode, binding.dataset and binding.dataset.bare]


def _bind(spec: InputSpec, state: RunState, pins: Pins) -> InputBinding:
    if isinstance(spec.source, OutputOf):
        ref = state.steps[spec.source.step].outputs[spec.source.output]
        return InputBinding(spec.name, ref, spec.mode, spec.path_on_compute, spec.view)
    dataset = spec.source if isinstance(spec.source, DatasetDefinition) else None
    return InputBinding(spec.name, pins[spec.name], spec.mode, spec.path_on_compute, dataset)


def _bound(argument: Argument, values: Mapping[str, Scalar]) -> Argument:
    return str(values[argument.name]) if isinstance(argument, ParameterValue) else argument


def _outputs(step: StepSpec, task: TaskId) -> tuple[OutputBinding, ...]:
    folder = attempt_folder(step_run_id(task.run, task.key), task.attempt)
    return tuple(
        OutputBinding(spec.name, spec.datastore, f"{folder}/{spec.name}", spec.mode, spec.path_on_compute, spec.folder)
        for spec in step.outputs
    )


def _variables(
    plan: Plan, step: StepSpec, submission: Submission, values: Mapping[str, Scalar], task: TaskId
) -> dict[str, str]:
    """v1's variables of a step's process (V1_API B5), then the environment's, then the step's own."""
    facts = {
        "AZUREML_RUN_ID": step_run_id(task.run, task.key),
        "AZUREML_ROOT_RUN_ID": task.run,
        "AZUREML_ARM_SUBSCRIPTION": submission.subscription,
        "AZUREML_ARM_RESOURCEGROUP": submission.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": submission.workspace,
        "AZUREML_ARM_PROJECT_NAME": submission.experiment,
        "AZUREML_EXPERIMENT_ID": submission.experiment,
        "AZUREML_WORKSPACE_ID": submission.workspace,
        "AZUREML_SERVICE_ENDPOINT": "runner://local",
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": "runner://local",
        "AZUREML_RUN_TOKEN": "none",
    }
    return {**facts, **_parameters(step, values), **plan.environments[step.environment].variables, **step.variables}


def _parameters(step: StepSpec, values: Mapping[str, Scalar]) -> dict[str, str]:
    return {f"AML_PARAMETER_{_identifier(name)}": str(values[name]) for name in step.parameters}


def _identifier(name: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else "_" for char in name)
