"""StepRun: one step of a submitted pipeline."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import ObjectMissing
from ...model.names import run_time
from ...model.state import StepState
from ...model.status import STEP_ENDS, StepStatus
from ...model.step import StepSpec
from ...model.task import TaskId
from ...operations.values import RunView
from ...override import override
from ..base.exceptions import UserErrorException
from ..outputs.port_reference import PortDataReference, StepRunOutput
from .owners import trials_below
from .pipeline_run import PipelineRun
from .remote_run import LOG, RemoteRun, run_over
from .reports import Line, parse
from .run import Run
from .run_files import StoredFiles
from .run_records import JoinedReports, RunReports
from .v1_status import STEP_RUN

if TYPE_CHECKING:
    from ..environments.environment import Environment

_LOGS = "user_logs/"
_LOG_OF_WORKER = "user_logs/std_log_process_{:02d}.txt"
"""v1's name of the log of one process of a distributed run."""


class StepRun(RemoteRun):
    """The run of one step, read from the journal and from the records of its attempts.

    A reused step shows the outputs, files, metrics and log of the run that it reuses.

    Example:
        >>> step = run.find_step_run("train")[0]
        >>> print(step.get_status(), step.get_metrics())
        >>> step.get_output_data("model").download("here")

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
        """v1's type of the run."""
        return "azureml.StepRun"

    @property
    @override
    def list_id(self) -> str:
        """The id under which its children are listed; of a reused step, that of the original."""
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
    def direct_children(self) -> Iterator[Run]:
        """Yield the runs that the script made, newest first; before them, the trials of a search."""
        if self.spec.search is not None:
            yield from trials_below(self)
        yield from super().direct_children()

    @override
    def status_in(self, view: RunView) -> str:
        """Return v1's status of the step.

        Args:
            view: The whole run.

        """
        return STEP_RUN[view.state.steps[self.key].status]

    @override
    def ended_in(self, view: RunView) -> bool:
        """Return True if the step has ended.

        Args:
            view: The whole run.

        """
        return run_over(view) or view.state.steps[self.key].status in STEP_ENDS

    @override
    def logged_step(self) -> str:
        """Return the step's own key."""
        return self.key

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait until the step has ended.

        Args:
            show_output: True: print status changes and the log. Default: True.
            timeout_seconds: The longest wait. Default: no limit.
            raise_on_error: True: a failed step is an error. Default: True.

        Returns:
            The status.

        Raises:
            ActivityFailedException: The step has failed.
            ExperimentExecutionException: Ctrl-C was pressed. The run goes on.

        """
        view = self.awaited(show_output=show_output, seconds=timeout_seconds, raise_on_error=raise_on_error)
        return self.status_in(view)

    @override
    def get_details(self) -> dict[str, object]:
        """Return v1's document of the run."""
        from .details import RunTimes, document, input_datasets, output_datasets, run_definition

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
        """Return v1's document of the run, with the output in it."""
        return {**self.get_details(), "logFiles": {LOG: self.get_job_log()}}

    @override
    def get_detailed_status(self) -> dict[str, object]:
        """Return the status, and the reason why a step has not begun."""
        state = self.state
        return {"status": STEP_RUN[state.status], "details": state.reason or None}

    @override
    def get_environment(self) -> Environment:
        """Return the environment, as the pipeline declared it.

        Raises:
            UserErrorException: The step has none of its own.

        """
        from .details import environment_of

        found = environment_of(self.view, self.spec)
        if found is None:
            raise UserErrorException(f"run {self.id} has no environment of its own")
        return found

    @override
    def get_snapshot_id(self) -> str:
        """Return the id of the snapshot of its folder."""
        return self.spec.snapshot

    @cached_property
    @override
    def reports(self) -> RunReports:
        """The reports of the step's script, and those added from outside."""
        return JoinedReports(self._reported, self.annotations)

    @override
    def get_properties(self) -> dict[str, str]:
        """Return v1's properties of a step's run, and those that were added."""
        marks = {
            "azureml.runsource": "azureml.StepRun",
            "azureml.nodeid": self.key,
            "azureml.pipelinerunid": self.pipeline_run_id,
            "ContentSnapshotId": self.get_snapshot_id(),
        }
        kind = {"StepType": "HyperDriveStep"} if self.spec.search is not None else {}
        return {**marks, **kind, **super().get_properties(), **self.reuse_marks()}

    def reuse_marks(self) -> dict[str, str]:
        """Return v1's properties of a reused step; of another step, none."""
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
        """Return the outputs by name."""
        return {output.name: StepRunOutput(self, output.name) for output in self.spec.outputs}

    def get_output(self, name: str) -> StepRunOutput:
        """Return an output.

        Args:
            name: The output's name.

        Raises:
            UserErrorException: The step has no such output.

        """
        outputs = self.get_outputs()
        if name in outputs:
            return outputs[name]
        raise UserErrorException(
            f"step '{self.name}' has no output '{name}'", remedy=f"its outputs: {', '.join(outputs)}"
        )

    def get_output_data(self, name: str) -> PortDataReference:
        """Return the place of an output.

        Args:
            name: The output's name.

        Raises:
            UserErrorException: The step has no such output, or has not delivered it yet.

        """
        return self.get_output(name).get_port_data_reference()

    def get_job_log(self) -> str:
        """Return the whole output so far."""
        task = self._task
        if task.run == self.pipeline_run_id:
            return self.session.logs(self.pipeline_run_id, self.key)
        from ...operations.watch import log_text

        return log_text(self.session.store, task)

    def get_stdout_log(self) -> str:
        """Return the whole output so far: both streams are one log."""
        return self.get_job_log()

    def get_stderr_log(self) -> str:
        """Return the whole output so far: both streams are one log."""
        return self.get_job_log()

    @cached_property
    @override
    def file_store(self) -> StepFiles:
        """The files below ``outputs/`` and ``logs/``, those that were uploaded, and the log."""
        return StepFiles(self.uploaded, self.artifacts, self._logs)

    def _logs(self) -> dict[str, Callable[[], str]]:
        """Return a reader of each log by its name: that of worker 0, and in v1's names those of the others."""
        from ...operations.watch import log_text
        from ...operations.workers import logged_workers

        found: dict[str, Callable[[], str]] = {LOG: self.get_job_log}
        if self.spec.workers is not None:
            task, store = self._task, self.session.store
            for index in logged_workers(store, task):
                found[_LOG_OF_WORKER.format(index)] = partial(log_text, store, task, index)
        return found

    def artifacts(self) -> StoredFiles:
        """Return the files that the counting attempt has left; there are more while it runs."""
        return StoredFiles(self.session.store, self._task.artifacts)

    @property
    def created(self) -> str:
        """The time at which the run was submitted, as text."""
        return run_time(self.pipeline_run_id).isoformat()

    @property
    def _task(self) -> TaskId:
        """The attempt whose files and reports count; of a reused step, the original's."""
        state = self.state
        if state.status is not StepStatus.REUSED:
            return TaskId(self.pipeline_run_id, self.key, state.attempt or 1)
        from ...runs.records import committed

        run, _dot, key = state.origin.partition(".")
        origin = TaskId(run, key)
        commit = committed(self.session.store, origin)
        return TaskId(run, key, commit.attempt) if commit else origin

    def _reported(self, file: str) -> Sequence[Line]:
        try:
            return tuple(parse(self.session.store.get(self._task.reports + file)))
        except ObjectMissing:
            return ()


class StepFiles:
    """The files of a step's run: uploaded from outside, left by its attempt, and its log.

    Args:
        uploaded: The files that were uploaded from outside.
        left: A function that returns the files of the counting attempt.
        logs: A function that returns the logs: a reader of each by its name.

    """

    def __init__(
        self,
        uploaded: StoredFiles,
        left: Callable[[], StoredFiles],
        logs: Callable[[], Mapping[str, Callable[[], str]]],
    ) -> None:
        self._uploaded = uploaded
        self._left = left
        """Called anew each time: another attempt may be in force by then."""
        self._logs = logs

    def names(self) -> list[str]:
        """Return the names of all files; the logs come last."""
        return [*self._uploaded.names(), *self._left().names(), *self._logs()]

    def keep(self, name: str, source: Path) -> None:
        """Upload a file now.

        Args:
            name: The name among the run's files.
            source: The local file.

        """
        self._uploaded.keep(name, source)

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file.

        Args:
            name: The name among the run's files.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """
        if name.startswith(_LOGS) and (read := self._logs().get(name)):
            target.write_text(read(), encoding="utf-8")
        elif name in self._uploaded.names():
            self._uploaded.fetch(name, target)
        else:
            self._left().fetch(name, target)
