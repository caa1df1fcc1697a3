"""One run for tests of what people see: four steps, one of which fails, as journal entries."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

from runner.data import manifest
from runner.model import events as e
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.document import to_document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan, Submission
from runner.model.record import AttemptRecord, Failure, Phases
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.model.step import InputPath, InputSpec, Interpreter, OutputOf, OutputPath, OutputSpec, StepSpec
from runner.model.task import TaskId
from runner.operations.values import RunView
from runner.runs import head, index, journal, plans, records
from tests.support.memory_store import MemoryStore

RUN = "20261122t084637123z-abcdefghijklmnop"
LOCK = "5f3c" * 16
BEGIN = datetime(2026, 11, 22, 8, 46, 37, 123000, tzinfo=timezone.utc)


def at(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def step(key: str, name: str, *needs: str) -> StepSpec:
    return StepSpec(
        key=key,
        name=name,
        command=(
            Interpreter(),
            f"{name.split(maxsplit=1)[0]}.py",
            *(InputPath("data") for _ in needs),
            OutputPath("made"),
        ),
        environment="sklearn",
        compute="aml-cluster",
        source="",
        snapshot="5" * 64,
        script=f"{name.split(maxsplit=1)[0]}.py",
        inputs=tuple(InputSpec(name="data", source=OutputOf(need, "made")) for need in needs),
        outputs=(OutputSpec(name="made"),),
    )


PLAN = Plan(
    steps=(
        step("prep-1", "prep data"),
        step("train-1", "train", "prep-1"),
        step("evaluate-1", "evaluate", "train-1"),
        step("plots-1", "plots", "prep-1"),
    ),
    environments={
        "sklearn": NamedEnvironment("sklearn", EnvironmentSpec(pip=("scikit-learn==1.3.2", "pandas==2.0.3")))
    },
)
MADE = Manifest(Kind.FOLDER, (Entry("prepped_data.csv", 12_600, "a" * 64), Entry("about/notes.txt", 40, "b" * 64)))
_STARTS = (e.AttemptStarted("train-1", 1, "u2"), e.AttemptStarted("plots-1", 1, "u3"))
_FAILED = e.StepFailed(
    key="train-1",
    failure=Failure.USER,
    reason="the script ended with exit code 1",
    exit_code=1,
    tail='Traceback (most recent call last):\n  File "train.py", line 8, in <module>\nValueError: the data are odd',
    started=at(6.2),
    ended=at(8.0),
)


def ref(key: str, name: str = "made") -> DataRef:
    return DataRef(
        datastore="workspaceblobstore", key=f"azureml/{RUN}.{key}/{name}", digest=_digest(), files=2, bytes=12_640
    )


def entries() -> tuple[e.JournalEntry, ...]:
    """The whole journal."""
    reported: list[tuple[float, tuple[e.Event, ...]]] = [
        (
            0.0,
            (
                e.RunSubmitted(
                    Submission(
                        plan=PLAN.digest, experiment="penguins", targets=dict.fromkeys(PLAN.by_key, "kind"), user="ada"
                    )
                ),
            ),
        ),
        (0.3, (e.ControllerStarted("c1", "vm", 4711),)),
        (
            3.6,
            (
                e.EnvironmentReady(
                    environment="sklearn",
                    target="kind",
                    reference="runner/env:1",
                    lock=LOCK,
                    built=True,
                    seconds=3.25,
                ),
            ),
        ),
        (3.7, (e.AttemptStarted("prep-1", 1, "u1"),)),
        (3.8, (e.AttemptPending("prep-1", "no node has 2 CPUs free"),)),
        (4.2, (e.AttemptRunning("prep-1", at(4.1)),)),
        (
            6.1,
            (
                e.StepSucceeded(
                    key="prep-1", attempt=1, started=at(4.1), ended=at(6.0), outputs={"made": ref("prep-1")}
                ),
                *_STARTS,
            ),
        ),
        (6.3, (e.AttemptRunning("train-1", at(6.2)), e.AttemptRunning("plots-1", at(6.2)))),
        (7.3, (_succeeded(),)),
        (8.1, (_FAILED, e.StepSkipped("evaluate-1", "it needs 'train-1', which failed"), e.RunEnded(RunStatus.FAILED))),
    ]
    return tuple(e.JournalEntry(number, at(when), "c1", events) for number, (when, events) in enumerate(reported, 1))


def view(count: int = 99) -> RunView:
    """The run after its first `count` journal entries."""
    return RunView(fold(begin(RUN, PLAN), entries()[:count]), PLAN)


def stored() -> MemoryStore:
    """A store that holds the run, its records, its metrics and its index entry."""
    store = MemoryStore()
    plans.save(store, PLAN)
    for entry in entries():
        writer = journal.Writer(store, RUN, "c1", entry.number - 1)
        writer.append(entry.events, entry.time)
    manifest.save(store, MADE)
    prep = TaskId(RUN, "prep-1")
    record = AttemptRecord(
        attempt=1,
        failure=None,
        exit_code=0,
        started=at(4.1),
        ended=at(6.0),
        phases=Phases(0.1, 1.7, 0.1),
        artifacts=("outputs/model.pkl",),
    )
    store.put(prep.record, json.dumps(to_document(record)).encode())
    failed = AttemptRecord(
        attempt=1,
        failure=Failure.USER,
        exit_code=1,
        started=at(6.2),
        ended=at(8.0),
        reason="the script ended with exit code 1",
    )
    store.put(TaskId(RUN, "train-1").record, json.dumps(to_document(failed)).encode())
    lines = [{"name": "rows", "kind": "scalar", "value": 344}]
    lines += [{"name": "loss", "kind": "scalar", "value": 1 / number} for number in (1, 2, 3)]
    lines += [{"name": "confusion", "kind": "table", "value": {"a": [1, 2]}}]
    store.put(prep.reports + "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())
    store.put(f"{prep.logs}00000001.txt", b"row 1\nrow 2\n")
    store.put(f"{TaskId(RUN, 'train-1').logs}00000001.txt", b"training\nunfinished")
    index.add(store, index.IndexEntry(run=RUN, experiment="penguins", created=BEGIN, user="ada", steps=len(PLAN.steps)))
    head.write(store, view().state, at(8.1))
    assert records.committed(store, prep) is None
    return store


def _succeeded() -> e.StepSucceeded:
    warnings = ("output 'made' was never written: it is empty",)
    return e.StepSucceeded(
        key="plots-1", attempt=1, started=at(6.2), ended=at(7.2), outputs={"made": ref("plots-1")}, warnings=warnings
    )


def _digest() -> str:
    return manifest.save(MemoryStore(), MADE)
