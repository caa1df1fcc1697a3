"""Submit a pipeline under an experiment, for ``Experiment.submit`` and ``Pipeline.submit``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Mapping

from ..published.submission import enter, parameters_of, request_of
from ..runs.lookup import HYPERDRIVE, SCRIPT

if TYPE_CHECKING:
    from ..hyperdrive.run import HyperDriveRun
    from ..runs.pipeline_run import PipelineRun
    from ..runs.script_run import ScriptRun
    from ..workspaces.experiment import Experiment
    from .pipeline import Pipeline

Options = Mapping[str, object]
"""v1's keywords: pipeline_parameters, continue_on_step_failure, regenerate_outputs, parent_run_id."""


def submit_pipeline(
    experiment: Experiment, pipeline: Pipeline, options: Options, tags: Mapping[str, object] | None = None
) -> PipelineRun:
    """Start a pipeline and return its run.

    Args:
        experiment: The experiment.
        pipeline: The pipeline.
        options: v1's keywords of a submit.
        tags: Tags of the run. None: none.

    Raises:
        BadInput: The plan or a parameter is wrong (PipelineInvalid), or the run cannot start. Nothing was started.

    """
    from ..runs.pipeline_run import PipelineRun

    run_id = _started(experiment, pipeline, options, tags)
    print(f"Submitted PipelineRun {run_id}")
    return PipelineRun(experiment, run_id)


def submit_script(
    experiment: Experiment, pipeline: Pipeline, options: Options, tags: Mapping[str, object] | None = None
) -> ScriptRun:
    """Start a pipeline of one script and return its run. As in v1, a lone script is never reused.

    Args:
        experiment, pipeline, options, tags: As for `submit_pipeline`.

    Raises:
        BadInput: As `submit_pipeline`.

    """
    from ..runs.script_run import ScriptRun

    return ScriptRun(experiment, _started(experiment, pipeline, {**options, "regenerate_outputs": True}, tags, SCRIPT))


def submit_search(
    experiment: Experiment, pipeline: Pipeline, options: Options, tags: Mapping[str, object] | None = None
) -> HyperDriveRun:
    """Start a pipeline of one search and return its run.

    Args:
        experiment, pipeline, options, tags: As for `submit_pipeline`.

    Raises:
        BadInput: As `submit_pipeline`.

    """
    from ..hyperdrive.run import HyperDriveRun

    return HyperDriveRun(experiment, _started(experiment, pipeline, options, tags, HYPERDRIVE))


def _started(
    experiment: Experiment, pipeline: Pipeline, options: Options, tags: Mapping[str, object] | None, kind: str = ""
) -> str:
    """Start the run and return its id. As in v1, a new run reactivates an archived experiment."""
    session = experiment.workspace.session
    plan, scalars = pipeline.bound(parameters_of(options))
    request = replace(request_of(experiment, options, tags, kind), parameters=scalars)
    run_id = session.submit(plan, request)
    enter(experiment, request, run_id)
    return run_id
