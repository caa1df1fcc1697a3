"""StepRun: one step of a submitted pipeline."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ObjectMissing
from ..model.names import run_time
from ..model.record import AttemptRecord
from ..model.state import StepState
from ..model.status import STEP_ENDS, StepStatus
from ..model.step import StepSpec
from ..model.task import TaskId
from ..operations.values import RunView
from ..override import override
from .exceptions import UserErrorException
from .pipeline_run import PipelineRun
from .port_reference import PortDataReference, StepRunOutput
from .remote_run import LOG, RemoteRun, run_over
from .reports import Line, parse
from .run import Run
from .status_words import STEP_RUN

if TYPE_CHECKING:
    from .environment import Environment


class StepRun(RemoteRun):
    """One step's run, read from the journal and from what its attempts left.

    A reused step shows the outputs, files, metrics and log of the run that it reuses.
    """

    @property
    def key(self) -> str:
        """The step's key in the plan."""
        return self.id.partition(".")[2]

    @property
    def spec(self) -> StepSpec:
        """The step as planned."""
        return self.view.plan.step(self.key)

    @property
    def state(self) -> StepState:
        """The step as journaled."""
        return self.view.state.steps[self.key]

    @property
    @override
    def name(self) -> str:
        """The step's name."""
        return self.spec.name

    @property
    @override
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.StepRun"

    @property
    @override
    def list_id(self) -> str:
        """Of a reused step: the original's, whose script made the children."""
        return self.state.origin or self.id

    @property
    @override
    def parent(self) -> Run:
        """The pipeline run."""
        found = Run(self.experiment, self.pipeline_run_id)
        assert isinstance(found, RemoteRun)
        return found

    @property
    def pipeline_run(self) -> PipelineRun:
        """The pipeline run."""
        return PipelineRun(self.experiment, self.pipeline_run_id)

    @override
    def status_in(self, view: RunView) -> str:
        """Of this step."""
        return STEP_RUN[view.state.steps[self.key].status]

    @override
    def ended_in(self, view: RunView) -> bool:
        """Whether the step has ended."""
        return run_over(view) or view.state.steps[self.key].status in STEP_ENDS

    @override
    def logged_step(self) -> str:
        """Itself."""
        return self.key

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait for the end of the step; its status word. Raises as `RemoteRun.awaited` says."""
        view = self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.status_in(view)

    @override
    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        from .run_details import RunTimes, document, input_datasets, output_datasets, run_definition

        state, spec = self.state, self.spec
        return document(
            self,
            spec.compute,
            RunTimes(state.started, state.ended),
            error="\n".join(filter(None, (state.reason, state.remedy, state.tail))) if state.failure else "",
            inputDatasets=input_datasets(self),
            outputDatasets=output_datasets(self),
            runDefinition=run_definition(self.view, spec),
            logFiles={LOG: ""},
        )

    @override
    def get_details_with_logs(self) -> dict[str, object]:
        """The document with the output in it."""
        return {**self.get_details(), "logFiles": {LOG: self.get_job_log()}}

    @override
    def get_detailed_status(self) -> dict[str, object]:
        """The status, and what a step that has not begun waits for."""
        state = self.state
        return {"status": STEP_RUN[state.status], "details": state.reason or None}

    @override
    def get_environment(self) -> Environment:
        """The environment it ran in, as the pipeline declared it. Raises UserErrorException."""
        from .run_details import environment_of

        found = environment_of(self.view, self.spec)
        if found is None:
            raise UserErrorException(f"run {self.id} has no environment of its own")
        return found

    @override
    def get_snapshot_id(self) -> str:
        """The snapshot of its folder."""
        return self.spec.snapshot

    @override
    def report_lines(self, file: str) -> list[Line]:
        """What the step's script reported, and what was said from outside."""
        return [*self._reported(file), *super().report_lines(file)]

    @override
    def get_properties(self) -> dict[str, str]:
        """v1's marks of a step's run, and what was set."""
        marks = {
            "azureml.runsource": "azureml.StepRun",
            "azureml.nodeid": self.key,
            "azureml.pipelinerunid": self.pipeline_run_id,
            "ContentSnapshotId": self.get_snapshot_id(),
        }
        return {**marks, **super().get_properties(), **self.reuse_marks()}

    def reuse_marks(self) -> dict[str, str]:
        """v1's marks of a reused step."""
        origin = self.state.origin
        if not origin:
            return {}
        run, _dot, key = origin.partition(".")
        return {
            "azureml.isreused": "true",
            "azureml.reusedrunid": origin,
            "azureml.reusednodeid": key,
            "azureml.reusedpipeline": run,
            "azureml.reusedpipelinerunid": run,
        }

    def get_outputs(self) -> dict[str, StepRunOutput]:
        """Its outputs by name."""
        return {output.name: StepRunOutput(self, output.name) for output in self.spec.outputs}

    def get_output(self, name: str) -> StepRunOutput:
        """One output. Raises UserErrorException."""
        outputs = self.get_outputs()
        if name in outputs:
            return outputs[name]
        raise UserErrorException(
            f"step '{self.name}' has no output '{name}'", remedy=f"its outputs: {', '.join(outputs)}"
        )

    def get_output_data(self, name: str) -> PortDataReference:
        """Where an output lies. Raises UserErrorException for an unknown one, or one that is not there yet."""
        return self.get_output(name).get_port_data_reference()

    def get_job_log(self) -> str:
        """All its output so far."""
        task = self._task
        if task.run == self.pipeline_run_id:
            return self.session.logs(self.pipeline_run_id, self.key)
        from ..operations.watch import log_text

        return log_text(self.session.store, task)

    def get_stdout_log(self) -> str:
        """All its output so far: both streams are one log."""
        return self.get_job_log()

    def get_stderr_log(self) -> str:
        """All its output so far: both streams are one log."""
        return self.get_job_log()

    @override
    def get_file_names(self) -> list[str]:
        """The files it left under ``outputs/`` and ``logs/`` or uploaded, those given from outside, and its log."""
        return [*super().get_file_names(), *self.names_below(self._task.artifacts), LOG]

    @override
    def fetch_file(self, name: str, target: Path) -> None:
        """One of them. Raises ObjectMissing."""
        if name == LOG:
            target.write_text(self.get_job_log(), encoding="utf-8")
        elif name in super().get_file_names():
            super().fetch_file(name, target)
        else:
            self.download_object(self._task.artifacts + name, target)

    def attempt_record(self) -> AttemptRecord | None:
        """What the attempt in force left: its phases, its Python, its files."""
        from ..runs.records import record_of

        return record_of(self.session.store, self._task)

    @property
    def created(self) -> str:
        """When the run was submitted, as text."""
        return run_time(self.pipeline_run_id).isoformat()

    @property
    def _task(self) -> TaskId:
        """The attempt whose files and reports count: of a reused step, the original's."""
        state = self.state
        if state.status is not StepStatus.REUSED:
            return TaskId(self.pipeline_run_id, self.key, state.attempt or 1)
        from ..runs.records import committed

        run, _dot, key = state.origin.partition(".")
        origin = TaskId(run, key)
        commit = committed(self.session.store, origin)
        return TaskId(run, key, commit.attempt) if commit else origin

    def _reported(self, file: str) -> Sequence[Line]:
        try:
            return tuple(parse(self.session.store.get(self._task.reports + file)))
        except ObjectMissing:
            return ()
