"""Short ways to say plans, states, tasks and observations in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from runner.model import events as e
from runner.model.data import DataRef
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.names import attempt_folder, step_run_id
from runner.model.observation import Observation, Phase
from runner.model.plan import Plan, Submission
from runner.model.record import AttemptRecord, Failure
from runner.model.state import RunState, begin, fold
from runner.model.step import Argument, InputPath, InputSpec, Interpreter, OutputOf, OutputPath, OutputSpec, StepSpec
from runner.model.task import InputBinding, OutputBinding, Task, TaskId

RUN = "20260102t030405678z-aaaaaaaaaaaaaaaa"
T0 = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=timezone.utc)
TARGET = "fake"
ENVIRONMENT = "env"
REFERENCE = "image:1"


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def ref(key: str = "azureml/x/out", digest: str = "d" * 64) -> DataRef:
    return DataRef(datastore="workspaceblobstore", key=key, digest=digest, files=1, bytes=10)


def step(key: str, *needs: str, **changes: Any) -> StepSpec:
    """A step with one output, ``out``, that reads the ``out`` of each step it needs."""
    inputs = tuple(InputSpec(name=f"from_{need.replace('-', '_')}", source=OutputOf(need, "out")) for need in needs)
    paths: tuple[Argument, ...] = tuple(InputPath(spec.name) for spec in inputs)
    command: tuple[Argument, ...] = (Interpreter(), "script.py", *paths, OutputPath("out"))
    made = StepSpec(
        key=key,
        name=key,
        command=command,
        environment=ENVIRONMENT,
        compute=TARGET,
        snapshot="s" * 64,
        inputs=inputs,
        outputs=(OutputSpec(name="out"),),
        variables={"WHO": key},
    )
    return replace(made, **changes)


def plan(*steps: StepSpec, **changes: Any) -> Plan:
    return replace(
        Plan(steps=steps, environments={ENVIRONMENT: NamedEnvironment(ENVIRONMENT, EnvironmentSpec())}), **changes
    )


def submission(what: Plan, **changes: Any) -> Submission:
    made = Submission(
        plan=what.digest,
        experiment="experiment",
        targets={one.key: one.compute for one in what.steps},
        user="somebody",
        regenerate_outputs=True,
    )
    return replace(made, **changes)


def entry(number: int, *events: e.Event, controller: str = "c") -> e.JournalEntry:
    return e.JournalEntry(number, at(number), controller, events)


def state(what: Plan, *events: e.Event, ready: bool = True, **submitted: Any) -> RunState:
    """The state of a run of `what` after `events`, each in an entry of its own; `ready`: its environment is there."""
    first: list[e.Event] = [e.RunSubmitted(submission(what, **submitted))]
    if ready:
        first.append(e.EnvironmentReady(environment=ENVIRONMENT, target=TARGET, reference=REFERENCE))
    entries = [entry(1, *first), *(entry(number, event) for number, event in enumerate(events, 2))]
    return fold(begin(RUN, what), entries)


def started(key: str, attempt: int = 1) -> e.AttemptStarted:
    return e.AttemptStarted(key, attempt, f"uid-{key}-{attempt}")


def succeeded(key: str, attempt: int = 1, **outputs: DataRef) -> e.StepSucceeded:
    return e.StepSucceeded(
        key=key, attempt=attempt, started=at(0), ended=at(1), outputs=outputs or {"out": ref(f"azureml/{key}/out")}
    )


def failed(key: str, failure: Failure = Failure.USER) -> e.StepFailed:
    return e.StepFailed(key=key, failure=failure, reason="exit code 1", exit_code=1)


def task_id(key: str = "a", attempt: int = 1) -> TaskId:
    return TaskId(RUN, key, attempt)


def task(key: str = "a", attempt: int = 1, **changes: Any) -> Task:
    """A task of one output, ``out``, without inputs."""
    made = Task(
        id=task_id(key, attempt),
        command=(Interpreter(), "script.py", OutputPath("out")),
        snapshot="s" * 64,
        environment=REFERENCE,
        target=TARGET,
        name=key,
        outputs=(output("out", key, attempt),),
        fingerprint=f"fingerprint-{key}",
    )
    return replace(made, **changes)


def output(name: str, key: str = "a", attempt: int = 1, **changes: Any) -> OutputBinding:
    folder = attempt_folder(step_run_id(RUN, key), attempt)
    return replace(OutputBinding(name=name, datastore="workspaceblobstore", key=f"{folder}/{name}"), **changes)


def binding(name: str, **changes: Any) -> InputBinding:
    return replace(InputBinding(name=name, ref=ref()), **changes)


def made(key: str = "a", attempt: int = 1) -> dict[str, DataRef]:
    """The outputs that an attempt at a `step` commits."""
    return {"out": ref(output("out", key, attempt).key)}


def seen(phase: Phase, key: str = "a", attempt: int = 1, **facts: Any) -> dict[TaskId, Observation]:
    if phase is Phase.SUCCEEDED:
        facts = {"outputs": made(key, facts.get("attempt", attempt)), **facts}
    return {task_id(key, attempt): Observation(phase=phase, uid=f"uid-{key}-{attempt}", **facts)}


def record(attempt: int = 1, failure: Failure | None = None, **changes: Any) -> AttemptRecord:
    made = AttemptRecord(
        attempt=attempt,
        failure=failure,
        exit_code=0 if failure is None else None,
        started=at(0),
        ended=at(1),
        outputs={"out": ref()},
    )
    return replace(made, **changes)


def statuses(of: RunState) -> Mapping[str, str]:
    return {key: one.status.value for key, one in of.steps.items()}


def names(events: Iterable[object]) -> list[str]:
    return [type(event).__name__ for event in events]
