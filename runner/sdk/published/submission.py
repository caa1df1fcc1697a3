"""Submit a published pipeline under an experiment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from ...model.names import run_time
from ...operations.values import Request
from ..base.exceptions import UserErrorException
from ..base.plain_values import texts
from ..datasets.parameter_values import sorted_values
from ..runs.logged_store import enter_child
from .user_errors import user_errors

if TYPE_CHECKING:
    from ...model.published import PublishedRecord
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.experiment import Experiment

Options = Mapping[str, object]
"""v1's keywords: pipeline_parameters, continue_on_step_failure, regenerate_outputs, parent_run_id."""


def submit_record(
    experiment: Experiment, record: PublishedRecord, options: Options, tags: Mapping[str, object] | None = None
) -> PipelineRun:
    """Start a published pipeline and return its run.

    Args:
        experiment: The experiment.
        record: The published pipeline.
        options: v1's keywords of a submit; None stands for the default of each.
        tags: Tags of the run. None: none.

    Raises:
        UserErrorException: The pipeline is not active. Nothing was started.
        PipelineInvalid: A parameter is unknown, or a value does not fit. Nothing was started.

    """
    session = experiment.workspace.session
    request, going_on = request_of(experiment, options, tags), options.get("continue_on_step_failure")
    with user_errors():
        values = sorted_values(parameters_of(options))
        run_id = session.submit_published(
            record, values, request, continue_on_step_failure=None if going_on is None else bool(going_on)
        )
    return entered(experiment, request, run_id)


def request_of(experiment: Experiment, options: Options, tags: Mapping[str, object] | None, kind: str = "") -> Request:
    """Return the options of a submission without its parameters.

    Args:
        experiment: The experiment.
        options: v1's keywords of a submit.
        tags: Tags of the run. None: none.
        kind: See `Submission.kind`. Default: empty.

    """
    return Request(
        experiment=experiment.name,
        tags=texts(tags),
        parent=str(options.get("parent_run_id") or ""),
        kind=kind,
        continue_on_step_failure=bool(options.get("continue_on_step_failure")),
        regenerate_outputs=bool(options.get("regenerate_outputs")),
        workspace=experiment.workspace.facts,
    )


def enter(experiment: Experiment, request: Request, run_id: str) -> None:
    """Enter a run that was started with its parent. As in v1, a new run reactivates an archived experiment.

    Args:
        experiment: The experiment.
        request: The options of the submission.
        run_id: The run's id.

    """
    if request.parent:
        enter_child(experiment.workspace.session.store, request.parent, run_id, run_time(run_id))
    if experiment.archived_time is not None:
        experiment.reactivate()


def entered(experiment: Experiment, request: Request, run_id: str) -> PipelineRun:
    """Enter a run that was started, print it as v1 does, and return it.

    Args:
        experiment: The experiment.
        request: The options of the submission.
        run_id: The run's id.

    """
    from ..runs.pipeline_run import PipelineRun

    enter(experiment, request, run_id)
    print(f"Submitted PipelineRun {run_id}")
    return PipelineRun(experiment, run_id)


def parameters_of(options: Options) -> Mapping[str, object]:
    """Return the values of parameters among v1's keywords of a submit.

    Args:
        options: The keywords.

    Raises:
        UserErrorException: They are no dict.

    """
    given = options.get("pipeline_parameters")
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise UserErrorException(
            f"pipeline_parameters is a dict of values by name, not a {type(given).__name__}",
            remedy='pass pipeline_parameters={"name": value}',
        )
    return {str(name): value for name, value in given.items()}
