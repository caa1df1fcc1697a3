"""StepRun: one step of a submitted pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import BadInput, ObjectMissing
from ..model.names import run_time
from ..model.record import AttemptRecord
from ..model.state import StepState
from ..model.status import STEP_ENDS, StepStatus
from ..model.step import StepSpec
from ..model.task import TaskId
from ..operations.values import RunView
from ..override import override
from .pipeline_run import PipelineRun
from .port_reference import PortDataReference, StepRunOutput
from .remote_run import RemoteRun, run_over
from .reports import METRICS, PROPERTIES, TAGS, Line, fold_metrics, fold_properties, fold_tags, parse
from .status_words import STEP_RUN, in_details

_LOG = "user_logs/std_log.txt"


class StepRun(RemoteRun):
    """One step's run, read from the journal and from what its attempts left."""

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
    def parent(self) -> PipelineRun:
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

    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        state, spec = self.state, self.spec
        return {
            "runId": self.id,
            "target": spec.compute,
            "status": in_details(self.get_status()),
            "startTimeUtc": state.started.isoformat() if state.started else None,
            "endTimeUtc": state.ended.isoformat() if state.ended else None,
            "properties": self.get_properties(),
            "inputDatasets": [],
            "outputDatasets": [],
            "runDefinition": {"script": spec.script, "arguments": [str(part) for part in spec.command[1:]]},
            "logFiles": {_LOG: ""},
            **({"error": {"error": {"message": state.reason}}} if state.reason else {}),
        }

    def get_details_with_logs(self) -> dict[str, object]:
        """The document with the output in it."""
        return {**self.get_details(), "logFiles": {_LOG: self.get_job_log()}}

    @override
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """What the step's script logged."""
        metrics = fold_metrics(self._report(METRICS))
        return metrics if name is None else {key: value for key, value in metrics.items() if key == name}

    @override
    def get_tags(self) -> dict[str, str]:
        """What the step's script tagged."""
        return fold_tags(self._report(TAGS))

    @override
    def get_properties(self) -> dict[str, str]:
        """What the step's script set, and v1's marks of a reused step."""
        own = fold_properties(self._report(PROPERTIES))
        origin = self.state.origin
        if not origin:
            return own
        run, _dot, key = origin.partition(".")
        return {
            **own,
            "azureml.isreused": "true",
            "azureml.reusedrunid": origin,
            "azureml.reusednodeid": key,
            "azureml.reusedpipelinerunid": run,
        }

    def get_outputs(self) -> dict[str, StepRunOutput]:
        """Its outputs by name."""
        return {output.name: StepRunOutput(self, output.name) for output in self.spec.outputs}

    def get_output(self, name: str) -> StepRunOutput:
        """One output. Raises BadInput."""
        outputs = self.get_outputs()
        if name in outputs:
            return outputs[name]
        raise BadInput(f"step '{self.name}' has no output '{name}'", remedy=f"its outputs: {', '.join(outputs)}")

    def get_output_data(self, name: str) -> PortDataReference:
        """Where an output lies. Raises BadInput for an unknown one, or one that is not there yet."""
        return self.get_output(name).get_port_data_reference()

    def get_job_log(self) -> str:
        """All its output so far."""
        return self.session.logs(self.pipeline_run_id, self.key)

    def get_stdout_log(self) -> str:
        """All its output so far: both streams are one log."""
        return self.get_job_log()

    def get_stderr_log(self) -> str:
        """All its output so far: both streams are one log."""
        return self.get_job_log()

    def get_all_logs(self, destination: str | None = None) -> list[str]:
        """Write the log below `destination`; the files' paths."""
        target = Path(destination or ".") / _LOG
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.get_job_log(), encoding="utf-8")
        return [str(target)]

    def get_file_names(self) -> list[str]:
        """The files it left under ``outputs/`` and ``logs/``, and its log."""
        prefix = self._task.artifacts
        return [info.key[len(prefix) :] for info in self.session.store.list(prefix)] + [_LOG]

    def download_file(self, name: str, output_file_path: str | None = None, _validate_checksum: bool = False) -> None:
        """Copy one of its files to `output_file_path` (a folder, a path, or the current folder)."""
        target = Path(output_file_path or Path(name).name)
        target = target / Path(name).name if target.is_dir() or str(output_file_path or "").endswith("/") else target
        if name == _LOG:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.get_job_log(), encoding="utf-8")
            return
        try:
            self.download_object(self._task.artifacts + name, target)
        except ObjectMissing as error:
            listed = ", ".join(self.get_file_names())
            raise BadInput(f"step '{self.name}' left no file {name!r}", remedy=f"its files: {listed}") from error

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Copy its files whose name begins with `prefix` below `output_directory`."""
        wanted = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        for index, name in enumerate(wanted):
            shown = name if append_prefix or not prefix else name[len(prefix) :].lstrip("/")
            target = Path(output_directory or ".") / (output_paths[index] if output_paths else shown)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.download_file(name, str(target))

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

    def _report(self, file: str) -> Sequence[Line]:
        try:
            return tuple(parse(self.session.store.get(self._task.reports + file)))
        except ObjectMissing:
            return ()
