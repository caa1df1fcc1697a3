"""Compute a step's reuse key: equal for equal steps, whenever and wherever they run (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass
from ..model.access import Access
from ..model.data import DataRef, DatasetDefinition, Mode
from ..model.digest import digest_of
from ..model.environment import EnvironmentSpec
from ..model.names import step_run_id
from ..model.placement import Placement
from ..model.plan import Plan, Scalar, Submission
from ..model.policy import StepPolicy
from ..model.resources import Resources
from ..model.state import RunState
from ..model.step import Argument, InputSpec, OutputOf, ParameterValue, SampledArguments, StepSpec
from ..model.task import InputBinding
from ..model.workers import WorkerKind, Workers

Pins = Mapping[str, DataRef]
"""The resolved datasets and data paths of a step, by input name."""
Made = Mapping[str, Mapping[str, DataRef]]
"""Outputs by step key and output name."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A step with its parameters and inputs resolved."""

    step: StepSpec
    command: tuple[Argument, ...]
    variables: Mapping[str, str]
    """``AML_PARAMETER_*`` variables, then the environment's, then the step's own."""
    inputs: tuple[InputBinding, ...]
    environment: EnvironmentSpec
    workers: Workers | None = None
    trials: tuple[str, ...] = ()
    """The step runs of a search's trials, in their order."""

    @property
    def fingerprint(self) -> str:
        """The reuse key; empty for a step with v1's ``allow_reuse=False``."""
        return digest_of(self.ingredients()) if self.step.reuse else ""

    @property
    def work_key(self) -> str:
        """The digest of all that determines the batches of a pool and their results, whether it may be reused or not.

        It has what the reuse key has, without the settings that only say when the step runs.
        """
        plain = replace(self.step, reuse=True, always=False)
        return digest_of(replace(self, step=plain).ingredients())

    def ingredients(self) -> dict[str, object]:
        """Everything that distinguishes the step from others; never its place, time or name.

        The script of a gang sees the number of its workers. The results of a pool do not depend on theirs.
        """
        what = replace(
            self.step,
            key="",
            name="",
            command=self.command,
            environment=self.environment.digest,
            compute="",
            after=(),
            resources=Resources(),
            placement=Placement(),
            access=Access(),
            policy=StepPolicy(),
            workers=self.workers if self.workers and self.workers.kind is WorkerKind.GANG else None,
            trial_of="",
            variables=self.variables,
            parameters=type(self.step.parameters)(),
            inputs=(),
            outputs=tuple(replace(spec, pipeline_output_name="", register=()) for spec in self.step.outputs),
        )
        found: dict[str, object] = {"step": what, "inputs": {one.name: _content(one) for one in self.inputs}}
        # A search is equal to an earlier one only if all its trials are reused.
        return {**found, "trials": list(self.trials)} if self.step.search else found


def bind(
    plan: Plan,
    submission: Submission,
    step: StepSpec,
    made: Made,
    pins: Pins,
    *,
    sampled: Mapping[str, object] | None = None,
    trials: tuple[str, ...] = (),
) -> Bound:
    """Return the step with the submission's parameters, the outputs `made` by earlier steps, and `pins`.

    Args:
        plan: The plan.
        submission: The submission.
        step: The step.
        made: The outputs of earlier steps.
        pins: The step's datasets and data paths.
        sampled: The values of a trial. Default: none.
        trials: See `trials_of`. Default: none.

    """
    values = {**plan.parameters, **submission.parameters}
    environment = plan.environments[step.environment]
    return Bound(
        step=step,
        command=tuple(bound for argument in step.command for bound in _bound(argument, values, sampled or {})),
        variables={**_parameters(step, values), **environment.variables, **step.variables},
        inputs=tuple(_bind(spec, made, pins) for spec in step.inputs),
        environment=environment.spec,
        workers=step.workers and step.workers.bound(values),
        trials=trials,
    )


def trials_of(step: StepSpec, state: RunState, origins: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return the step runs of a search's trials, in their order; none for another step.

    Args:
        step: The step.
        state: The state of its run.
        origins: The step runs of trials that are about to be reused, by key. Default: none.

    """
    trials = step.search.trials if step.search else ()
    known = origins or {}
    return tuple(known.get(key) or state.steps[key].origin or step_run_id(state.run, key) for key in trials)


def _content(binding: InputBinding) -> dict[str, object]:
    """Return the part of an input that a script can observe. A registration's name and version are for people."""
    return {
        "content": binding.ref.content or binding.ref.digest,
        "mode": binding.mode.shown,
        "path_on_compute": binding.path_on_compute,
        "dataset": binding.dataset and _seen(binding.dataset.bare, binding.mode),
    }


def _seen(definition: DatasetDefinition, mode: Mode) -> DatasetDefinition:
    """Return the part of a dataset that a script sees: its paths only if it gets the dataset itself."""
    return definition if mode is Mode.DIRECT else replace(definition, paths=())


def _bind(spec: InputSpec, made: Made, pins: Pins) -> InputBinding:
    if isinstance(spec.source, OutputOf):
        ref = made[spec.source.step][spec.source.output]
        return InputBinding(
            name=spec.name, ref=ref, mode=spec.mode, path_on_compute=spec.path_on_compute, dataset=spec.view
        )
    dataset = spec.source if isinstance(spec.source, DatasetDefinition) else None
    return InputBinding(
        name=spec.name,
        ref=pins[spec.name],
        mode=spec.mode,
        path_on_compute=spec.path_on_compute,
        dataset=dataset,
        writable=spec.writable,
        keep_existing=spec.keep_existing,
    )


def _bound(argument: Argument, values: Mapping[str, Scalar], sampled: Mapping[str, object]) -> tuple[Argument, ...]:
    if isinstance(argument, SampledArguments):
        # By name, since neither a stored plan nor a journal keeps the order of a mapping.
        return tuple(text for name, value in sorted(sampled.items()) for text in (name, str(value)))
    return (str(values[argument.name]) if isinstance(argument, ParameterValue) else argument,)


def _parameters(step: StepSpec, values: Mapping[str, Scalar]) -> dict[str, str]:
    return {f"AML_PARAMETER_{_identifier(name)}": str(values[source]) for name, source in step.parameters.items()}


def _identifier(name: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else "_" for char in name)
