"""Experiment: a name under which runs are kept together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..override import override
from .exceptions import NotOffered, UserErrorException
from .pipeline import Pipeline
from .script_run_config import ScriptRunConfig

if TYPE_CHECKING:
    from .pipeline_run import PipelineRun
    from .run import Run
    from .workspace import Workspace

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{0,254}")


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

    def submit(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> PipelineRun:
        """Set a pipeline or a script going. Unknown keywords are ignored, as in v1.

        Raises PipelineInvalid, BadInput; then nothing was started.
        """
        from ..operations.values import Request
        from .pipeline_run import PipelineRun

        pipeline = _as_pipeline(self.workspace, config)
        given = kwargs.get("pipeline_parameters")
        request = Request(
            self.name,
            tags={str(key): str(value) for key, value in (tags or {}).items()},
            parent=str(kwargs.get("parent_run_id") or ""),
            continue_on_step_failure=bool(kwargs.get("continue_on_step_failure")),
            regenerate_outputs=bool(kwargs.get("regenerate_outputs")),
            workspace=self.workspace.facts,
        )
        run = PipelineRun(self, pipeline.started(request, given if isinstance(given, Mapping) else {}))
        print(f"Submitted PipelineRun {run.id}")
        return run

    def get_runs(
        self, type: object = None, tags: object = None, properties: object = None, include_children: bool = False
    ) -> Iterator[Run]:
        """Its runs, newest first."""
        from .pipeline_run import PipelineRun

        return (PipelineRun(self, run) for run in self.workspace.session.runs(self.name))

    def start_logging(self, *_arguments: object, **_options: object) -> Run:
        """Refuse: interactive runs come later."""
        raise NotOffered("Experiment.start_logging is not offered yet", remedy="log from a step")

    @staticmethod
    def list(workspace: Workspace) -> list[Experiment]:
        """Every experiment that has runs."""
        return [Experiment(workspace, name) for name in workspace.experiments]

    @override
    def __repr__(self) -> str:
        return f"Experiment({self.name!r})"


class Experiments(Mapping[str, Experiment]):
    """Experiments by name; any valid name is one."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @override
    def __getitem__(self, name: str) -> Experiment:
        return Experiment(self.workspace, name)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    @override
    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        session = self.workspace.session
        views = (session.view(run) for run in session.runs())
        return sorted({view.state.submission.experiment for view in views if view.state.submission})


def _as_pipeline(workspace: Workspace, config: object) -> Pipeline:
    if isinstance(config, Pipeline):
        return config
    if isinstance(config, ScriptRunConfig):
        from .steps.script_run import script_run_step

        return Pipeline(workspace, script_run_step(config))
    raise UserErrorException(
        f"a {type(config).__name__} cannot be submitted", remedy="submit a Pipeline or a ScriptRunConfig"
    )
