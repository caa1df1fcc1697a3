"""PipelineRun: a submitted pipeline, and how runs are found by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import BadInput
from ..model.status import STEP_ENDS, StepStatus
from ..operations.values import RunView
from ..override import override
from .exceptions import NotOffered
from .remote_run import RemoteRun, run_over
from .status_words import PIPELINE_RUN, in_details

if TYPE_CHECKING:
    from .port_reference import PortDataReference
    from .step_run import StepRun
    from .workspace import Workspace


class PipelineRun(RemoteRun):
    """A submitted pipeline, read from its journal."""

    @staticmethod
    @override
    def get(workspace: Workspace, run_id: str) -> PipelineRun:
        """The pipeline run of this id. Raises BadInput."""
        found = get_run(workspace, run_id)
        if not isinstance(found, PipelineRun):
            raise BadInput(f"{run_id} is a step's run", remedy=f"the pipeline run is {run_id.partition('.')[0]}")
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

    @override
    def ended_in(self, view: RunView) -> bool:
        """Whether the run has ended."""
        return run_over(view)

    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        state = self.view.state
        details: dict[str, object] = {
            "runId": self.id,
            "status": in_details(self.get_status()),
            "startTimeUtc": state.created.isoformat() if state.created else None,
            "endTimeUtc": state.ended.isoformat() if state.ended else None,
            "properties": self.get_properties(),
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {},
        }
        return details

    @override
    def get_tags(self) -> dict[str, str]:
        """What the run was submitted with."""
        submission = self.view.state.submission
        return dict(submission.tags) if submission else {}

    @override
    def get_properties(self) -> dict[str, str]:
        """v1's marks of a pipeline run."""
        return {"azureml.runsource": "SDK", "runType": "SDK"}

    def get_steps(self) -> Iterator[StepRun]:
        """Its steps' runs, the newest first."""
        from .step_run import StepRun

        view = self.view
        order = {step.key: index for index, step in enumerate(view.plan.steps)}
        started = {key: step.started.isoformat() if step.started else "" for key, step in view.state.steps.items()}
        keys = sorted(order, key=lambda key: (started[key] == "", started[key], order[key]), reverse=True)
        return iter([StepRun(self.experiment, f"{self.id}.{key}") for key in keys])

    def get_children(
        self,
        recursive: bool = False,
        tags: object = None,
        properties: object = None,
        type: object = None,
        status: str | None = None,
    ) -> Iterator[StepRun]:
        """Its steps' runs, the newest first."""
        return (run for run in self.get_steps() if status in (None, run.get_status()))

    def find_step_run(self, name: str) -> list[StepRun]:
        """The runs of the steps that show this name."""
        from .step_run import StepRun

        keys = [step.key for step in self.view.plan.steps if step.name == name]
        return [StepRun(self.experiment, f"{self.id}.{key}") for key in keys]

    @override
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """The run's own metrics, of which it has none; with `recursive`, its steps' by run id."""
        if not recursive:
            return {}
        steps = {run.id: run.get_metrics(name) for run in self.get_steps()}
        return {run: metrics for run, metrics in steps.items() if metrics}

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """The output declared with this ``pipeline_output_name``. Raises BadInput."""
        from .step_run import StepRun

        for step in self.view.plan.steps:
            for output in step.outputs:
                if output.shown_as == pipeline_output_name:
                    return StepRun(self.experiment, f"{self.id}.{step.key}").get_output_data(output.name)
        raise BadInput(f"run {self.id} has no pipeline output '{pipeline_output_name}'")

    def publish_pipeline(self, *_arguments: object, **_options: object) -> object:
        """Refuse: published pipelines come later."""
        raise NotOffered("publish_pipeline is not offered yet", remedy="keep the pipeline file and run it again")


def run_class(run_id: str) -> type[RemoteRun]:
    """The class for a run's id: step run ids have a dot."""
    if "." not in run_id:
        return PipelineRun
    from .step_run import StepRun

    return StepRun


def get_run(workspace: Workspace, run_id: str) -> RemoteRun:
    """The run of this id. Raises BadInput for an unknown one."""
    from .experiment import Experiment

    run, _dot, key = run_id.partition(".")
    view = workspace.session.view(run)
    if key and key not in view.state.steps:
        raise BadInput(f"run {run} has no step {key!r}", remedy=f"its steps: {', '.join(view.state.steps)}")
    submission = view.state.submission
    experiment = Experiment(workspace, submission.experiment if submission else "default")
    return run_class(run_id)(experiment, run_id)


def _begun(status: StepStatus) -> bool:
    return status is StepStatus.RUNNING or status in STEP_ENDS
