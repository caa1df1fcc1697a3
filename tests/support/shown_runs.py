"""Runs to look at: one that failed, one that goes on, one of a thousand steps, a search. Written as controllers do."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from runner.model import events as e
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.names import new_run_id
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.record import AttemptRecord, Failure, Phases
from runner.model.search import Expression
from runner.model.state import RunState, begin, fold
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from runner.ports import ObjectStore
from runner.runs import head, index, journal, plans, state_snapshot
from tests.support import builders as b
from tests.support import search_plans

TAIL = 'Traceback (most recent call last):\n  File "train.py", line 12, in <module>\nValueError: no rows are left'


@dataclass
class ShownRun:
    """One run. `at` appends what happened some seconds after its submission."""

    store: ObjectStore
    plan: Plan
    began: datetime
    experiment: str = "penguins"
    number: int = 0
    submitted: Mapping[str, object] = field(default_factory=dict)
    events: list[tuple[float, tuple[e.Event, ...]]] = field(default_factory=list)
    written: int = 0

    def __post_init__(self) -> None:
        self.run = new_run_id(self.began, bytes([self.number % 256]) * 10)
        plans.save(self.store, self.plan)
        said = b.submission(self.plan, experiment=self.experiment, regenerate_outputs=False, **self.submitted)
        entry = index.IndexEntry(
            run=self.run,
            experiment=self.experiment,
            created=self.began,
            user=said.user,
            steps=len(self.plan.steps),
            tags=dict(said.tags),
            origin=said.origin,
        )
        index.add(self.store, entry)
        ready = e.EnvironmentReady(
            environment=b.ENVIRONMENT, target=b.TARGET, reference="registry/penguins:3f2a", lock="c" * 64, seconds=41.0,
            built=True,
        )  # fmt: skip
        self.at(0, e.RunSubmitted(said), ready)

    def at(self, seconds: float, *events: e.Event) -> None:
        """Let something happen."""
        self.events.append((seconds, events))

    def execute(self, key: str, begin_at: float, end_at: float, **metrics: Sequence[object]) -> None:
        """Let the first attempt succeed; `metrics` are the values of each metric that it logs."""
        attempt = 1
        task = TaskId(self.run, key, attempt)
        self.at(begin_at, e.AttemptStarted(key, attempt, f"uid-{key}"))
        self.at(begin_at + 0.2, e.AttemptRunning(key, self._time(begin_at + 0.2)))
        took = end_at - begin_at - 0.2
        spent = Phases(inputs=0.15 * took, script=0.75 * took, outputs=0.1 * took)
        record = AttemptRecord(
            attempt=attempt,
            failure=None,
            exit_code=0,
            started=self._time(begin_at + 0.2),
            ended=self._time(end_at),
            outputs={"out": b.ref(f"azureml/{key}/out")},
            phases=spent,
        )
        self.store.put(task.record, canonical_json(to_document(record)))
        self.log(key, **metrics)
        self.at(
            end_at,
            e.StepSucceeded(
                key=key,
                attempt=attempt,
                started=self._time(begin_at + 0.2),
                ended=self._time(end_at),
                outputs={"out": b.ref(f"azureml/{key}/out")},
            ),
        )

    def log(self, key: str, **metrics: Sequence[object]) -> None:
        """Write metrics of the first attempt."""
        lines = [
            json.dumps({"name": name, "kind": "scalar", "value": value, "step": at, "time": self._time(at).isoformat()})
            for name, values in metrics.items()
            for at, value in enumerate(values)
        ]
        if lines:
            self.store.put(f"{TaskId(self.run, key, 1).reports}metrics.jsonl", "\n".join(lines).encode())

    def start(self, key: str, at: float) -> None:
        """Let an attempt begin."""
        self.at(at, e.AttemptStarted(key, 1, f"uid-{key}"))
        self.at(at + 0.3, e.AttemptRunning(key, self._time(at + 0.3)))

    def write(self, alive: datetime | None = None) -> RunState:
        """Append what happened to the journal, in the order of time, a snapshot and the head. Return the state."""
        fresh = sorted(self.events[self.written :], key=lambda each: each[0])
        self.events[self.written :] = fresh
        for number, (seconds, events) in enumerate(fresh, self.written):
            journal.Writer(self.store, self.run, "c", number).append(events, self._time(seconds))
        self.written = len(self.events)
        entries = [e.JournalEntry(n, self._time(at), "c", said) for n, (at, said) in enumerate(self.events, 1)]
        kept = len(entries) - len(entries) % state_snapshot.EVERY
        state = fold(begin(self.run, self.plan), entries[:kept])
        if kept:
            state_snapshot.save(self.store, state)
        state = fold(state, entries[kept:])
        head.write(self.store, state, alive or self.store.now())
        return state

    def _time(self, seconds: float) -> datetime:
        return self.began + timedelta(seconds=seconds)


def small_plan(**changes: object) -> Plan:
    """Steps of each kind: a chain, a step with workers, one of order only."""
    crew = Workers(kind=WorkerKind.POOL, nodes=4)
    policy = StepPolicy(retries=2, run_timeout=3600.0)
    steps = (
        b.step("fetch", script="fetch.py"),
        b.step("clean", "fetch", script="clean.py"),
        b.step("score", "clean", script="score.py", workers=crew),
        b.step("train", "clean", script="train.py", policy=policy),
        b.step("evaluate", "train", "score", script="evaluate.py"),
        b.step("publish", "evaluate", script="publish.py", after=("score",)),
    )
    return b.plan(*steps, parameters={"rate": 0.05, "rows": 344}, **changes)


def succeeded(store: ObjectStore, began: datetime, number: int = 1, accuracy: float = 0.9, **facts: object) -> ShownRun:
    """A run that succeeded."""
    made = ShownRun(store, small_plan(), began, number=number, **facts)  # type: ignore[arg-type]  # facts of a ShownRun
    for key, first, last in (("fetch", 1, 9), ("clean", 9.5, 14), ("score", 15, 41), ("train", 15, 70)):
        values = {
            "accuracy": [accuracy - 0.3 / (1 + at) for at in range(20)],
            "loss": [1 / (1 + at) for at in range(20)],
        }
        made.execute(key, first, last, **(values if key == "train" else {}))
    made.execute("evaluate", 71, 80, f1=[accuracy - 0.02])
    made.execute("publish", 80.5, 82)
    made.at(82.2, e.RunEnded(RunStatus.SUCCEEDED))
    made.write()
    return made


def failed(store: ObjectStore, began: datetime, number: int = 2) -> ShownRun:
    """A run whose training failed after a further attempt."""
    tags = {"team": "birds", "stage": "trial"}
    made = ShownRun(store, small_plan(), began, number=number, submitted={"tags": tags, "parameters": {"rate": 0.5}})
    made.at(1, e.StepReused("fetch", "20260102t030405678z-aaaaaaaaaaaaaaaa.fetch", {"out": b.ref("azureml/fetch/out")}))
    made.execute("clean", 2, 8)
    made.execute("score", 9, 30)
    made.start("train", 9)
    made.at(20, e.AttemptFailed(key="train", attempt=1, failure=Failure.LOST, reason="the node of the pod is gone"))
    made.at(21, e.AttemptStarted("train", 2, "uid"), e.AttemptRunning("train", made._time(21.5)))
    made.at(
        44,
        e.StepFailed(
            key="train", failure=Failure.USER, reason="its script ended with exit code 1", exit_code=1, tail=TAIL,
            ended=made._time(44), remedy="look at its log; ValueError is raised in train.py",
        ),
    )  # fmt: skip
    made.at(44.2, e.StepSkipped("evaluate", "train did not succeed"), e.StepSkipped("publish", "evaluate was skipped"))
    made.at(44.4, e.RunEnded(RunStatus.FAILED))
    made.write()
    return made


def running(store: ObjectStore, began: datetime, number: int = 3) -> ShownRun:
    """A run that goes on."""
    made = ShownRun(store, small_plan(), began, number=number)
    made.execute("fetch", 1, 9)
    made.execute("clean", 10, 20)
    made.start("train", 21)
    made.start("score", 21)
    made.write()
    return made


def large_plan(many: int) -> Plan:
    """A plan of `many` steps: a preparation, chains of four, and a step that joins them."""
    chains = [[f"{name}-{chain}" for name in ("load", "clean", "train", "score")] for chain in range((many - 2) // 4)]
    steps = [b.step("prepare", script="prepare.py")]
    for chain in chains:
        for before, key in zip(("prepare", *chain), chain, strict=False):
            steps.append(b.step(key, before, script=f"{key.partition('-')[0]}.py"))
    steps.append(b.step("join", *(chain[-1] for chain in chains), script="join.py"))
    return b.plan(*steps)


def large(store: ObjectStore, began: datetime, many: int = 1000, number: int = 4) -> ShownRun:
    """A run of many steps, half done: one has failed, some run."""
    made = ShownRun(store, large_plan(many), began, "large", number=number)
    made.execute("prepare", 1, 5)
    chains = (many - 2) // 4
    half = chains // 2
    for chain in range(half):
        for place, name in enumerate(("load", "clean", "train", "score")):
            if (chain, place) == (7, 2):
                fail = e.StepFailed(
                    key="train-7", failure=Failure.USER, reason="its script ended with exit code 1", exit_code=1
                )
                made.start("train-7", 30)
                made.at(40, fail)
                made.at(
                    40.5,
                    e.StepSkipped("score-7", "train-7 did not succeed"),
                    e.StepSkipped("join", "score-7 was skipped"),
                )
                break
            made.execute(f"{name}-{chain}", 6 + chain / 4 + 10 * place, 15 + chain / 4 + 10 * place)
    for chain in range(half, min(half + 20, chains)):
        made.start(f"load-{chain}", 90)
    made.write()
    return made


def search(store: ObjectStore, began: datetime, many: int = 40, number: int = 5) -> ShownRun:
    """A run with a search that has ended."""
    space = {
        "--rate": Expression("loguniform", (-9.0, -1.0)),
        "--layers": Expression("choice", (1, 2, 3, 4)),
        "--activation": Expression("choice", ("relu", "tanh", "gelu")),
        "--dropout": Expression("uniform", (0.0, 0.6)),
    }
    what = search_plans.search(many, space=space, concurrent=8)
    plan = b.plan(
        b.step("prepare", script="prepare.py"),
        *search_plans.searching(what, "prepare"),
        b.step("use", search_plans.TUNE),
    )
    made = ShownRun(store, plan, began, "tuning", number=number)
    made.execute("prepare", 1, 6)
    for place, (key, values, best) in enumerate(_drawn(what.trials)):
        at = 7 + 4 * (place // 8)
        made.at(at - 0.5, e.TrialSampled(key, values))
        made.execute(key, at, at + 3 + place % 3, accuracy=[best * share for share in (0.5, 0.8, 1.0)])
    made.execute(search_plans.TUNE, 60, 61)
    made.execute("use", 62, 66)
    made.at(67, e.RunEnded(RunStatus.SUCCEEDED))
    made.write()
    return made


def _drawn(keys: Sequence[str]) -> Iterator[tuple[str, dict[str, object], float]]:
    drawn = random.Random(3)
    for key in keys:
        rate, layers = 10 ** drawn.uniform(-4, -0.5), drawn.choice((1, 2, 3, 4))
        activation, dropout = drawn.choice(("relu", "tanh", "gelu")), drawn.uniform(0, 0.6)
        best = (
            0.95
            - 0.1 * abs(layers - 3)
            - 0.3 * abs(dropout - 0.2)
            - (0.1 if rate > 0.05 else 0.0)
            - drawn.uniform(0, 0.05)
        )
        yield key, {"--rate": rate, "--layers": layers, "--activation": activation, "--dropout": dropout}, best


def hostile(store: ObjectStore, began: datetime, number: int = 6) -> ShownRun:
    """A run whose every text is markup that would run."""
    bad = "</script><img src=x onerror=alert(1)>\"'<svg/onload=alert(2)>"
    plan = b.plan(
        replace(b.step("first"), name=bad, script=f"{bad}.py"),
        replace(b.step("second", "first"), name=f"two {bad}"),
        parameters={bad: bad},
        description=bad,
    )
    made = ShownRun(
        store, plan, began, bad, number=number, submitted={"tags": {bad: bad}, "user": bad, "description": bad}
    )
    made.execute("first", 1, 2, **{bad: [0.5, 0.7]})
    made.start("second", 3)
    made.at(4, e.StepFailed(key="second", failure=Failure.USER, reason=bad, exit_code=1, tail=bad, remedy=bad))
    made.at(5, e.RunEnded(RunStatus.FAILED))
    made.write()
    return made
