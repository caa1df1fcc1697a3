from __future__ import annotations

from dataclasses import replace

import pytest

from runner.cli.paint import Paint
from runner.cli.summary import summary
from runner.errors import BadInput
from runner.model.plan import Plan
from runner.model.workers import WorkerKind, Workers
from runner.operations.log_bytes import LogReader, stored_log
from runner.operations.report import report, step_report
from runner.operations.step_status import why
from runner.operations.tail import LogTail
from runner.operations.values import RunView
from runner.operations.watch import log_text
from runner.operations.workers import check_worker, logged_workers, worker_named, workers_in, workers_text
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

POOL = Workers(kind=WorkerKind.POOL, nodes=4, processes=2)
TASK = b.task_id("a", 1)
PLAN = b.plan(b.step("a", workers=replace(POOL, nodes_parameter="n")), b.step("b"), parameters={"n": 4})


def view(plan: Plan = PLAN, **parameters: int) -> RunView:
    return RunView(b.state(plan, b.started("a"), b.started("b"), parameters=parameters), plan)


def store() -> MemoryStore:
    found = MemoryStore()
    for index, text in ((0, "zero\n"), (2, "two\n"), (11, "eleven\n")):
        found.put(f"{TASK.worker_logs(index)}00000001.txt", text.encode())
    found.put(f"{b.task_id('a', 11).worker_logs(3)}00000001.txt", b"another attempt")
    return found


def test_a_run_gives_the_number() -> None:
    assert workers_in(view(), "a") == POOL
    assert workers_in(view(n=9), "a") == replace(POOL, nodes=9)
    assert workers_in(view(), "b") is None


@pytest.mark.parametrize(
    ("workers", "text"),
    [
        (None, ""),
        (POOL, "4 workers, 2 processes each"),
        (replace(POOL, processes=0), "4 workers, one process per core each"),
        (replace(POOL, nodes=1, processes=1), "1 worker, 1 process"),
    ],
)
def test_the_words_for_people(workers: Workers | None, text: str) -> None:
    assert workers_text(workers) == text


def test_views_name_the_number_of_workers() -> None:
    assert why(view(), "a", b.at(1)) == "4 workers"
    assert why(view(), "b", b.at(1)) == ""
    waiting = RunView(b.state(PLAN), PLAN)
    assert why(waiting, "a", b.at(1)) == ""
    told = step_report(store(), view(), "a", locate=lambda _: "", now=b.at(1))
    assert (told.workers, told.reason) == (4, "4 workers")
    assert step_report(store(), view(), "b", locate=lambda _: "", now=b.at(1)).workers == 1


def test_each_worker_has_a_log_of_its_own() -> None:
    assert logged_workers(store(), TASK) == (2, 11)
    assert log_text(store(), TASK, 2) == "two\n"
    assert log_text(store(), TASK) == "zero\n"
    assert b"".join(stored_log(store(), TASK, 11).read(store(), 0, 7)) == b"eleven\n"
    assert LogReader(store(), TASK, 2, 2).read(store()) == b"o\n"
    assert list(LogTail(store=store(), only="a", worker=2).lines(view())) == [("a", "two")]
    assert list(LogTail(store=store(), only="a").lines(view())) == [("a", "zero")]


def test_the_worker_that_failed_is_the_one_whose_log_is_offered() -> None:
    failed = b.failed("a")
    told = RunView(b.state(PLAN, b.started("a"), replace(failed, reason="worker 2 of 4: exit code 1")), PLAN)
    lines = summary(report(store(), told, lambda _: "", b.at(9)), Paint())
    assert any("runner logs aaaaaa a --worker 2" in line for line in lines)
    assert worker_named("the script of worker 2 of 4: exit code 1") == 0
    assert worker_named("worker 0 of 4: x") == 0


@pytest.mark.parametrize(
    ("key", "worker", "words"),
    [("a", 4, "has the workers 0 to 3; there is no worker 4"), ("b", 1, "has one worker, 0; there is no worker 1")],
)
def test_a_worker_that_does_not_exist(key: str, worker: int, words: str) -> None:
    check_worker(view(), key, worker - 1)
    with pytest.raises(BadInput, match=words):
        check_worker(view(), key, worker)
