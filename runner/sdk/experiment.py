"""Experiment: a name under which runs are kept together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, overload

from ..model.names import REGISTRY
from ..override import override
from .exceptions import UserErrorException
from .pipeline import Pipeline
from .report_log import ReportLog
from .reports import FACTS, PROPERTIES, TAGS, fold_properties, fold_tags
from .script_run_config import ScriptRunConfig

if TYPE_CHECKING:
    from ..operations.values import Request
    from .pipeline_run import PipelineRun
    from .run import Run
    from .workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,254}")
_VIEWS = ("ActiveOnly", "ArchivedOnly", "All")


class Experiment:
    """A named collection of runs. It needs no creating."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        if not _NAME.fullmatch(str(name)):
            raise UserErrorException(
                f"{name!r} cannot name an experiment",
                remedy="begin with a letter or digit; then letters, digits, dash, underscore; at most 255",
            )
        self.workspace = workspace
        self.name = name

    @property
    def id(self) -> str:
        """The name: it is the identity."""
        return self.name

    @overload
    def submit(self, config: Pipeline, tags: Mapping[str, object] | None = None, **kwargs: object) -> PipelineRun: ...

    @overload
    def submit(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run: ...

    def submit(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run:
        """Set a pipeline or a script going. Unknown keywords are ignored, as in v1.

        Raises PipelineInvalid, BadInput; then nothing was started.
        """
        from ..operations.values import Request
        from .pipeline_run import PipelineRun
        from .run_lookup import SCRIPT
        from .script_run import ScriptRun

        pipeline = _as_pipeline(self.workspace, config)
        alone = pipeline is not config
        given = kwargs.get("pipeline_parameters")
        request = Request(
            self.name,
            tags={str(key): str(value) for key, value in (tags or {}).items()},
            parent=str(kwargs.get("parent_run_id") or ""),
            kind=SCRIPT if alone else "",
            continue_on_step_failure=bool(kwargs.get("continue_on_step_failure")),
            regenerate_outputs=alone or bool(kwargs.get("regenerate_outputs")),  # v1 runs a lone script each time
            workspace=self.workspace.facts,
        )
        run_id = pipeline.started(request, given if isinstance(given, Mapping) else {})
        self._entered(request, run_id)
        if alone:
            return ScriptRun(self, run_id)
        print(f"Submitted PipelineRun {run_id}")
        return PipelineRun(self, run_id)

    def _entered(self, request: Request, run_id: str) -> None:
        """A new run brings an archived experiment back, as in v1, and is listed below its parent."""
        from ..model.names import run_time
        from .logged_store import enter_child

        if request.parent:
            enter_child(self.workspace.session.store, request.parent, run_id, run_time(run_id))
        if self.archived_time is not None:
            self.reactivate()

    def start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: object = None,
        snapshot_directory: str | None = ".",
        display_name: str | None = None,
        **_options: object,
    ) -> Run:
        """Begin a run that the caller logs to and ends.

        Its code is the snapshot of `snapshot_directory` (None: none is taken; a folder too large for one is told of
        in a line). What is written below ``./outputs``, or `outputs`, is kept when it ends; False: nothing is.
        """
        from .logged_run import OUTPUTS, LoggedRun

        watched = OUTPUTS if outputs is None else outputs
        label = display_name or name
        run = LoggedRun.begin(self, name=label, run_id=run_id, outputs=watched, snapshot=snapshot_directory)
        if self.archived_time is not None:
            self.reactivate()
        return run

    def get_runs(
        self, type: object = None, tags: object = None, properties: object = None, include_children: bool = False
    ) -> Iterator[Run]:
        """Its runs that have these tags and properties (a key, or keys with values), newest first."""
        from .run import Run

        return Run.list(self, type, tags, properties, include_children=include_children)

    @cached_property
    def _said(self) -> ReportLog:
        return ReportLog(self.workspace.session.store, f"{REGISTRY}experiments/{self.name}/")

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return fold_tags(self._said.lines(TAGS))

    @property
    def properties(self) -> dict[str, str]:
        """Its properties."""
        return fold_properties(self._said.lines(PROPERTIES))

    @property
    def archived_time(self) -> str | None:
        """When it was archived; None: it is active."""
        return fold_tags(self._said.lines(FACTS)).get("archived")

    def tag(self, key: str, value: object = None) -> None:
        """Set a tag; without a value it is a mark."""
        self._said.append(TAGS, {"key": str(key), "value": "" if value is None else str(value)})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags."""
        for key, value in tags.items():
            self.tag(key, value)

    def remove_tags(self, tags: str | Iterable[str]) -> None:
        """Remove tags by key."""
        for key in [tags] if isinstance(tags, str) else tags:
            self._said.append(TAGS, {"key": str(key), "value": None})

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties. Raises UserErrorException for a key that is set already."""
        taken = sorted(set(properties) & set(self.properties))
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        for key, value in properties.items():
            self._said.append(PROPERTIES, {"key": str(key), "value": str(value)})

    def archive(self) -> None:
        """Leave it out of lists; the next run brings it back."""
        now = self.workspace.session.store.now().isoformat()
        self._said.append(FACTS, {"key": "archived", "value": now})

    def reactivate(self, new_name: str | None = None) -> None:
        """Show it in lists again. Raises UserErrorException for a new name: runs keep their experiment."""
        if new_name and new_name != self.name:
            raise UserErrorException("an experiment cannot be renamed here", remedy="reactivate() without new_name")
        self._said.append(FACTS, {"key": "archived", "value": None})

    def refresh(self) -> None:
        """Nothing to do: everything is read when it is asked for."""

    @staticmethod
    def list(
        workspace: Workspace, experiment_name: str | None = None, view_type: str = "ActiveOnly", tags: object = None
    ) -> list[Experiment]:
        """Every experiment that has runs: active ones, ``ArchivedOnly`` or ``All``; with these tags.

        Raises UserErrorException for another view.
        """
        from .run_lookup import has_tags

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
        """Forget an experiment's tags and properties. Raises UserErrorException while it has runs."""
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
        """v1's words: a driver's ``print(experiment)``."""
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"


def _as_pipeline(workspace: Workspace, config: object) -> Pipeline:
    if isinstance(config, Pipeline):
        return config
    from .estimator import Estimator

    if isinstance(config, (ScriptRunConfig, Estimator)):
        from .steps.script_run import script_run_step

        return Pipeline(workspace, script_run_step(config))
    raise UserErrorException(
        f"a {type(config).__name__} cannot be submitted", remedy="submit a Pipeline, a ScriptRunConfig or an Estimator"
    )
