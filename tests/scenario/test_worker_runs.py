"""Runs whose steps have workers, driven by the real controller over a target in memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.model.workers import CARRIED, WORK, WORKERS, WorkerKind, Workers
from runner.operations import watch
from runner.operations.retry import prepare_retry, resubmit
from runner.operations.retry_selection import Part, Scope
from runner.operations.submit import Submitter
from runner.operations.values import WorkspaceFacts
from runner.runs import records
from tests.scenario.test_retry_anywhere import NEW, begun, ended
from tests.support.builders import RUN, T0, plan, step
from tests.support.fake_target import Ending
from tests.support.run_bench import Bench

POOL = Workers(kind=WorkerKind.POOL, nodes=3)
PLAN = plan(step("a"), step("b", "a", workers=POOL))


@pytest.mark.parametrize("instant", [0, 5, 9, 13])
def test_a_pool_that_is_made_again_continues_what_it_did(instant: int) -> None:
    """After a kill at any instant, the task names the batches of the earlier run of its own step alone."""
    origin = ended(Bench(PLAN, {TaskId(RUN, "b"): (Ending.FAILS, 1)}))
    before = records.assignment(origin.store, TaskId(RUN, "b").assignment)
    bench = begun(origin, Part())
    assert bench.run(*([instant] if instant else [])).status is RunStatus.SUCCEEDED
    bench.check()
    task = records.assignment(origin.store, TaskId(NEW, "b").assignment)
    assert (task.carried, task.variables[CARRIED]) == (f"runs/{RUN}/b", f"runs/{RUN}/b")
    assert (before.carried, CARRIED in before.variables) == ("", False)
    assert task.variables[WORK] == before.variables[WORK], "its batches are the same"
    assert list(bench.world.executions) == [TaskId(NEW, "b")]


@pytest.mark.parametrize(
    ("part", "ending"),
    [
        (Part(Scope.ONLY, ("b",)), Ending.SUCCEEDS),
        (Part(Scope.FROM, ("b",)), Ending.SUCCEEDS),
        (Part(Scope.FROM, ("a",)), Ending.SUCCEEDS),
        (Part(Scope.FROM, ("a",)), Ending.FAILS),
        (Part(Scope.ONLY, ("b",)), Ending.FAILS),
    ],
)
def test_a_pool_that_the_user_chose_runs_all_of_its_batches(part: Part, ending: Ending) -> None:
    origin = ended(Bench(PLAN, {TaskId(RUN, "b"): (ending, 1)}))
    bench = begun(origin, part)
    assert bench.run().status is RunStatus.SUCCEEDED
    task = records.assignment(origin.store, TaskId(NEW, "b").assignment)
    assert (task.carried, CARRIED in task.variables) == ("", False)


def test_a_pool_that_succeeded_and_whose_outputs_are_gone_runs_all_of_its_batches() -> None:
    origin = ended(Bench(PLAN))
    (lost,) = origin.state.steps["b"].outputs.values()
    origin.store.delete(lost.key)
    bench = begun(origin, Part())
    assert bench.run().status is RunStatus.SUCCEEDED
    assert list(bench.world.executions) == [TaskId(NEW, "b")]
    assert records.assignment(origin.store, TaskId(NEW, "b").assignment).carried == ""


def test_a_run_in_which_the_pool_did_not_begin_hands_on_what_it_was_to_continue() -> None:
    origin = ended(Bench(PLAN, {TaskId(RUN, "b"): (Ending.FAILS, 1)}))
    records.cancel(origin.store, NEW)  # before any step starts
    second = begun(origin, Part())
    assert second.run().steps["b"].attempt == 0
    made = prepare_retry(origin.store, lambda _name: origin.store, watch.view(origin.store, NEW), Part())
    third = resubmit(
        origin.store, made, Submitter("ada", T0 + timedelta(days=2), b"9876543210", WorkspaceFacts(name="w"))
    )
    submission = watch.view(origin.store, third).state.submission
    assert submission is not None
    assert (submission.origin, submission.continued) == (NEW, {"b": RUN})


def journal_bytes(nodes: int) -> int:
    bench = ended(Bench(plan(step("a", workers=Workers(kind=WorkerKind.POOL, nodes=nodes)))))
    assert bench.state.status is RunStatus.SUCCEEDED
    task = records.assignment(bench.store, TaskId(RUN, "a").assignment)
    assert task.variables[WORKERS] == str(nodes)
    return sum(len(data) for key, data in bench.store.objects.items() if "/journal/" in key)


def test_the_journal_does_not_grow_with_the_workers() -> None:
    assert journal_bytes(1000) == journal_bytes(1)
