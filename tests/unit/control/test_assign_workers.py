"""The tasks of steps with workers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runner.control.assign import Attempt, task_for
from runner.model.resources import Resources
from runner.model.step import Interpreter, OutputSpec
from runner.model.task import Task
from runner.model.workers import CARRIED, PROCESSES, WORK, WORKERS, WorkerKind, Workers
from tests.support import builders as b

POOL = Workers(kind=WorkerKind.POOL, nodes=3, processes=2)
GANG = Workers(kind=WorkerKind.GANG, nodes=3, processes=2)
ORIGIN = "20260101t000000000z-bbbbbbbbbbbbbbbb"
RETRY = {"origin": ORIGIN, "continued": {"a": ORIGIN}}


def task(workers: Workers | None, attempt: int = 1, submitted: dict[str, Any] | None = None, **step: Any) -> Task:
    what = b.plan(b.step("a", workers=workers, **step), parameters={"n": 5, "text": "x"})
    state = b.state(what, **(submitted or {}))
    return task_for(what, state, Attempt(key="a", number=attempt, target=b.TARGET, environment=b.REFERENCE), {})


@pytest.mark.parametrize("workers", [POOL, GANG])
def test_the_program_is_told_how_many_there_are(workers: Workers) -> None:
    found = task(workers)
    assert found.workers == workers
    assert (found.variables[WORKERS], found.variables[PROCESSES]) == ("3", "2")


def test_a_parameter_gives_the_number() -> None:
    asked = replace(POOL, nodes_parameter="n", processes_parameter="n")
    assert task(asked).variables[WORKERS] == "5"
    assert task(asked, submitted={"parameters": {"n": 7}}).workers == replace(POOL, nodes=7, processes=7)


def test_a_step_without_workers_is_told_nothing() -> None:
    found = task(None, submitted={"origin": ORIGIN})
    assert found.workers is None
    assert found.carried == ""
    assert not {WORKERS, PROCESSES, WORK, CARRIED}.intersection(found.variables)


def test_the_users_variables_do_not_replace_those_of_runner() -> None:
    mine = {WORKERS: "9", CARRIED: "runs/other/a", WORK: "w", "MINE": "1"}
    found = task(POOL, variables=mine, submitted=RETRY)
    assert found.variables[WORKERS] == "3"
    assert found.variables[CARRIED] == f"runs/{ORIGIN}/a"
    assert found.variables[WORK] != "w"
    assert found.variables["MINE"] == "1"


def test_a_pool_continues_the_same_step_of_the_run_that_is_retried() -> None:
    assert task(POOL, submitted=RETRY).carried == f"runs/{ORIGIN}/a"
    for submitted in ({}, {"origin": ORIGIN}, {"origin": ORIGIN, "continued": {"b": ORIGIN}}):
        other = task(POOL, submitted=submitted)
        assert (other.carried, CARRIED in other.variables) == ("", False)
    assert WORK not in task(GANG).variables


def work(workers: Workers = POOL, **changes: Any) -> str:
    return task(workers, **changes).variables[WORK]


@pytest.mark.parametrize(
    "same",
    [
        lambda: work(attempt=2),
        lambda: work(replace(POOL, nodes=1, processes=8)),
        lambda: work(reuse=False),
        lambda: work(always=True),
        lambda: work(name="other"),
        lambda: work(resources=Resources(gpu=1)),
        lambda: work(submitted=RETRY),
    ],
)
def test_what_does_not_change_the_results_of_batches(same: Any) -> None:
    assert same() == work()


@pytest.mark.parametrize(
    "other",
    [
        lambda: work(snapshot="t" * 64),
        lambda: work(command=(Interpreter(), "other.py")),
        lambda: work(variables={"X": "1"}),
        lambda: work(outputs=(OutputSpec(name="other"),)),
        lambda: work(version="2"),
    ],
)
def test_what_changes_the_results_of_batches(other: Any) -> None:
    assert other() != work()


def test_a_gang_of_another_size_is_another_step_and_a_pool_is_not() -> None:
    assert task(GANG).fingerprint != task(replace(GANG, nodes=4)).fingerprint
    assert task(POOL).fingerprint == task(replace(POOL, nodes=4)).fingerprint
