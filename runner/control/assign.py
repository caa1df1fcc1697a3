"""Build the task of one attempt from a step and its resolved inputs (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..dataclass import dataclass
from ..model.context import OUTPUT_DATASETS
from ..model.data import DataRef
from ..model.names import step_run_id
from ..model.plan import Plan, Submission
from ..model.state import RunState
from ..model.status import DELIVERED
from ..model.step import InputSpec, OutputOf, StepSpec
from ..model.task import Task, TaskId
from ..model.uses import access_of
from ..model.workers import CARRIED, PROCESSES, WORK, WORKERS, WorkerKind
from ..override import override
from .fingerprint import Bound, Made, Pins, bind, trials_of
from .own_outputs import output_bindings
from .policy import resources_for, time_limits

_MOST_FOLDERS = 8
"""The most folders that keys open one by one: policies of temporary keys are short."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt: its step, number, target and environment."""

    key: str
    number: int
    target: str
    environment: str
    """The environment's reference on that target."""
    lock: str = ""
    """The digest of the environment's lock; empty: it has none."""


def to_pin(step: StepSpec) -> tuple[InputSpec, ...]:
    """Return the inputs whose files must be resolved now."""
    return tuple(spec for spec in step.inputs if not isinstance(spec.source, OutputOf))


class _Delivered(Mapping[str, Mapping[str, DataRef]]):
    """The outputs of finished steps, computed on request: a run may have many steps."""

    def __init__(self, state: RunState, reused_outputs: Made) -> None:
        self._steps = state.steps
        self._recalled = reused_outputs

    @override
    def __getitem__(self, key: str) -> Mapping[str, DataRef]:
        if key in self._recalled:
            return self._recalled[key]
        step = self._steps[key]
        if step.status not in DELIVERED:
            raise KeyError(key)
        return step.outputs

    @override
    def __iter__(self) -> Iterator[str]:
        return (key for key, step in self._steps.items() if step.status in DELIVERED or key in self._recalled)

    @override
    def __len__(self) -> int:
        return sum(1 for _ in self)


def outputs_of(state: RunState, reused_outputs: Made | None = None) -> Made:
    """Return the outputs of every finished step, and `reused_outputs` of steps about to be reused."""
    return _Delivered(state, {} if reused_outputs is None else reused_outputs)


def task_for(plan: Plan, state: RunState, attempt: Attempt, pins: Pins) -> Task:
    """Return the task of one attempt. Raises ValueError if the run has no submission."""
    submission = state.submission
    if submission is None:
        raise ValueError("a run without a submission has no tasks")
    step = plan.by_key[attempt.key]
    task = TaskId(state.run, step.key, attempt.number)
    needed = {key: state.steps[key].outputs for key in step.feeders}
    known = state.steps[step.key]
    bound = bind(plan, submission, step, needed, pins, sampled=known.sampled, trials=trials_of(step, state))
    carried = _carried(bound, submission)
    return Task(
        id=task,
        command=bound.command,
        snapshot=step.snapshot,
        environment=attempt.environment,
        lock=attempt.lock,
        target=attempt.target,
        name=step.name,
        experiment=submission.experiment,
        inputs=bound.inputs,
        outputs=output_bindings(step, task),
        variables={**_variables(step, bound, submission, task), **_of_workers(bound, carried)},
        interpreter=plan.environments[step.environment].spec.interpreter,
        resources=resources_for(step.resources, step.policy, state.steps[step.key].endings),
        placement=step.placement,
        time_limits=time_limits(step.policy),
        workers=bound.workers,
        carried=carried,
        readable=_reused_trials(step, state),
        access=access_of(plan, step),
        fingerprint=bound.fingerprint,
    )


def _variables(step: StepSpec, bound: Bound, submission: Submission, task: TaskId) -> dict[str, str]:
    """Return the process's variables: v1's own, then parameters, then the environment's, then the step's."""
    facts = {
        "AZUREML_RUN_ID": step_run_id(task.run, task.key),
        "AZUREML_ROOT_RUN_ID": task.run,
        "AZUREML_ARM_SUBSCRIPTION": submission.subscription,
        "AZUREML_ARM_RESOURCEGROUP": submission.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": submission.workspace,
        "AZUREML_ARM_PROJECT_NAME": submission.experiment,
        "AZUREML_EXPERIMENT_ID": submission.experiment,
        "AZUREML_WORKSPACE_ID": submission.workspace,
        "AZUREML_SERVICE_ENDPOINT": "runner://local",
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": "runner://local",
        "AZUREML_RUN_TOKEN": "none",
        "AZUREML_RUN_TOKEN_EXPIRY": "253402300799",  # the end of 9999, in seconds: no script has to renew what is none
    }
    datasets = [spec.name for spec in step.outputs if spec.destination]
    listed = {OUTPUT_DATASETS: ";".join(datasets)} if datasets else {}
    return {**facts, **listed, **bound.variables}


def _carried(bound: Bound, submission: Submission) -> str:
    """Return the folder of the same step in the run that it continues; empty: it continues none."""
    run = submission.continued.get(bound.step.key, "")
    return TaskId(run, bound.step.key).folder if run else ""


def _reused_trials(step: StepSpec, state: RunState) -> tuple[str, ...]:
    """Return the folders of the trials of other runs that a search summarizes; of many, the folders of their runs."""
    origins = {state.steps[key].origin for key in (step.search.trials if step.search else ())} - {""}
    makers = sorted(origin.partition(".") for origin in origins)
    if len(makers) > _MOST_FOLDERS:
        return tuple(dict.fromkeys(f"runs/{run}" for run, _, _ in makers))
    return tuple(TaskId(run, key).folder for run, _, key in makers)


def _of_workers(bound: Bound, carried: str) -> dict[str, str]:
    """Return the variables of a step with workers. They precede the user's: `RUNNER_*` names are runner's own."""
    if bound.workers is None:
        return {}
    counts = {WORKERS: str(bound.workers.nodes), PROCESSES: str(bound.workers.processes)}
    if bound.workers.kind is not WorkerKind.POOL:
        return counts
    return {**counts, WORK: bound.work_key, **({CARRIED: carried} if carried else {})}
