"""Running a pipeline file so that its first submission is published in its place."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import BadInput, StoreError, TargetError
from ..model.plan import Plan
from ..model.published import ParameterValues, PublishedRecord
from ..operations.local_wheels import SealedPlan
from ..operations.published.binding import with_defaults
from ..operations.published.pipelines import PublishOptions
from ..operations.values import Request
from ..override import override
from ..sdk.base.session import Captured, use
from ..wiring import OpenWorkspace, cache_folder, open_session
from .capture import FileFailed
from .documents import only_documents
from .driver import check_file, complain, execute, not_python, restart_under_private_name
from .driving import submit_unsubmitted, unusable
from .yamlfile import is_yaml, load, refuse_yaml_options


@dataclass(kw_only=True)
class PublishingWorkspace(OpenWorkspace):
    """An open workspace that publishes what is submitted to it first, and ends the driver then.

    Everything else that a driver does has its effect: a run of the pipeline may need what it uploads or registers.
    """

    options: Namespace
    record: PublishedRecord | None = None
    """The published pipeline, once there is one."""
    failure: Exception | None = field(default=None)
    """The reason why nothing could be published."""

    @override
    def submit(self, plan: Plan, request: Request) -> str:
        """Publish the plan with the values of the submission as its defaults, and raise `Captured`."""
        going_on = request.continue_on_step_failure
        made = with_defaults(plan, ParameterValues(scalars=request.parameters))
        options = PublishOptions(name=request.experiment, settled=request.settled)
        self.publish(made, replace(options, continue_on_step_failure=going_on))
        raise Captured(plan, request)

    @override
    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        """Publish the plan under the names of the command line, and raise `Captured`."""
        given = self.options
        wanted = replace(
            options,
            name=given.name or options.name,
            version=given.version or options.version,
            description=given.description or options.description or plan.description,
            continue_on_step_failure=given.continue_on_failure or options.continue_on_step_failure,
        )
        try:
            self.record = super().publish(plan, wanted)
        except Exception as error:
            self.failure = error
            raise
        raise Captured(plan, Request(experiment=wanted.name))

    @override
    def submit_sealed(self, made: SealedPlan, request: Request, *, run: str = "") -> str:
        """Refuse: what it submits is published already."""
        _ = made, run
        raise BadInput(
            f"this file submits a published pipeline to experiment '{request.experiment}': there is nothing to publish",
            remedy="name a file that makes a pipeline; or run this one: runner run FILE",
        )


def publish_file(options: Namespace) -> tuple[OpenWorkspace, PublishedRecord]:
    """Run a pipeline file and publish its pipeline.

    Args:
        options: The command line of ``runner publish``.

    Raises:
        BadInput: The file publishes nothing, or its pipeline cannot run.
        FileFailed: It raised something else, whose traceback has been shown.

    """
    path = check_file(options.file)
    if not is_yaml(path):
        refuse_yaml_options(path, options)
        restart_under_private_name(path, options.argv, cache_folder())
    opened = open_session(Path.cwd(), options.target)
    session = PublishingWorkspace(config=opened.config, override=opened.override, options=options)
    try:
        with only_documents(wanted=True):
            if is_yaml(path):
                session.submit(*load(session, path, options))
            else:
                use(session)
                submit_unsubmitted(session, path, execute(path, options.arguments))
    except (Captured, SystemExit):
        pass
    except Exception as error:  # noqa: BLE001 - the user's file may raise anything
        _explain(session, session.failure or error)
    if session.failure is not None:
        _explain(session, session.failure)
    if session.record is None:
        raise BadInput(
            f"{path} submits nothing, and has no pipeline named `pipeline`",
            remedy="publish one that submits: Experiment(workspace, 'name').submit(pipeline)",
        )
    return session, session.record


def _explain(session: PublishingWorkspace, error: Exception) -> None:
    """Raise the error in the form in which the command line shows it; nothing if there is a record."""
    if session.record is not None:
        return
    if isinstance(error, (StoreError, TargetError)):
        raise unusable(session, error) from error
    if isinstance(error, BadInput):
        raise error
    if isinstance(error, SyntaxError):  # in a module that the file imports
        raise BadInput([not_python(error)]) from error
    complain(error)
    raise FileFailed from error
