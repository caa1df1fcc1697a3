"""Experiment: a name that groups runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, overload

from ...model.names import EXPERIMENT, REGISTRY
from ...override import override
from ..base.exceptions import UserErrorException
from ..pipelines.pipeline import Pipeline
from ..published.pipeline_draft import PipelineDraft
from ..published.pipeline_endpoint import PipelineEndpoint
from ..published.published_pipeline import PublishedPipeline
from ..runconfig.script_run_config import ScriptRunConfig
from ..runs.report_log import ReportLog
from ..runs.reports import FACTS, PROPERTIES, TAGS, fold_properties, fold_tags

if TYPE_CHECKING:
    from ..runs.pipeline_run import PipelineRun
    from ..runs.run import Run
    from .workspace import Workspace

_NAME = re.compile(EXPERIMENT)
_VIEWS = ("ActiveOnly", "ArchivedOnly", "All")


class Experiment:
    """A named group of runs. It need not be created.

    Example:
        >>> experiment = Experiment(ws, "churn")
        >>> run = experiment.submit(pipeline, tags={"data": "2026-11"})
        >>> newest = next(experiment.get_runs())

    Args:
        workspace: The workspace.
        name: The name: it begins with a letter or digit; then letters, digits, dash, underscore; at most 255.

    Raises:
        UserErrorException: The name is invalid.

    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        if not _NAME.fullmatch(str(name)):
            raise UserErrorException(
                f"{name!r} cannot name an experiment",
                remedy="begin with a letter or digit; then letters, digits, dash, underscore; at most 255",
            )
        self.workspace = workspace
        self.name = name

    @property
    def workspace_object(self) -> Workspace:
        """The workspace, under v1's other name."""
        return self.workspace

    @property
    def id(self) -> str:
        """The id, which is the name."""
        return self.name

    @overload
    def submit(
        self,
        config: Pipeline | PublishedPipeline | PipelineEndpoint | PipelineDraft,
        tags: Mapping[str, object] | None = None,
        **kwargs: object,
    ) -> PipelineRun: ...

    @overload
    def submit(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run: ...

    def submit(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run:
        """Start a pipeline or a script and return its run.

        Args:
            config: A Pipeline, a PublishedPipeline, a PipelineEndpoint, a PipelineDraft, a ScriptRunConfig, an
                Estimator or a HyperDriveConfig.
            tags: Tags of the run. None: none.
            **kwargs: For a pipeline: ``pipeline_parameters``, ``continue_on_step_failure``, ``regenerate_outputs`` and
                ``parent_run_id``; see `Pipeline.submit`. For an endpoint ``pipeline_version`` too. Others are ignored,
                as in v1.

        Raises:
            UserErrorException: `config` is of another type.
            BadInput: Something is wrong with the pipeline (PipelineInvalid), or the run cannot start. Nothing was
                started.

        """
        from ..pipelines.submission import submit_pipeline, submit_script, submit_search

        if isinstance(config, Pipeline):
            return submit_pipeline(self, config, kwargs, tags)
        if isinstance(config, (PublishedPipeline, PipelineEndpoint, PipelineDraft)):
            return config.start(self, kwargs, tags)
        from ..hyperdrive.config import HyperDriveConfig

        if isinstance(config, HyperDriveConfig):
            from ..hyperdrive.step import search_step

            return submit_search(self, Pipeline(self.workspace, search_step(config)), kwargs, tags)
        return submit_script(self, _script_pipeline(self.workspace, config), kwargs, tags)

    def start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: object = None,
        snapshot_directory: str | None = ".",
        display_name: str | None = None,
        **_options: object,
    ) -> Run:
        """Start a run that the caller logs to and ends.

        Args:
            name: The run's display name. None: its id.
            run_id: The run's id. None: a new one.
            outputs: The folder whose files are kept when the run ends. None: ``./outputs``; False: no files are kept.
            snapshot_directory: The folder that is stored as the run's code; a line names a folder that is too large.
                None: no code is stored. Default: the current folder.
            display_name: Takes the place of `name`. None: `name`.

        Returns:
            The run, which is running.

        """
        from ..runs.logged_run import OUTPUTS, LoggedRun

        watched = OUTPUTS if outputs is None else outputs
        label = display_name or name
        run = LoggedRun.begin(self, name=label, run_id=run_id, outputs=watched, snapshot=snapshot_directory)
        if self.archived_time is not None:
            self.reactivate()
        return run

    def get_runs(
        self, type: object = None, tags: object = None, properties: object = None, include_children: bool = False
    ) -> Iterator[Run]:
        """Return the runs of the experiment, newest first.

        Args:
            type: The type of the runs, such as ``"azureml.PipelineRun"``. None: any.
            tags: A key, or a dict of keys and values that a run must have. None: any.
            properties: Likewise. None: any.
            include_children: True: child runs too. Default: False.

        """
        from ..runs.run import Run

        return Run.list(self, type, tags, properties, include_children=include_children)

    @cached_property
    def _log(self) -> ReportLog:
        return ReportLog(self.workspace.session.store, f"{REGISTRY}experiments/{self.name}/")

    @property
    def tags(self) -> dict[str, str]:
        """The tags."""
        return fold_tags(self._log.lines(TAGS))

    @property
    def properties(self) -> dict[str, str]:
        """The properties."""
        return fold_properties(self._log.lines(PROPERTIES))

    @property
    def archived_time(self) -> str | None:
        """The time at which it was archived; None: it is active."""
        return fold_tags(self._log.lines(FACTS)).get("archived")

    def tag(self, key: str, value: object = None) -> None:
        """Add a tag, or replace the one of that key.

        Args:
            key: The key.
            value: The value. None: empty.

        """
        self._log.append(TAGS, {"key": str(key), "value": "" if value is None else str(value)})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Add tags, or replace those of the same keys.

        Args:
            tags: The tags.

        """
        for key, value in tags.items():
            self.tag(key, value)

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags.

        Args:
            tags: A key, or several.

        """
        for key in [tags] if isinstance(tags, str) else tags:
            self._log.append(TAGS, {"key": str(key), "value": None})

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties.

        Args:
            properties: The properties.

        Raises:
            UserErrorException: A property of that key exists: properties cannot be changed.

        """
        taken = sorted(set(properties) & set(self.properties))
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        for key, value in properties.items():
            self._log.append(PROPERTIES, {"key": str(key), "value": str(value)})

    def archive(self) -> None:
        """Leave the experiment out of lists. Its next run reactivates it."""
        now = self.workspace.session.store.now().isoformat()
        self._log.append(FACTS, {"key": "archived", "value": now})

    def reactivate(self, new_name: str | None = None) -> None:
        """Show the experiment in lists again.

        Args:
            new_name: Must be None or the same name.

        Raises:
            UserErrorException: The name is another: runs keep their experiment.

        """
        if new_name and new_name != self.name:
            raise UserErrorException("an experiment cannot be renamed here", remedy="reactivate() without new_name")
        self._log.append(FACTS, {"key": "archived", "value": None})

    def refresh(self) -> None:
        """Do nothing: everything is read when it is asked for."""

    @staticmethod
    def list(
        workspace: Workspace, experiment_name: str | None = None, view_type: str = "ActiveOnly", tags: object = None
    ) -> list[Experiment]:
        """Return the experiments that have runs.

        Args:
            workspace: The workspace.
            experiment_name: The name. None: any.
            view_type: ``"ActiveOnly"``, ``"ArchivedOnly"`` or ``"All"``. Default: ActiveOnly.
            tags: A key, or a dict of keys and values that an experiment must have. None: any.

        Raises:
            UserErrorException: `view_type` is another.

        """
        from ..runs.lookup import has_tags

        if view_type not in _VIEWS:
            raise UserErrorException(f"view_type is one of {', '.join(_VIEWS)}, not {view_type!r}")
        found = (Experiment(workspace, name) for name in workspace.experiments if experiment_name in (None, name))
        return [
            experiment
            for experiment in found
            if (view_type == "All" or (experiment.archived_time is None) == (view_type == "ActiveOnly"))
            and (tags is None or has_tags(experiment.tags, tags))
        ]

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Delete tags and properties of an experiment without runs.

        Args:
            workspace: The workspace.
            experiment_id: The experiment's id, which is its name.

        Raises:
            UserErrorException: The experiment has runs.

        """
        experiment = Experiment(workspace, experiment_id)
        if next(experiment.get_runs(include_children=True), None) is not None:
            raise UserErrorException(f"experiment {experiment_id!r} has runs", remedy="archive() it instead")
        store = workspace.session.store
        for info in tuple(store.list(f"{REGISTRY}experiments/{experiment_id}/")):
            store.delete(info.key)

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Experiment) and (self.workspace.name, self.name) == (other.workspace.name, other.name)

    @override
    def __hash__(self) -> int:
        return hash(self.name)

    @override
    def __repr__(self) -> str:
        return f"Experiment({self.name!r})"

    @override
    def __str__(self) -> str:
        """Return the text of v1's ``print(experiment)``."""
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"


def _script_pipeline(workspace: Workspace, config: object) -> Pipeline:
    from ..steps.estimator import Estimator

    if isinstance(config, (ScriptRunConfig, Estimator)):
        from ..steps.script_run import script_run_step

        return Pipeline(workspace, script_run_step(config))
    raise UserErrorException(
        f"a {type(config).__name__} cannot be submitted",
        remedy="submit a Pipeline, a published one, a ScriptRunConfig, an Estimator or a HyperDriveConfig",
    )
