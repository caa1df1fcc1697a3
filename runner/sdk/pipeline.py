"""Pipeline: steps that are submitted together."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.plan import Plan
from ..model.stated import NOTHING
from ..operations.computes import created
from ..override import override
from .bindings import all_parameters
from .exceptions import NotOffered
from .graph import Graph, StepSequence, gather
from .lower import Lowered, Surroundings, lower
from .parameter_values import checked

if TYPE_CHECKING:
    from ..operations.values import Request
    from .pipeline_run import PipelineRun
    from .workspace import Workspace

__all__ = ["Pipeline", "StepSequence"]


class Pipeline:
    """A graph of steps. Everything that can be wrong with it is found here, all at once.

    Raises PipelineInvalid (a ValueError) with every problem and its place: a cycle too, which v1 finds in `validate`.
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
        self.stated = NOTHING
        """What `runner.configure` was told."""
        self._default_datastore = getattr(default_datastore, "name", default_datastore)
        self._default_source_directory = default_source_directory or ""
        self._lowered = self._lower({})

    @property
    def plan(self) -> Plan:
        """The draft plan it means."""
        return self._worded(self._lowered.plan)

    def validate(self) -> list[str]:
        """v1's check: prints a line per step; an empty list, since faults are raised by the constructor."""
        for step in self.plan.steps:
            print(f"Step {step.name} is ready to be created [{step.key}]")
        return []

    @override
    def __repr__(self) -> str:
        return f"Pipeline({', '.join(step.name for step in self.plan.steps)})"

    def _set_experiment_name(self, name: str) -> None:
        """Nothing: `submit` names the experiment. v1's own; drivers made from a well-known template touch it."""

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

    @staticmethod
    def load_yaml(workspace: Workspace, filename: str, *_arguments: object, **_options: object) -> Pipeline:
        """Refuse: v1's own YAML is not read."""
        raise NotOffered(
            f"Pipeline.load_yaml({filename!r}) is not offered: v1's YAML pipelines are not read",
            remedy="write the steps in Python; `runner plan -o yaml` writes a pipeline as YAML, `runner run` reads it",
        )

    def publish(self, *_arguments: object, **_options: object) -> object:
        """Refuse: published pipelines come later."""
        raise NotOffered("Pipeline.publish is not offered yet", remedy="keep the pipeline file and run it again")

    def started(self, request: Request, given: Mapping[str, object]) -> str:
        """Submit the plan with parameter values; the run's id. Raises PipelineInvalid, SnapshotException."""
        from .sources import size_notes

        single = [one.name for step in self.graph.bindings for one in step.settings.node_parameters]
        values = checked(given, all_parameters(self.graph.bindings.values())[0], single)
        lowered = self._lower(values.data) if values.data else self._lowered
        for note in (*lowered.notes, *size_notes(lowered.plan)):
            print(note, file=sys.stderr)
        return self.workspace.session.submit(self._worded(lowered.plan), replace(request, parameters=values.scalars))

    def _worded(self, plan: Plan) -> Plan:
        """The plan with what is said of steps and pipeline by now: `configure` may follow the constructor."""
        from .configuring import worded

        return worded(plan, self.graph, self.stated)

    def _lower(self, values: Mapping[str, object]) -> Lowered:
        session = self.workspace.session
        names = session.target_names()
        around = Surroundings(
            str(self._default_datastore or session.datastore_names()[0]),
            self._default_source_directory,
            self.description or "",
            frozenset((*names, *created(session.store))) if names else frozenset(),
            session.curated_images(),
            values,
        )
        return lower(self.graph, around)
