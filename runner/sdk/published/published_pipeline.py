"""PublishedPipeline: a pipeline that the workspace keeps, to be run by its id or name."""

from __future__ import annotations

import builtins
from functools import cached_property
from typing import TYPE_CHECKING, Mapping

from ...model.published import PublishedRecord, Status, pipeline_url
from ...operations.published import pipelines
from ...override import override
from ...runs import plans
from ..runs.owners import experiment_of
from ..runs.pipeline_graph import RunGraph
from .shown import as_html, as_text
from .submission import submit_record
from .user_errors import user_errors

if TYPE_CHECKING:
    from ...model.plan import Plan
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace


class PublishedPipeline:
    """A pipeline that the workspace keeps with its code, environments and parameters.

    `Pipeline.publish`, `PipelineRun.publish_pipeline` and `PublishedPipeline.get` return one. A later process submits
    it without the files that it was made of.

    Example:
        >>> published = pipeline.publish(name="training", version=build_id)
        >>> # in another process
        >>> published = PublishedPipeline.get(ws, id=published_id)
        >>> run = published.submit(ws, "nightly", pipeline_parameters={"epochs": 3})

    Args:
        workspace: The workspace.
        record: Its record in the workspace store.

    """

    def __init__(self, workspace: Workspace, record: PublishedRecord) -> None:
        self.workspace = workspace
        self.record = record

    @staticmethod
    def get(workspace: Workspace, id: str, _service_endpoint: object = None, **_options: object) -> PublishedPipeline:
        """Return a published pipeline by its id.

        Args:
            workspace: The workspace.
            id: The id.

        Raises:
            UserErrorException: There is no such published pipeline.

        """
        with user_errors():
            return PublishedPipeline(workspace, pipelines.get(workspace.session.store, str(id)))

    @staticmethod
    def list(
        workspace: Workspace, active_only: bool = True, _service_endpoint: object = None
    ) -> builtins.list[PublishedPipeline]:
        """Return the published pipelines, newest first.

        Args:
            workspace: The workspace.
            active_only: False: disabled and archived ones too. Default: True.

        """
        found = pipelines.all_of(workspace.session.store, active_only=active_only)
        return [PublishedPipeline(workspace, record) for record in found]

    @staticmethod
    def get_all(
        workspace: Workspace, active_only: bool = True, _service_endpoint: object = None
    ) -> builtins.list[PublishedPipeline]:
        """Return the published pipelines, as `list` does; v1's older name.

        Args:
            workspace: The workspace.
            active_only: False: disabled and archived ones too. Default: True.

        """
        return PublishedPipeline.list(workspace, active_only)

    @property
    def id(self) -> str:
        """The id, a GUID."""
        return self.record.id

    @property
    def name(self) -> str:
        """The name that it was published with. Other published pipelines may have it too."""
        return self.record.name

    @property
    def description(self) -> str:
        """The description that it was published with."""
        return self.record.description

    @property
    def version(self) -> str | None:
        """The version that it was published with; None: none was given."""
        return self.record.version or None

    @property
    def status(self) -> str:
        """``"Active"``, ``"Disabled"`` or ``"Archived"``, as of the time at which the object was fetched."""
        return self.record.status.value

    @property
    def continue_on_step_failure(self) -> bool:
        """True: after a failure, steps that do not need the failed one still run, unless a submission says else."""
        return self.record.continue_on_step_failure

    @property
    def endpoint(self) -> str:
        """The URL of `runner serve` that submits it by POST. The URL answers while the server runs."""
        return pipeline_url(self.workspace.session.server_facts().url, self.id)

    @property
    def graph_id(self) -> str:
        """The id of its graph, a GUID; equal graphs have equal ids."""
        digest = self.record.plan
        return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))

    @property
    def total_run_steps(self) -> int:
        """The number of its steps."""
        return len(self._plan.steps)

    @property
    def graph(self) -> RunGraph:
        """The steps, their dependencies, and the parameters with their defaults."""
        return RunGraph(self._plan)

    def get_graph(self) -> RunGraph:
        """Return the steps, their dependencies, and the parameters with their defaults."""
        return self.graph

    def get_step_names(self) -> builtins.list[str]:
        """Return the names of the steps in the order of the plan."""
        return [step.name for step in self._plan.steps]

    def submit(
        self,
        workspace: Workspace,
        experiment_name: str,
        pipeline_parameters: Mapping[str, object] | None = None,
        parent_run_id: str | None = None,
        continue_on_step_failure: bool | None = None,
        regenerate_outputs: bool | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> PipelineRun:
        """Start the pipeline as a run of an experiment.

        Args:
            workspace: The workspace.
            experiment_name: The experiment's name.
            pipeline_parameters: Values by the names of the parameters: plain values, DataPaths and Datasets. None: the
                defaults.
            parent_run_id: The id of the run that this one becomes a child of. None: none.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run. None: as
                it was published.
            regenerate_outputs: True: every step runs; none is reused. None: False.

        Returns:
            The run.

        Raises:
            UserErrorException: The pipeline is not active. Nothing was started.
            PipelineInvalid: (a ValueError) A parameter is unknown, or a value does not fit. Nothing was started.

        """
        options = {
            "pipeline_parameters": pipeline_parameters,
            "parent_run_id": parent_run_id,
            "continue_on_step_failure": continue_on_step_failure,
            "regenerate_outputs": regenerate_outputs,
        }
        return self.start(experiment_of(workspace, experiment_name), options)

    def start(
        self, experiment: Experiment, options: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> PipelineRun:
        """Start the pipeline for `submit` and ``Experiment.submit``, and return the run.

        Args:
            experiment: The experiment.
            options: The keywords of `submit`.
            tags: Tags of the run. None: none.

        Raises:
            UserErrorException, PipelineInvalid: As `submit`.

        """
        self.record = _record(self)  # another process may have disabled it
        return submit_record(experiment, self.record, options, tags)

    def enable(self) -> None:
        """Make the pipeline active: it can be submitted, and lists show it."""
        self._set(Status.ACTIVE)

    def disable(self) -> None:
        """Make the pipeline inactive: it cannot be submitted, and lists of active ones leave it out."""
        self._set(Status.DISABLED)

    def archive(self) -> None:
        """Archive the pipeline: it cannot be submitted, and lists of active ones leave it out."""
        self._set(Status.ARCHIVED)

    def _set(self, status: Status) -> None:
        with user_errors():
            self.record = pipelines.set_status(self.workspace.session.store, self.id, status)

    @cached_property
    def _plan(self) -> Plan:
        return plans.load(self.workspace.session.store, self.record.plan)

    def _rows(self) -> dict[str, str]:
        return {"Name": self.name, "Id": self.id, "Status": self.status, "Endpoint": self.endpoint}

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublishedPipeline) and self.id == other.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return as_text("Pipeline", self._rows())

    def _repr_html_(self) -> str:  # what a notebook shows of it
        return as_html(self._rows())


def _record(pipeline: PublishedPipeline) -> PublishedRecord:
    with user_errors():
        return pipelines.get(pipeline.workspace.session.store, pipeline.id)
