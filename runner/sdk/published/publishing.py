"""Publish a plan, for ``Pipeline.publish``, ``PipelineRun.publish_pipeline`` and ``PipelineDraft.publish``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...operations.published.pipelines import PublishOptions
from .draft_plans import plan_of_run
from .published_pipeline import PublishedPipeline
from .user_errors import user_errors

if TYPE_CHECKING:
    from ...model.plan import Plan
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.workspace import Workspace

UNNAMED = "pipeline"
"""The name of what is published without one."""


def options_of(
    name: str | None, description: str | None, version: object, *, continue_on_step_failure: bool | None
) -> PublishOptions:
    """Return v1's arguments as options.

    Args:
        name: The name. None: ``pipeline``.
        description: Text for people. None: empty.
        version: The version, as text or number. None: none.
        continue_on_step_failure: The default of submissions. None: False.

    """
    return PublishOptions(
        name=str(name or UNNAMED),
        description=str(description or ""),
        version="" if version is None else str(version),
        continue_on_step_failure=bool(continue_on_step_failure),
    )


def publish(workspace: Workspace, plan: Plan, options: PublishOptions) -> PublishedPipeline:
    """Publish a plan, and return the published pipeline.

    Args:
        workspace: The workspace.
        plan: The plan, as a draft or locked.
        options: Name, version and others.

    Raises:
        UserErrorException: It cannot be published; the exception has every problem. Nothing was published.

    """
    with user_errors():
        return PublishedPipeline(workspace, workspace.session.publish(plan, options))


def publish_run(
    run: PipelineRun,
    name: str | None,
    description: str | None,
    version: str | None,
    continue_on_step_failure: bool | None,
) -> PublishedPipeline:
    """Publish the pipeline of a run, and return it. The values of its parameters become the defaults.

    What was run is what is published: its environments keep their packages, whatever was upgraded since.

    Args:
        run: The run.
        name, description, version: See `options_of`.
        continue_on_step_failure: The default of submissions. None: as in the run.

    Raises:
        UserErrorException: As `publish`.

    """
    submission = run.view.state.submission
    if continue_on_step_failure is None and submission is not None:
        continue_on_step_failure = submission.continue_on_step_failure
    options = options_of(name, description, version, continue_on_step_failure=continue_on_step_failure)
    return publish(run.experiment.workspace, plan_of_run(run), replace(options, origin=run.id, settled=True))
