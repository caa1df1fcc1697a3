"""Pipeline: steps that are submitted together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..errors import Problem
from ..model.data import DEFAULT_DATASTORE
from ..model.plan import Plan, Scalar
from .compute import created
from .exceptions import NotOffered, PipelineInvalid
from .graph import Graph, StepSequence, gather
from .lower import Lowered, Surroundings, lower

if TYPE_CHECKING:
    from ..operations.values import Request
    from .pipeline_run import PipelineRun
    from .workspace import Workspace

__all__ = ["Pipeline", "StepSequence"]


class Pipeline:
    """A graph of steps. Everything that can be wrong with it is found here, all at once.

    Raises PipelineInvalid (a ValueError) with every problem and its place.
    """

    def __init__(
        self,
        workspace: Workspace,
        steps: object,
        description: str | None = None,
        default_datastore: object = None,
        default_source_directory: str | None = None,
        resolve_closure: bool = True,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
        **kwargs: object,
    ) -> None:
        self.workspace = workspace
        self.description = description
        self.steps = steps
        self.graph: Graph = gather(steps, resolve_closure=resolve_closure)
        self._default_datastore = getattr(default_datastore, "name", default_datastore)
        self._default_source_directory = default_source_directory or ""
        self._lowered = self._lower({})

    @property
    def plan(self) -> Plan:
        """The draft plan it means."""
        return self._lowered.plan

    def validate(self) -> list[str]:
        """v1's check: prints a line per step; an empty list, since faults are raised by the constructor."""
        for step in self.plan.steps:
            print(f"Step {step.name} is ready to be created [{step.key}]")
        return []

    def submit(
        self,
        experiment_name: str,
        pipeline_parameters: Mapping[str, object] | None = None,
        continue_on_step_failure: bool = False,
        regenerate_outputs: bool = False,
        parent_run_id: str | None = None,
        credential_passthrough: bool | None = None,
        **kwargs: object,
    ) -> PipelineRun:
        """Set it going under an experiment. Unknown keywords raise ValueError, as in v1."""
        if kwargs:
            raise ValueError(f"Pipeline.submit does not take {', '.join(sorted(kwargs))}")
        from .experiment import Experiment

        return Experiment(self.workspace, experiment_name).submit(
            self,
            pipeline_parameters=pipeline_parameters,
            continue_on_step_failure=continue_on_step_failure,
            regenerate_outputs=regenerate_outputs,
            parent_run_id=parent_run_id,
        )

    def publish(self, *_arguments: object, **_options: object) -> object:
        """Refuse: published pipelines come later."""
        raise NotOffered("Pipeline.publish is not offered yet", remedy="keep the pipeline file and run it again")

    def started(self, request: Request, given: Mapping[str, object]) -> str:
        """Submit the plan with parameter values; the run's id. Raises PipelineInvalid."""
        scalars, data = self._checked(given)
        lowered = self._lower(data) if data else self._lowered
        for note in lowered.notes:
            print(note, file=sys.stderr)
        return self.workspace.session.submit(lowered.plan, _with_parameters(request, scalars))

    def _lower(self, values: Mapping[str, object]) -> Lowered:
        session = self.workspace.session
        names = session.target_names()
        around = Surroundings(
            str(self._default_datastore or DEFAULT_DATASTORE),
            self._default_source_directory,
            self.description or "",
            frozenset((*names, *created(session.store))) if names else frozenset(),
            session.curated_images(),
            values,
        )
        return lower(self.graph, around)

    def _checked(self, given: Mapping[str, object]) -> tuple[dict[str, Scalar], dict[str, object]]:
        """Scalar values and data values of parameters. Raises PipelineInvalid: unknown name, wrong type."""
        defaults = self.plan.parameters
        data_names = {
            name
            for bound in self.graph.bindings.values()
            for name, parameter in bound.parameters.items()
            if not parameter.scalar
        }
        problems: list[Problem] = []
        scalars: dict[str, Scalar] = {}
        for name, value in given.items():
            if name in data_names:
                continue
            if name not in defaults:
                problems.append(_unknown(name, (*defaults, *data_names)))
            elif (value is None or isinstance(value, (str, int, float))) and _fits(value, defaults[name]):
                scalars[name] = value
            else:
                problems.append(_misfit(name, value, defaults[name]))
        if problems:
            raise PipelineInvalid(problems)
        return scalars, {name: value for name, value in given.items() if name in data_names}


def _with_parameters(request: Request, scalars: Mapping[str, Scalar]) -> Request:
    from dataclasses import replace

    return replace(request, parameters=scalars)


def _fits(value: Scalar, default: Scalar) -> bool:
    if value is None or default is None:
        return True
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return True
    return type(value) is type(default)


def _unknown(name: str, known: Iterable[str]) -> Problem:
    listed = ", ".join(sorted(known)) or "none"
    return Problem(f"the pipeline has no parameter '{name}' (its parameters: {listed})", "pipeline_parameters")


def _misfit(name: str, value: object, default: Scalar) -> Problem:
    return Problem(
        f"parameter '{name}' is a {type(default).__name__} (default {default!r}), not {value!r}",
        "pipeline_parameters",
        f"pass a {type(default).__name__}",
    )
