"""The experiment and the workspace of a run, the pipeline that is published from it, and runs that are searches.

v1's own circle: an experiment submits runs, and ``run.experiment`` leads back to it. These functions are the only
imports of `runs` that point upwards (pyproject.toml names them).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..published.published_pipeline import PublishedPipeline
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace
    from .pipeline_run import PipelineRun
    from .run import Run
    from .step_run import StepRun


def experiment_of(workspace: Workspace, name: str) -> Experiment:
    """Return the experiment of a run.

    Args:
        workspace: The workspace.
        name: The experiment's name.

    Raises:
        UserErrorException: No experiment can have the name.

    """
    from ..workspaces.experiment import Experiment

    return Experiment(workspace, name)


def workspace_of_this_step() -> Workspace:
    """Return the workspace that the step's environment variables name. Raises UserErrorException."""
    from ..workspaces.workspace import Workspace

    names = ("SUBSCRIPTION", "RESOURCEGROUP", "WORKSPACE_NAME")
    subscription, group, name = (os.environ.get(f"AZUREML_ARM_{part}", "") for part in names)
    return Workspace(subscription, group, name)


def search_class() -> type[Run]:
    """Return the class of a run that is a search."""
    from ..hyperdrive.run import HyperDriveRun

    return HyperDriveRun


def trial_class() -> type[StepRun]:
    """Return the class of a step's run that is a trial of a search."""
    from ..hyperdrive.trial_run import TrialRun

    return TrialRun


def trials_below(step: StepRun) -> Sequence[Run]:
    """Return the trials of a search that have got their values, newest first.

    Args:
        step: The run of the search step.

    """
    from ..hyperdrive.run import trial_runs

    return trial_runs(step)


def publish_run(
    run: PipelineRun,
    name: str | None,
    description: str | None,
    version: str | None,
    continue_on_step_failure: bool | None,
) -> PublishedPipeline:
    """Publish the pipeline of a run, and return it.

    Args:
        run: The run.
        name, description, version, continue_on_step_failure: See `PipelineRun.publish_pipeline`.

    Raises:
        UserErrorException: It cannot be published.

    """
    from ..published import publishing

    return publishing.publish_run(run, name, description, version, continue_on_step_failure)
