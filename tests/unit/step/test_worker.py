from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.model.record import Failure
from runner.model.workers import WorkerKind, Workers
from runner.step.worker import Worker, worker_of
from tests.support import builders as b

POOL = Worker(index=2, count=4, kind=WorkerKind.POOL)
GANG = replace(POOL, kind=WorkerKind.GANG, hosts="a,b,c,d", token="/token")
EXTRA = Path("/work/extra.json")


def test_the_container_of_an_indexed_job_is_one_worker() -> None:
    task = b.task(workers=Workers(kind=WorkerKind.GANG, nodes=4))
    assert (
        worker_of(task, {"JOB_COMPLETION_INDEX": "2", "RUNNER_HOSTS": "a,b,c,d", "RUNNER_GANG_TOKEN_FILE": "/token"})
        == GANG
    )
    assert worker_of(task, {}) is None
    assert worker_of(task, {"JOB_COMPLETION_INDEX": ""}) is None
    assert worker_of(b.task(), {"JOB_COMPLETION_INDEX": "2"}) is None


def test_the_variables_of_a_worker() -> None:
    assert POOL.variables(EXTRA) == {"RUNNER_WORKER": "2"}
    assert replace(POOL, index=0).variables(EXTRA) == {
        "RUNNER_WORKER": "0", "RUNNER_EXTRA_OUTPUTS": "/work/extra.json",
    }  # fmt: skip
    assert GANG.variables(EXTRA) == {
        "RUNNER_WORKER": "2",
        "RUNNER_HOSTS": "a,b,c,d",
        "RUNNER_GANG_TOKEN_FILE": "/token",
    }


def test_who_delivers() -> None:
    assert [POOL.delivers, replace(POOL, index=0).delivers, GANG.delivers] == [False, True, True]


@pytest.mark.parametrize(
    ("failure", "code", "pool", "gang"),
    [
        (Failure.USER, 1, True, True),
        (Failure.USER, 137, False, True),
        (Failure.OOM, 1, True, True),
        (Failure.OOM, 137, False, True),
        (Failure.INPUT, 0, True, True),
        (Failure.REFUSED, None, True, True),
        (Failure.STORE, None, False, True),
        (Failure.LOST, None, False, False),
    ],
)
def test_which_failures_are_final(failure: Failure, code: int | None, pool: bool, gang: bool) -> None:
    record = b.record(1, failure, exit_code=code)
    assert (POOL.is_final(record, stopped=False), GANG.is_final(record, stopped=False)) == (pool, gang)
    assert not POOL.is_final(record, stopped=True)
    assert not GANG.is_final(record, stopped=True)


def test_a_failure_names_its_worker_where_there_are_several() -> None:
    failed = b.record(1, Failure.USER, reason="exit code 1")
    assert POOL.named(failed).reason == "worker 2 of 4: exit code 1"
    assert replace(POOL, index=0, count=1).named(failed) == failed
    assert POOL.named(b.record()) == b.record()
