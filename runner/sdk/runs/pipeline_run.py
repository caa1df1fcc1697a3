"""PipelineRun: a submitted pipeline."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.status import STEP_ENDS, StepStatus
from ...operations.values import RunView
from ...override import override
from ...runs import tags as run_tags
from ..base.exceptions import UserErrorException
from .remote_run import RemoteRun, run_over
from .reports import TAGS, Line
from .run import Run
from .run_records import JoinedReports, NoticedTags, RunReports
from .v1_status import CANCEL_REQUESTED, FAILED, PIPELINE_RUN

if TYPE_CHECKING:
    from ..outputs.port_reference import PortDataReference
    from ..published.published_pipeline import PublishedPipeline
    from ..workspaces.workspace import Workspace
    from .pipeline_graph import RunGraph
    from .step_run import StepRun


class SubmittedRun(RemoteRun):
    """A whole submitted run, of a pipeline or of a script."""

    @property
    @override
    def parent(self) -> Run | None:
        """The run that it was submitted as a child of, or None."""
        from .lookup import find_run

        submission = self.view.state.submission
        above = submission.parent if submission else ""
        return find_run(self.experiment.workspace, above) if above else None

    @cached_property
    @override
    def reports(self) -> RunReports:
        """The tags that it was submitted with, and reports added from outside."""
        noticed = NoticedTags(self.annotations, lambda: run_tags.mark(self.session.store, self.id))
        return JoinedReports(self.submitted_lines, noticed)

    def submitted_lines(self, file: str) -> list[Line]:
        """Return the lines of the tags that it was submitted with.

        Args:
            file: The report file; others than that of tags have none.

        """
        submission = self.view.state.submission
        given = submission.tags if submission and file == TAGS else {}
        return [{"key": key, "value": value} for key, value in given.items()]

    @override
    def get_status(self) -> str:
        """Return v1's status; CancelRequested from ``cancel()`` until the run has ended."""
        from ...runs import records

        view = self.view
        word = self.status_in(view)
        asked = not run_over(view) and word != FAILED and records.canceled(self.session.store, self.id)
        return CANCEL_REQUESTED if asked else word

    def steps(self) -> list[StepRun]:
        """Return the runs of its steps, newest first. The trials of a search are below its step."""
        from .step_run import StepRun

        view = self.view
        order = {step.key: index for index, step in enumerate(view.plan.steps) if not step.trial_of}
        started = {key: step.started.isoformat() if step.started else "" for key, step in view.state.steps.items()}
        keys = sorted(order, key=lambda key: (started[key] == "", started[key], order[key]), reverse=True)
        return [StepRun(self.experiment, f"{self.id}.{key}") for key in keys]


