"""PipelineRun: a submitted pipeline."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.status import STEP_ENDS, StepStatus
from ..operations.values import RunView
from ..override import override
from .exceptions import NotOffered, UserErrorException
from .remote_run import RemoteRun, run_over
from .reports import TAGS, Line
from .run import Run
from .status_words import CANCEL_REQUESTED, FAILED, PIPELINE_RUN

if TYPE_CHECKING:
    from .port_reference import PortDataReference
    from .run_graph import RunGraph
    from .step_run import StepRun
    from .workspace import Workspace


class SubmittedRun(RemoteRun):
    """A whole submitted run, be it of a pipeline or of a lone script."""

    @property
    @override
    def parent(self) -> Run | None:
        """The run it was submitted below, if any."""
        from .run_lookup import find_run

        submission = self.view.state.submission
        above = submission.parent if submission else ""
        return find_run(self.experiment.workspace, above) if above else None

    @override
    def report_lines(self, file: str) -> list[Line]:
        """The tags it was submitted with come first."""
        submission = self.view.state.submission
        given = submission.tags if submission and file == TAGS else {}
        first: list[Line] = [{"key": key, "value": value} for key, value in given.items()]
        return [*first, *super().report_lines(file)]

    @override
    def get_status(self) -> str:
        """v1's status word; CancelRequested from ``cancel()`` on until the run has ended."""
        from ..runs import records

        view = self.view
        word = self.status_in(view)
        asked = not run_over(view) and word != FAILED and records.canceled(self.session.store, self.id)
        return CANCEL_REQUESTED if asked else word

    def steps(self) -> list[StepRun]:
        """Its steps' runs, the newest first."""
        from .step_run import StepRun

        view = self.view
        order = {step.key: index for index, step in enumerate(view.plan.steps)}
        started = {key: step.started.isoformat() if step.started else "" for key, step in view.state.steps.items()}
        keys = sorted(order, key=lambda key: (started[key] == "", started[key], order[key]), reverse=True)
        return [StepRun(self.experiment, f"{self.id}.{key}") for key in keys]


class PipelineRun(SubmittedRun):
    """A submitted pipeline, read from its journal."""

    @staticmethod
    @override
    def get(workspace: Workspace, run_id: str) -> PipelineRun:
        """The pipeline run of this id. Raises UserErrorException."""
        from .run_lookup import find_run

        found = find_run(workspace, run_id)
        if not isinstance(found, PipelineRun):
            raise UserErrorException(
                f"{run_id} is no pipeline's run but a {type(found).__name__}", remedy="use Run.get"
            )
        return found

    @property
    @override
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.PipelineRun"

    @override
    def status_in(self, view: RunView) -> str:
        """Of the whole run; NotStarted until a step has left the queue."""
        if run_over(view) or any(_begun(step.status) for step in view.state.steps.values()):
            return PIPELINE_RUN[view.state.status]
        return "NotStarted"

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait for the end; the final status word. Raises as `RemoteRun.awaited` says."""
        view = self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.status_in(view)

    @override
    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        from .remote_run import failure_text
        from .run_details import RunTimes, document

        view = self.view
        failed = PIPELINE_RUN[view.state.status] == "Failed"
        times = RunTimes(view.state.created, view.state.ended)
        return document(self, "", times, error=failure_text(view) if failed else "")

    @override
    def get_properties(self) -> dict[str, str]:
        """v1's marks of a pipeline run, and what was added."""
        submission = self.view.state.submission
        parameters = (
            json.dumps({name: str(value) for name, value in submission.parameters.items()}) if submission else ""
        )
        marks = {
            "azureml.runsource": "azureml.PipelineRun",
            "runSource": "SDK",
            "runType": "SDK",
            "azureml.parameters": parameters,
        }
        if submission is not None and submission.origin:
            marks["runner.origin"] = submission.origin  # the run of which it was made again
        return {**marks, **super().get_properties()}

    def get_steps(self) -> Iterator[StepRun]:
        """Its steps' runs, the newest first."""
        return iter(self.steps())

    @override
    def direct_children(self) -> Iterator[Run]:
        """Its steps' runs, the newest first; before them the runs that were submitted below it."""
        yield from super().direct_children()
        yield from self.steps()

    def find_step_run(self, name: str) -> list[StepRun]:
        """The runs of the steps that show this name."""
        from .step_run import StepRun

        keys = [step.key for step in self.view.plan.steps if step.name == str(name)]
        return [StepRun(self.experiment, f"{self.id}.{key}") for key in keys]

    def get_graph(self) -> RunGraph:
        """The steps of the run and what flows between them."""
        from .run_graph import RunGraph

        return RunGraph(self.view.plan)

    def save(self, path: str | None = None) -> None:
        """Write the pipeline that ran as YAML to `path` (``<run id>.yaml``)."""
        from ..plan.codec import to_yaml
        from ..plan.pipeline_file import PipelineFile

        view = self.view
        said = view.state.submission
        tags = dict(said.tags) if said else {}
        text = to_yaml(PipelineFile(view.plan, said.experiment if said else "", tags))
        Path(path or f"{self.id}.yaml").write_text(text, encoding="utf-8")

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """The output declared with this ``pipeline_output_name``. Raises UserErrorException."""
        from .step_run import StepRun

        known: list[str] = []
        for step in self.view.plan.steps:
            for output in step.outputs:
                if output.shown_as == pipeline_output_name:
                    return StepRun(self.experiment, f"{self.id}.{step.key}").get_output_data(output.name)
                known.extend(filter(None, [output.shown_as]))
        raise UserErrorException(
            f"run {self.id} has no pipeline output '{pipeline_output_name}'",
            remedy=f"its pipeline outputs: {', '.join(known) or 'none'}",
        )

    def publish_pipeline(self, *_arguments: object, **_options: object) -> object:
        """Refuse: published pipelines come later."""
        raise NotOffered("publish_pipeline is not offered yet", remedy="keep the pipeline file and run it again")


def _begun(status: StepStatus) -> bool:
    return status is StepStatus.RUNNING or status in STEP_ENDS
