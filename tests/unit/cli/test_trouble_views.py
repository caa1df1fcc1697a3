"""What people see of a run in which things go wrong: golden files in tests/golden/cli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.cli.board import Screen, board
from runner.cli.commands.list import listing
from runner.cli.paint import Paint
from runner.cli.progress import lines_of, name_width
from runner.cli.summary import summary
from runner.model import events as e
from runner.model.plan import Plan, Submission
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.record import AttemptRecord, Failure
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.operations.report import report
from runner.operations.run_pages import RunFilter, page
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


def test_lines(golden: Golden) -> None:
    golden(
        "trouble-lines.txt", [line for entry in ENTRIES for line in lines_of(entry, PLAN, Paint(), name_width(PLAN))]
    )


@pytest.mark.parametrize("width", [80, 200])
def test_board(width: int, golden: Golden) -> None:
    shown = [
        line
        for count, seconds in ((6, 4.0), (10, 60.3))
        for line in board(view(count), sample.at(seconds), Screen(width, 30), Paint())
    ]
    assert all(len(line) <= width for line in shown)
    golden(f"trouble-board-{width}.txt", shown)


def test_advice_gives_way_to_the_steps() -> None:
    shown = board(view(10), sample.at(60.3), Screen(40, 10), Paint())
    assert len(shown) <= 10
    assert all(len(line) <= 40 for line in shown)
    assert "  do, for score: give the step more" in shown


def test_summary(golden: Golden) -> None:
    golden("trouble-summary.txt", summary(report(stored(), view(), nowhere, sample.at(70)), Paint()))


def test_of_many_failures_the_first_are_told_in_full() -> None:
    plan = Plan(steps=tuple(sample.step(f"s-{number}", f"step {number}") for number in range(14)))
    entry = builders.entry(
        1, *(e.StepFailed(key=key, failure=Failure.USER, reason=f"in {key}: exit code 3") for key in plan.by_key)
    )
    known = RunView(fold(begin(sample.RUN, plan), [entry]), plan)
    lines = summary(report(MemoryStore(), known, nowhere, sample.at(1)), Paint(), " --target kind")
    assert sum(line.endswith(": exit code 3") and " failed: in " in line for line in lines) == 10
    assert "and 4 more; each in full: runner show klmnop STEP --target kind" in lines


def test_steps_that_failed_alike_are_told_of_once() -> None:
    """Three steps of one broken environment."""
    plan = Plan(steps=tuple(sample.step(f"s-{number}", f"step {number}") for number in range(8)))
    why = "the environment could not be made\n  | pip's last line"
    entry = builders.entry(1, *(e.StepFailed(key=key, failure=Failure.IMAGE, reason=why) for key in plan.by_key))
    known = RunView(fold(begin(sample.RUN, plan), [entry]), plan)
    text = "\n".join(summary(report(MemoryStore(), known, nowhere, sample.at(1)), Paint()))
    assert text.count("pip's last line") == 1
    assert "step 0, step 1, step 2, step 3, step 4 and 3 more failed: the environment could not be made\n" in text


def test_summary_while_it_runs(golden: Golden) -> None:
    golden("trouble-status.txt", summary(report(stored(), view(6), nowhere, sample.at(4)), Paint()))


def test_list(golden: Golden) -> None:
    golden("trouble-list.txt", listing(page(stored(), RunFilter(), limit=5).runs, Paint()))


def test_a_pause_that_is_over_has_no_seconds() -> None:
    shown = board(view(6), sample.at(4) + timedelta(seconds=9), Screen(120, 30), Paint())
    assert "attempt 2 of 4 comes next; lost: its node worker-2 is gone" in "\n".join(shown)
