"""Pipeline: steps that are submitted together."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...model.plan import Plan, Scalar
from ...model.policy_overrides import NO_OVERRIDES
from ...operations.computes import created
from ...override import override
from ...plan.data_parameters import bind
from ...plan.worker_counts import least_counts
from ..steps.bindings import all_parameters
from .graph import Graph, StepSequence, gather
from .lowering import Lowered, Surroundings, lower
from .parameter_values import checked

if TYPE_CHECKING:
    from ..published.published_pipeline import PublishedPipeline
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.workspace import Workspace

__all__ = ["Pipeline", "StepSequence"]


class Pipeline:
    """A graph of steps that is submitted as one run.

    The constructor finds everything that is wrong, all at once: a cycle too, which v1 finds in `validate`.

    Example:
        >>> pipeline = Pipeline(workspace=ws, steps=[train])  # the steps that train needs are added
        >>> run = Experiment(ws, "demo").submit(pipeline, pipeline_parameters={"epochs": 3})
        >>> run.wait_for_completion(show_output=True)

    Args:
        workspace: The workspace.
        steps: A step, a list of steps, or a StepSequence.
        description: Text for people. None: none.
        default_datastore: A Datastore or its name, for outputs that name none. None: the workspace's default.
        default_source_directory: The folder of steps without `source_directory`. None: the current folder.
        resolve_closure: True: add the steps that the given ones need. False: a missing one is an error. Default: True.
        **kwargs: Accepted as in v1 and ignored.

    Raises:
        PipelineInvalid: (a ValueError) Something is wrong; the exception has every problem with its place.
        NotImplementedError: `steps` has a tuple (as in v1).

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
        self.overrides = NO_OVERRIDES
        """Overrides set by `runner.configure`."""
        self.stored = False
        """True once it was published or made a draft: `runner run FILE` does not run it by itself."""
        self._default_datastore = getattr(default_datastore, "name", default_datastore)
        self._default_source_directory = default_source_directory or ""
        self._lowered = self._lower()

    @property
    def plan(self) -> Plan:
        """The draft plan of the pipeline."""
        return self._configured(self._lowered.plan)

    def validate(self) -> list[str]:
        """Print a line for each step, as v1 does.

        Returns:
            An empty list: the constructor raises on faults.

        """
        for step in self.plan.steps:
            print(f"Step {step.name} is ready to be created [{step.key}]")
        return []

    @override
    def __repr__(self) -> str:
        return f"Pipeline({', '.join(step.name for step in self.plan.steps)})"

    def _set_experiment_name(self, name: str) -> None:
        """Do nothing: `submit` names the experiment. Drivers made from a well-known template call this method."""

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
        """Start the pipeline as a run of an experiment.

        Args:
            experiment_name: The experiment's name.
            pipeline_parameters: Values by the names of PipelineParameter. None: the defaults.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run. Default:
                False.
            regenerate_outputs: True: every step runs; none is reused. Default: False.
            parent_run_id: The id of the run that this one becomes a child of. None: none.
            credential_passthrough: Accepted as in v1 and ignored.
            **kwargs: Refused, as in v1.

        Returns:
            The run.

        Raises:
            ValueError: There is an unknown keyword.
            PipelineInvalid: A parameter is unknown, or its value does not fit.

        """
        if kwargs:
            raise ValueError(f"Pipeline.submit does not take {', '.join(sorted(kwargs))}")
        from ..runs.owners import experiment_of
        from .submission import submit_pipeline

        options = {
            "pipeline_parameters": pipeline_parameters,
            "continue_on_step_failure": continue_on_step_failure,
            "regenerate_outputs": regenerate_outputs,
            "parent_run_id": parent_run_id,
        }
        return submit_pipeline(experiment_of(self.workspace, experiment_name), self, options)

    @staticmethod
    def load_yaml(
        workspace: Workspace, filename: str, _workflow_provider: object = None, _service_endpoint: object = None
    ) -> Pipeline:
        """Return the pipeline of a file in v1's YAML form; see docs/how-to/v1-yaml.md.

        Paths in the file are relative to the current folder, as in v1.

        Args:
            workspace: The workspace.
            filename: The file.

        Raises:
            PipelineInvalid: (a ValueError) There is no such file, or something is wrong with the pipeline: each
                problem has its file and line.

        """
        from .v1_yaml import load

        loaded = load(workspace, filename)
        return Pipeline(workspace, loaded.steps, description=loaded.description)

    def publish(
        self,
        name: str | None = None,
        description: str | None = None,
        version: str | None = None,
        continue_on_step_failure: bool | None = None,
    ) -> PublishedPipeline:
        """Keep the pipeline in the workspace, so that other processes run it without its files.

        The workspace gets the code, the exact packages of each environment, and the defaults of the parameters.

        Args:
            name: The name; several published pipelines may share one. None: ``pipeline``.
            description: Text for people. None: the pipeline's.
            version: The version, such as a build id; it may be used again. None: none.
            continue_on_step_failure: True: in its runs, after a failure, steps that do not need the failed one still
                run, unless a submission says else. None: False.

        Returns:
            The published pipeline.

        Raises:
            UserErrorException: The pipeline cannot run here, or a name is wrong. Nothing was published.
            EnvironmentFailed: The packages of an environment cannot be resolved.

        """
        from ..published.publishing import options_of, publish
        from .source_folders import size_notes

        for note in (*self._lowered.notes, *size_notes(self._lowered.plan)):
            print(note, file=sys.stderr)
        options = options_of(
            name, description or self.description, version, continue_on_step_failure=continue_on_step_failure
        )
        published = publish(self.workspace, self.plan, options)
        self.stored = True
        return published

    def bound(self, given: Mapping[str, object]) -> tuple[Plan, Mapping[str, Scalar]]:
        """Return the draft plan for values of the parameters, and those values that are plain.

        Notes about large source folders and changed settings are printed to stderr.

        Args:
            given: Values by the parameter's name.

        Raises:
            PipelineInvalid: A parameter is unknown, or its value does not fit.

        """
        from .source_folders import size_notes

        counts = least_counts(self._lowered.plan)
        rules = {name: rule for step in self.graph.bindings for name, rule in step.value_rules.items()}
        known, _problems = all_parameters(self.graph.bindings.values())
        values = checked(given, known, self.node_parameters, counts, rules)
        for note in (*self._lowered.notes, *size_notes(self._lowered.plan)):
            print(note, file=sys.stderr)
        return self._configured(bind(self._lowered.plan, values.data)), values.scalars

    @property
    def node_parameters(self) -> tuple[str, ...]:
        """The names of parameters that set a number of nodes or processes."""
        return self._lowered.plan.node_parameters

    def _configured(self, plan: Plan) -> Plan:
        """Apply the overrides of steps and pipeline: `configure` may be called after the constructor."""
        from .overrides import configured

        return configured(plan, self.graph, self.overrides)

    def _lower(self) -> Lowered:
        session = self.workspace.session
        names = session.target_names()
        around = Surroundings(
            default_datastore=str(self._default_datastore or session.datastore_names()[0]),
            default_source_directory=self._default_source_directory,
            description=self.description or "",
            targets=frozenset((*names, *created(session.store))) if names else frozenset(),
            images=session.curated_images(),
        )
        return lower(self.graph, around)
