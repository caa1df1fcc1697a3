"""PipelineEndpoint: a stable name for the versions of a published pipeline."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Mapping

from ...model.published import EndpointRecord, Status, endpoint_url
from ...operations.published import endpoints, pipelines
from ...override import override
from ..base.exceptions import UserErrorException
from ..runs.owners import experiment_of
from .authored import not_published, published
from .endpoint_versions import PipelineIdVersion, PipelineVersion
from .published_pipeline import PublishedPipeline
from .shown import as_html, as_text
from .user_errors import user_errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...ports import ObjectStore
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace


class PipelineEndpoint:
    """A stable name for versions of published pipelines. Submissions run its default version unless they name one.

    `PipelineEndpoint.publish` and `PipelineEndpoint.get` return one.

    Example:
        >>> endpoint = PipelineEndpoint.publish(ws, name="training", description="nightly", pipeline=pipeline)
        >>> endpoint.add_default(better)  # version "1"
        >>> run = PipelineEndpoint.get(ws, name="training").submit("nightly")

    Args:
        workspace: The workspace.
        record: Its record in the workspace store.

    """

    def __init__(self, workspace: Workspace, record: EndpointRecord) -> None:
        self.workspace = workspace
        self.record = record

    @staticmethod
    def publish(
        workspace: Workspace, name: str, description: str | None, pipeline: object, **_options: object
    ) -> PipelineEndpoint:
        """Create an endpoint. The pipeline is its version ``"0"`` and the default one.

        Args:
            workspace: The workspace.
            name: The endpoint's name, which no other endpoint may have.
            description: Text for people. None: empty.
            pipeline: A PublishedPipeline, or a Pipeline, which is published under the endpoint's name.

        Returns:
            The endpoint.

        Raises:
            UserErrorException: The name is invalid, another endpoint has it, or `pipeline` is of another type.

        """
        store = workspace.session.store
        with user_errors():
            endpoints.refuse_name(store, name)  # before a pipeline is published for nothing
            first = published(pipeline, name, description)
            record = endpoints.publish(store, name, first.id, description=description or "", user=first.record.user)
        return PipelineEndpoint(workspace, record)

    @staticmethod
    def get(
        workspace: Workspace, id: str | None = None, name: str | None = None, **_options: object
    ) -> PipelineEndpoint:
        """Return an endpoint by its id or its name.

        Args:
            workspace: The workspace.
            id: The id. None: `name` is given.
            name: The name. None: `id` is given.

        Raises:
            UserErrorException: Neither is given, there is no such endpoint, or the two differ.

        """
        if not id and not name:
            raise UserErrorException("PipelineEndpoint.get needs id or name")
        store = workspace.session.store
        with user_errors():
            record = endpoints.get(store, str(id)) if id else endpoints.named(store, str(name))
        if name and record.name != name:
            raise UserErrorException(
                f"the pipeline endpoint of id {id!r} is named {record.name!r}, not {name!r}",
                remedy="pass one of the two",
            )
        return PipelineEndpoint(workspace, record)

    @staticmethod
    def list(
        workspace: Workspace, active_only: bool = True, max_results: int = 100, **_options: object
    ) -> builtins.list[PipelineEndpoint]:
        """Return the endpoints, newest first.

        Args:
            workspace: The workspace.
            active_only: False: disabled and archived ones too. Default: True.
            max_results: The most endpoints. Default: 100.

        """
        found = endpoints.all_of(workspace.session.store, active_only=active_only)
        return [PipelineEndpoint(workspace, record) for record in found[:max_results]]

    @staticmethod
    def get_all(workspace: Workspace, active_only: bool = True, **_options: object) -> builtins.list[PipelineEndpoint]:
        """Return all endpoints, newest first.

        Args:
            workspace: The workspace.
            active_only: False: disabled and archived ones too. Default: True.

        """
        found = endpoints.all_of(workspace.session.store, active_only=active_only)
        return [PipelineEndpoint(workspace, record) for record in found]

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
    def status(self) -> str:
        """``"Active"``, ``"Disabled"`` or ``"Archived"``, as of the time at which the object was fetched."""
        return self.record.status.value

    @property
    def default_version(self) -> str:
        """The default version."""
        return self.get_default_version()

    @property
    def endpoint(self) -> str:
        """The URL of `runner serve` that submits the default version by POST; ``/<version>`` behind it names another.

        The URL answers while the server runs.
        """
        return endpoint_url(self.workspace.session.server_facts().url, self.id)

    @property
    def pipeline_version_list(self) -> builtins.list[PipelineIdVersion]:
        """The versions with the ids of their pipelines, oldest first."""
        return [PipelineIdVersion(one.version, one.pipeline) for one in self._now().versions]

    def add(self, pipeline: object) -> None:
        """Add a version. The default version stays.

        Args:
            pipeline: A PublishedPipeline, or a Pipeline, which is published under the endpoint's name.

        Raises:
            UserErrorException: `pipeline` is of another type.

        """
        self._add(pipeline, default=False)

    def add_default(self, pipeline: object) -> None:
        """Add a version and make it the default one.

        Args:
            pipeline: A PublishedPipeline, or a Pipeline, which is published under the endpoint's name.

        Raises:
            UserErrorException: `pipeline` is of another type.

        """
        self._add(pipeline, default=True)

    def get_default_version(self) -> str:
        """Return the default version, such as ``"0"``."""
        return self._now().default

    def set_default_version(self, version: str) -> None:
        """Make a version the default one.

        Args:
            version: The version.

        Raises:
            UserErrorException: The endpoint has no such version.

        """
        self._change(lambda: endpoints.set_default_version(self._store, self.id, str(version)))

    def set_default(self, pipeline: PublishedPipeline) -> None:
        """Make the newest version that is this pipeline the default one.

        Args:
            pipeline: A published pipeline that the endpoint has.

        Raises:
            UserErrorException: No version of the endpoint is this pipeline, or it is of another type.

        """
        if not isinstance(pipeline, PublishedPipeline):
            raise not_published(pipeline)
        self._change(lambda: endpoints.set_default(self._store, self.id, pipeline.id))

    def get_pipeline(self, version: str | None = None) -> PublishedPipeline:
        """Return the published pipeline of a version.

        Args:
            version: The version. None: the default one.

        Raises:
            UserErrorException: The endpoint has no such version.

        """
        with user_errors():
            found = endpoints.version_of(self._now(), _text(version)).pipeline
        return PublishedPipeline.get(self.workspace, found)

    def list_versions(self) -> builtins.list[PipelineVersion]:
        """Return the versions with their published pipelines, oldest first."""
        return [
            PipelineVersion(one.version, PublishedPipeline.get(self.workspace, one.pipeline))
            for one in self._now().versions
        ]

    def list_pipelines(self, active_only: bool = True) -> builtins.list[PublishedPipeline]:
        """Return the published pipelines of the versions, each once, oldest version first.

        Args:
            active_only: False: disabled and archived ones too. Default: True.

        """
        ids = dict.fromkeys(one.pipeline for one in self._now().versions)
        records = (pipelines.get(self._store, identity) for identity in ids)
        return [
            PublishedPipeline(self.workspace, record)
            for record in records
            if record.status is Status.ACTIVE or not active_only
        ]

    def set_name(self, name: str) -> None:
        """Give the endpoint another name. The old one becomes free; id and URL stay.

        Args:
            name: The new name.

        Raises:
            UserErrorException: The name is invalid, or another endpoint has it.

        """
        self._change(lambda: endpoints.set_name(self._store, self.id, name))

    def set_description(self, description: str) -> None:
        """Change the description.

        Args:
            description: Text for people.

        """
        self._change(lambda: endpoints.set_description(self._store, self.id, description or ""))

    def enable(self) -> None:
        """Make the endpoint active: it takes submissions, and lists show it."""
        self._change(lambda: endpoints.set_status(self._store, self.id, Status.ACTIVE))

    def disable(self) -> None:
        """Make the endpoint inactive: it takes no submissions, and lists of active ones leave it out."""
        self._change(lambda: endpoints.set_status(self._store, self.id, Status.DISABLED))

    def archive(self) -> None:
        """Archive the endpoint: it takes no submissions, and lists of active ones leave it out. Its name stays its."""
        self._change(lambda: endpoints.set_status(self._store, self.id, Status.ARCHIVED))

    def submit(
        self,
        experiment_name: str,
        pipeline_parameters: Mapping[str, object] | None = None,
        parent_run_id: str | None = None,
        pipeline_version: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> PipelineRun:
        """Start a version of the endpoint as a run of an experiment.

        Args:
            experiment_name: The experiment's name.
            pipeline_parameters: Values by the names of the parameters. None: the defaults.
            parent_run_id: The id of the run that this one becomes a child of. None: none.
            pipeline_version: The version. None: the default one.

        Returns:
            The run.

        Raises:
            UserErrorException: The endpoint or the version's pipeline is not active, or there is no such version.
                Nothing was started.
            PipelineInvalid: (a ValueError) A parameter is unknown, or a value does not fit. Nothing was started.

        """
        options = {
            "pipeline_parameters": pipeline_parameters,
            "parent_run_id": parent_run_id,
            "pipeline_version": pipeline_version,
        }
        return self.start(experiment_of(self.workspace, experiment_name), options)

    def start(
        self, experiment: Experiment, options: Mapping[str, object], tags: Mapping[str, object] | None = None
    ) -> PipelineRun:
        """Start a version for `submit` and ``Experiment.submit``, and return the run.

        Args:
            experiment: The experiment.
            options: The keywords of `PublishedPipeline.submit`, and ``pipeline_version``.
            tags: Tags of the run. None: none.

        Raises:
            UserErrorException, PipelineInvalid: As `submit`.

        """
        with user_errors():
            found = endpoints.submitted(self._now(), _text(options.get("pipeline_version")))
        return PublishedPipeline.get(self.workspace, found).start(experiment, options, tags)

    @property
    def _store(self) -> ObjectStore:
        return self.workspace.session.store

    def _now(self) -> EndpointRecord:
        """Return the record as it is now: another process may have changed it."""
        with user_errors():
            self.record = endpoints.get(self._store, self.id)
        return self.record

    def _change(self, change: Callable[[], EndpointRecord]) -> None:
        with user_errors():
            self.record = change()

    def _add(self, pipeline: object, *, default: bool) -> None:
        added = published(pipeline, self.name, self.description)
        self._change(lambda: endpoints.add(self._store, self.id, added.id, default=default))

    def _rows(self) -> dict[str, str]:
        return {
            "Name": self.name,
            "Id": self.id,
            "Status": self.status,
            "Default Version": self.record.default,
            "Endpoint": self.endpoint,
        }

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, PipelineEndpoint) and self.id == other.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return as_text("PipelineEndpoint", self._rows())

    def _repr_html_(self) -> str:  # what a notebook shows of it
        return as_html(self._rows())


def _text(version: object) -> str:
    return "" if version is None else str(version)
