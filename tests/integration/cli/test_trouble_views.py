"""What people see of a run in which things go wrong: golden files in tests/golden/cli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from runner.cli.paint import Paint
from runner.cli.stepview import step_view
from runner.model import events as e
from runner.model.plan import Plan, Submission
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.record import AttemptRecord, Failure
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.operations.detail import detail
from runner.operations.report import step_report
from runner.operations.values import RunView
from runner.runs import head, index, journal, plans, records
from tests.support import builders
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore

Golden = Callable[[str, Sequence[str]], None]
ORIGIN = "20261121t070000000z-zyxwvutsrqponmlk"
POLICY = StepPolicy(retries=0, infrastructure_retries=3, retry_oom=2.0)
PLAN = Plan(
    steps=(
        sample.step("prep-1", "prep data"),
        sample.step("train-1", "train", "prep-1"),
        replace(sample.step("score-1", "score"), policy=POLICY),
        sample.step("wide-1", "wide"),
        replace(sample.step("tidy-1", "tidy up"), after=("train-1",), always=True),
    ),
    environments=sample.PLAN.environments,
    policy=RunPolicy(deadline=60.0),
)
QUOTA = "waiting for quota: requests.memory of 'team-quota' is used up (31Gi of 32Gi)"
OOM = e.StepFailed(
    key="score-1",
    failure=Failure.OOM,
    reason="OOMKilled: peaked at 1.0 GiB of 1 GiB",
    exit_code=137,
    tail="batch 1\nbatch 2",
    started=sample.at(8),
    ended=sample.at(12),
    remedy="give the step more memory than 1Gi, or say --retry-oom 2",
)
LATE = "the run's deadline of 60 s has passed"
SUBMITTED = Submission(
    plan=PLAN.digest, experiment="penguins", targets=dict.fromkeys(PLAN.by_key, "kind"), user="ada", origin=ORIGIN
)
TOLD: tuple[tuple[float, tuple[e.Event, ...]], ...] = (
    (0.0, (e.RunSubmitted(SUBMITTED), e.StepReused("prep-1", f"{ORIGIN}.prep-1", {"made": sample.ref("prep-1")}))),
    (
        0.3,
        (
            e.ControllerStarted("c1", "vm", 4711),
            e.EnvironmentReady(environment="sklearn", target="kind", reference="runner/env:1"),
        ),
    ),
    (1.0, tuple(e.AttemptStarted(key, 1, f"u-{key}") for key in ("train-1", "score-1", "wide-1"))),
    (1.2, (e.AttemptPending("wide-1", QUOTA, "ask for at most 1Gi, or ask the administrator for more of that quota"),)),
    (2.0, (e.AttemptRunning("train-1", sample.at(2)), e.AttemptRunning("score-1", sample.at(2)))),
    (
        4.0,
        (
            e.AttemptFailed(
                key="score-1",
                attempt=1,
                failure=Failure.LOST,
                reason="its node worker-2 is gone",
                not_before=sample.at(7.5),
            ),
        ),
    ),
    (7.6, (e.AttemptStarted("score-1", 2, "u-score"),)),
    (8.0, (e.AttemptRunning("score-1", sample.at(8)), e.MachineSlept(28800.0))),
    (12.0, (OOM,)),
    (60.2, (e.RunOverdue(LATE), e.AttemptOverdue("train-1", 1, LATE), e.AttemptOverdue("wide-1", 1, LATE))),
    (
        61.0,
        (
            e.StepFailed(key="train-1", failure=Failure.TIMEOUT, reason=LATE),
            e.StepFailed(key="wide-1", failure=Failure.TIMEOUT, reason=LATE),
        ),
    ),
    (61.1, (e.AttemptStarted("tidy-1", 1, "u-tidy"),)),
    (
        62.0,
        (
            e.StepSucceeded(
                key="tidy-1",
                attempt=1,
                started=sample.at(61.2),
                ended=sample.at(61.9),
                outputs={"made": sample.ref("tidy-1")},
            ),
        ),
    ),
    (62.1, (e.RunEnded(RunStatus.FAILED),)),
)
ENTRIES = tuple(e.JournalEntry(n, sample.at(when), "c1", events) for n, (when, events) in enumerate(TOLD, 1))


def view(count: int = len(ENTRIES)) -> RunView:
    return RunView(fold(begin(sample.RUN, PLAN), ENTRIES[:count]), PLAN)


def stored() -> MemoryStore:
    store = MemoryStore()
    plans.save(store, PLAN)
    for entry in ENTRIES:
        journal.Writer(store, sample.RUN, "c1", entry.number - 1).append(entry.events, entry.time)
    ended = AttemptRecord(
        attempt=2,
        failure=Failure.OOM,
        exit_code=137,
        started=sample.at(8),
        ended=sample.at(12),
        reason=OOM.reason,
        remedy=OOM.remedy,
    )
    task = replace(builders.task("score-1", 2), id=TaskId(sample.RUN, "score-1", 2))
    records.finish(store, task, replace(ended, peak_memory=2**30, host="worker-1"))
    index.add(
        store,
        index.IndexEntry(
            run=sample.RUN,
            experiment="penguins",
            created=sample.BEGIN,
            user="ada",
            steps=len(PLAN.steps),
            origin=ORIGIN,
        ),
    )
    head.write(store, view().state, sample.at(62.1))
    return store


def nowhere(_ref: object) -> str:
    return ""


def test_step(golden: Golden) -> None:
    store = stored()
    step = step_report(store, view(), "score-1", locate=nowhere, now=sample.at(70))
    golden("trouble-step.txt", step_view(detail(store, view(), step), Paint(), ""))