class PipelineRun(SubmittedRun):
    """A submitted pipeline, read from its journal.

    Example:
        >>> run = PipelineRun.get(ws, run_id)
        >>> run.wait_for_completion(show_output=True)
        >>> run.get_pipeline_output("model").download("here")

    """

    @staticmethod
    @override
    def get(workspace: Workspace, run_id: str) -> PipelineRun:
        """Return a pipeline's run by its id.

        Args:
            workspace: The workspace.
            run_id: The run's id.

        Raises:
            UserErrorException: There is no such run, or it is of another kind.

        """
        from .lookup import find_run

        found = find_run(workspace, run_id)
        if not isinstance(found, PipelineRun):
            raise UserErrorException(
                f"{run_id} is no pipeline's run but a {type(found).__name__}", remedy="use Run.get"
            )
        return found

    @property
    @override
    def type(self) -> str:
        """v1's type of the run."""
        return "azureml.PipelineRun"

    @override
    def status_in(self, view: RunView) -> str:
        """Return v1's status of the whole run; NotStarted until a step has left the queue.

        Args:
            view: The whole run.

        """
        if run_over(view) or any(_begun(step.status) for step in view.state.steps.values()):
            return PIPELINE_RUN[view.state.status]
        return "NotStarted"

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait until the run has ended.

        Args:
            show_output: True: print status changes. Default: True.
            timeout_seconds: The longest wait. Default: no limit.
            raise_on_error: True: a failed run is an error. Default: True.

        Returns:
            The status: ``"Finished"``, ``"Failed"`` or ``"Canceled"``; another one after a timeout.

        Raises:
            ActivityFailedException: The run has failed; the message has the last lines of the failed steps' output.
            ExperimentExecutionException: Ctrl-C was pressed. The run goes on.

        """
        view = self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.status_in(view)

    @override
    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run."""
        from .details import RunTimes, document
        from .remote_run import failure_text

        view = self.view
        failed = PIPELINE_RUN[view.state.status] == "Failed"
        times = RunTimes(view.state.created, view.state.ended)
        return document(self, "", times, error=failure_text(view) if failed else "")

    @override
    def get_properties(self) -> dict[str, str]:
        """Return v1's properties of a pipeline's run, and those that were added."""
        submission = self.view.state.submission
        parameters = (
            json.dumps({name: str(value) for name, value in submission.parameters.items()}) if submission else ""
        )
        source = (submission.source if submission else "") or "SDK"
        marks = {
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": source,
            "runType": source,
            "azureml.parameters": parameters,
        }
        if submission is not None and submission.published:
            marks["azureml.pipelineid"] = submission.published
        if submission is not None and submission.schedule:
            marks["runner.schedule"] = submission.schedule
        if submission is not None and submission.origin:
            marks["runner.origin"] = submission.origin  # the run of which it was made again
        return {**marks, **super().get_properties()}

    def get_steps(self) -> Iterator[StepRun]:
        """Return the runs of the steps, newest first."""
        return iter(self.steps())

    @override
    def direct_children(self) -> Iterator[Run]:
        """Yield the runs that were submitted as children, then the runs of the steps, each newest first."""
        yield from super().direct_children()
        yield from self.steps()

    def find_step_run(self, name: str) -> list[StepRun]:
        """Return the runs of the steps of a name.

        Args:
            name: The step's name.

        """
        from .step_run import StepRun

        keys = [step.key for step in self.view.plan.steps if step.name == str(name)]
        return [StepRun(self.experiment, f"{self.id}.{key}") for key in keys]

    def get_graph(self) -> RunGraph:
        """Return the steps of the run and their dependencies."""
        from .pipeline_graph import RunGraph

        return RunGraph(self.view.plan)

    def save(self, path: str | None = None) -> None:
        """Write the pipeline of the run as YAML.

        Args:
            path: The file. None: ``<run id>.yaml``.

        """
        from ...plan.codec import to_yaml
        from ...plan.pipeline_file import PipelineFile

        view = self.view
        submission = view.state.submission
        tags = dict(submission.tags) if submission else {}
        text = to_yaml(PipelineFile(plan=view.plan, experiment=submission.experiment if submission else "", tags=tags))
        Path(path or f"{self.id}.yaml").write_text(text, encoding="utf-8")

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """Return the place of an output of the pipeline.

        Args:
            pipeline_output_name: The ``pipeline_output_name`` that PipelineData declared.

        Raises:
            UserErrorException: The pipeline has no such output, or it is not delivered yet.

        """
        from .step_run import StepRun

        known: list[str] = []
        for step in self.view.plan.steps:
            for output in step.outputs:
                if output.pipeline_output_name == pipeline_output_name:
                    return StepRun(self.experiment, f"{self.id}.{step.key}").get_output_data(output.name)
                known.extend(filter(None, [output.pipeline_output_name]))
        raise UserErrorException(
            f"run {self.id} has no pipeline output '{pipeline_output_name}'",
            remedy=f"its pipeline outputs: {', '.join(known) or 'none'}",
        )

    def publish_pipeline(
        self,
        name: str | None = None,
        description: str | None = None,
        version: str | None = None,
        continue_on_step_failure: bool | None = None,
        **_options: object,
    ) -> PublishedPipeline:
        """Publish the pipeline of the run. The values that its parameters had become the defaults.

        Args:
            name: The name. None: ``pipeline``.
            description: Text for people. None: empty.
            version: The version. None: none.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run. None: as
                in this run.

        Returns:
            The published pipeline.

        Raises:
            UserErrorException: The pipeline cannot run here, or a name is wrong. Nothing was published.

        """
        from .owners import publish_run

        return publish_run(self, name, description, version, continue_on_step_failure)


def _begun(status: StepStatus) -> bool:
    return status is StepStatus.RUNNING or status in STEP_ENDS
