"""PipelineDraft: a pipeline that the workspace keeps while it is being worked on."""

from __future__ import annotations

import builtins
import uuid
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Mapping

from ...model.published import DraftRecord
from ...operations.published import binding, drafts
from ...override import override
from ...plan.data_parameters import paths_read
from ...runs import plans
from ..base.exceptions import UserErrorException
from ..base.plain_values import texts
from ..datasets.parameter_values import sorted_values
from ..runs.owners import experiment_of
from ..runs.pipeline_graph import RunGraph
from .draft_plans import kept
from .publishing import options_of, publish
from .shown import as_html, as_text
from .submission import entered, parameters_of, request_of
from .user_errors import user_errors

if TYPE_CHECKING:
    from ...model.data import DatastorePath
    from ...model.plan import Plan, Scalar
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace
    from .published_pipeline import PublishedPipeline

EXPERIMENT = "default"
"""The experiment of a draft that names none."""


class PipelineDraft:
    """A pipeline that the workspace keeps with the options of its next run. It can be changed, run and published.

    `PipelineDraft.create` and `PipelineDraft.get` return one. The code is stored when the draft is created.

    Example:
        >>> draft = PipelineDraft.create(ws, pipeline, name="tuning", experiment_name="tuning", tags={"team": "a"})
        >>> draft.update(pipeline_parameters={"epochs": 3})
        >>> run = draft.submit_run()
        >>> published = draft.publish()

    Args:
        workspace: The workspace.
        record: Its record in the workspace store.

    """

    def __init__(self, workspace: Workspace, record: DraftRecord) -> None:
        self.workspace = workspace
        self.record = record

    @staticmethod
    def create(
        workspace: Workspace,
        pipeline: object,
        name: str | None = None,
        description: str | None = None,
        experiment_name: str | None = None,
        pipeline_parameters: Mapping[str, object] | None = None,
        continue_on_step_failure: bool | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        **_options: object,
    ) -> PipelineDraft:
        """Create a draft.

        Args:
            workspace: The workspace.
            pipeline: A Pipeline, a PublishedPipeline or a PipelineRun.
            name: The draft's name. None: ``draft``.
            description: Text for people. None: empty.
            experiment_name: The experiment of its runs. None: ``default``.
            pipeline_parameters: Values by the names of the parameters. None: the defaults.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run. None:
                False.
            tags: Tags of the draft and its runs. None: none.
            properties: Properties of the draft, which cannot be changed. None: none.

        Returns:
            The draft.

        Raises:
            UserErrorException: `pipeline` is of another type.
            PipelineInvalid: (a ValueError) A parameter is unknown, or a value does not fit.

        """
        session = workspace.session
        plan = kept(session, pipeline)
        record = DraftRecord(
            id=str(uuid.uuid4()),
            name=str(name or "draft"),
            description=str(description or ""),
            experiment=str(experiment_name or EXPERIMENT),
            plan=plan.digest,
            values=sorted_values(parameters_of({"pipeline_parameters": pipeline_parameters})),
            settled=plan.settled,
            continue_on_step_failure=bool(continue_on_step_failure),
            tags=texts(tags),
            properties=texts(properties),
            created=session.store.now(),
        )
        return PipelineDraft(workspace, record)._entered()

    @staticmethod
    def clone(workspace: Workspace, pipeline_draft: PipelineDraft) -> PipelineDraft:
        """Create a draft with everything of another one.

        Args:
            workspace: The workspace.
            pipeline_draft: The other draft.

        Returns:
            The new draft.

        Raises:
            UserErrorException: The other draft is deleted.

        """
        store = workspace.session.store
        with user_errors():
            known = drafts.get(store, pipeline_draft.id)
        made = replace(known, id=str(uuid.uuid4()), created=store.now())
        return PipelineDraft(workspace, made)._entered()

    @staticmethod
    def get(workspace: Workspace, id: str, **_options: object) -> PipelineDraft:
        """Return a draft by its id.

        Args:
            workspace: The workspace.
            id: The id.

        Raises:
            UserErrorException: There is no such draft.

        """
        with user_errors():
            return PipelineDraft(workspace, drafts.get(workspace.session.store, str(id)))

    @staticmethod
    def list(workspace: Workspace, tags: object = None, **_options: object) -> builtins.list[PipelineDraft]:
        """Return the drafts, newest first.

        Args:
            workspace: The workspace.
            tags: A key, or a dict of keys and values that a draft must have. None: any.

        Raises:
            UserErrorException: `tags` is of another type.

        """
        return [PipelineDraft(workspace, record) for record in drafts.all_of(workspace.session.store, _wanted(tags))]

    @property
    def id(self) -> str:
        """The id, a GUID."""
        return self.record.id

    @property
    def name(self) -> str:
        """The name."""
        return self.record.name

    @property
    def description(self) -> str:
        """The description."""
        return self.record.description

    @property
    def experiment_name(self) -> str:
        """The experiment of its runs."""
        return self.record.experiment

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """The properties."""
        return dict(self.record.properties)

    @property
    def continue_on_step_failure(self) -> bool:
        """True: after a failure, steps that do not need the failed one still run."""
        return self.record.continue_on_step_failure

    @property
    def pipeline_parameters(self) -> dict[str, Scalar]:
        """The values of plain parameters: those of the draft, else the defaults."""
        return {**self._plan.parameters, **self.record.values.scalars}

    @property
    def graph(self) -> RunGraph:
        """The steps, their dependencies, and the parameters with their defaults."""
        return RunGraph(self._plan)

    def get_graph(self) -> RunGraph:
        """Return the steps, their dependencies, and the parameters with their defaults."""
        return self.graph

    def update(
        self,
        pipeline: object = None,
        name: str | None = None,
        description: str | None = None,
        experiment_name: str | None = None,
        tags: Mapping[str, object] | None = None,
        pipeline_parameters: Mapping[str, object] | None = None,
        continue_on_step_failure: bool | None = None,
    ) -> None:
        """Change the draft. What is None stays.

        Args:
            pipeline: Another Pipeline, PublishedPipeline or PipelineRun.
            name: Another name.
            description: Another description.
            experiment_name: Another experiment.
            tags: Tags in place of the known ones.
            pipeline_parameters: Values in place of the known ones.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run.

        Raises:
            UserErrorException: The draft is deleted, or `pipeline` is of another type. Nothing was changed.
            PipelineInvalid: (a ValueError) A parameter is unknown, or a value does not fit. Nothing was changed.

        """
        changes: dict[str, Any] = {}
        if pipeline is not None:
            plan = kept(self.workspace.session, pipeline)
            changes.update(plan=plan.digest, settled=plan.settled)
        if pipeline_parameters is not None:
            changes["values"] = sorted_values(parameters_of({"pipeline_parameters": pipeline_parameters}))
        if tags is not None:
            changes["tags"] = texts(tags)
        plain = {
            "name": name,
            "description": description,
            "experiment": experiment_name,
            "continue_on_step_failure": continue_on_step_failure,
        }
        changes.update({field: value for field, value in plain.items() if value is not None})
        self._change(changes)

    def delete(self) -> None:
        """Delete the draft. Its runs and what was published of it stay."""
        self._change({"deleted": True})

    def submit_run(self) -> PipelineRun:
        """Start the draft as a run of its experiment.

        Returns:
            The run.

        Raises:
            UserErrorException: The draft is deleted, or the run cannot start. Nothing was started.

        """
        return self.start(experiment_of(self.workspace, self._now().experiment), {})

    def submit(self) -> PipelineRun:
        """Start the draft as `submit_run` does, and return the run."""
        return self.submit_run()

    def start(
        self, experiment: Experiment, options: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> PipelineRun:
        """Start the draft for `submit_run` and ``Experiment.submit``, and return the run.

        Args:
            experiment: The experiment.
            options: The keywords of `PublishedPipeline.submit`. Values of parameters are added to those of the draft.
            tags: Tags of the run beside those of the draft. None: none.

        Raises:
            UserErrorException: As `submit_run`.

        """
        record, session = self._now(), experiment.workspace.session
        with user_errors():
            more = sorted_values(parameters_of(options))
            values = replace(
                record.values,
                scalars={**record.values.scalars, **more.scalars},
                data={**record.values.data, **more.data},
            )
            bound = binding.bound(self._plan, values)
            going_on = options.get("continue_on_step_failure")
            asked = {
                **options,
                "continue_on_step_failure": record.continue_on_step_failure if going_on is None else going_on,
            }
            request = request_of(experiment, asked, {**record.tags, **(tags or {})})
            request = replace(request, parameters=bound.scalars, settled=record.settled)
            run_id = session.submit(bound.plan, request)
        return entered(experiment, request, run_id)

    def publish(self) -> PublishedPipeline:
        """Publish the draft under its name. The values of its parameters become the defaults.

        Returns:
            The published pipeline. The draft stays.

        Raises:
            UserErrorException: The draft is deleted, or it cannot be published.

        """
        record = self._now()
        going_on = record.continue_on_step_failure
        options = options_of(record.name, record.description, None, continue_on_step_failure=going_on)
        with user_errors():
            plan = binding.with_defaults(self._plan, record.values)
        return publish(self.workspace, plan, replace(options, settled=record.settled))

    @cached_property
    def _plans(self) -> dict[str, Plan]:
        return {}

    @property
    def _plan(self) -> Plan:
        """The plan of the record that is known."""
        digest = self.record.plan
        if digest not in self._plans:
            self._plans[digest] = plans.load(self.workspace.session.store, digest)
        return self._plans[digest]

    def _now(self) -> DraftRecord:
        """Return the record as it is now: another process may have changed it."""
        with user_errors():
            self.record = drafts.get(self.workspace.session.store, self.id)
        return self.record

    def _change(self, changes: Mapping[str, Any]) -> None:
        def edit(record: DraftRecord) -> DraftRecord:
            changed = replace(record, **changes)
            self._check(changed)
            return changed

        with user_errors():
            self.record = drafts.change(self.workspace.session.store, self.id, edit, self._check)

    def _entered(self) -> PipelineDraft:
        """Store the new draft. Raises UserErrorException."""
        with user_errors():
            self.record = drafts.create(self.workspace.session.store, self.record, self._check(self.record))
        return self

    def _check(self, record: DraftRecord) -> builtins.list[DatastorePath]:
        """Return the paths that its runs read. Raise UserErrorException unless the values fit the plan."""
        plan = plans.load(self.workspace.session.store, record.plan)
        with user_errors():
            made = binding.bound(plan, record.values)
        return [*paths_read(made.plan)]

    def _rows(self) -> dict[str, str]:
        return {"Name": self.name, "Id": self.id, "Experiment": self.experiment_name, "Description": self.description}

    @override
    def __repr__(self) -> str:
        return as_text("PipelineDraft", self._rows())

    def _repr_html_(self) -> str:  # what a notebook shows of it
        return as_html(self._rows())


def _wanted(tags: object) -> dict[str, str | None]:
    if tags is None:
        return {}
    if isinstance(tags, str):
        return {tags: None}
    if isinstance(tags, Mapping):
        return dict(texts(tags))
    raise UserErrorException(f"tags are a key or a dict, not a {type(tags).__name__}")
