"""Cancel is final: no pause, no clean-up step and no environment on its way outlives it."""

from __future__ import annotations

from concurrent.futures import Executor, Future

import pytest

from runner.model import events as e
from runner.model.policy import StepPolicy
from runner.model.status import RunStatus
from runner.model.task import TaskId
from runner.override import override
from runner.runs import journal, records
from tests.scenario.test_crash_anywhere import turn
from tests.support.builders import RUN, plan, statuses, step
from tests.support.fake_target import Ending
from tests.support.mortal import Life
from tests.support.run_bench import Bench

PATIENT = StepPolicy(backoff=300.0)
CLEANED = plan(step("a", policy=PATIENT), step("b", "a"), step("z", after=("a",), always=True))


@pytest.mark.parametrize("deaths", [(), (3,), (9, 2)])
def test_a_step_in_its_pause_is_canceled_at_once_and_nothing_is_cleaned_up(deaths: tuple[int, ...]) -> None:
    bench = Bench(CLEANED, {TaskId(RUN, "a"): (Ending.EVICTED, 1)}, cancel_at=5)
    end = bench.run(*deaths)
    bench.check()
    assert end.status is RunStatus.CANCELED
    assert statuses(end) == dict.fromkeys("abz", "canceled")
    assert end.steps["a"].attempt == 1
    assert list(bench.world.executions) == [TaskId(RUN, "a")]
    assert bench.world.waits < 9, "no pause is waited for"


def test_a_cleanup_step_under_way_is_stopped() -> None:
    script = {TaskId(RUN, "a"): (Ending.FAILS, 1), TaskId(RUN, "z"): (Ending.HANGS, 1)}
    bench = Bench(CLEANED, script, cancel_at=5)
    end = bench.run()
    bench.check()
    assert statuses(end) == {"a": "failed", "b": "skipped", "z": "canceled"}
    assert end.status is RunStatus.CANCELED


class Endless(Executor):
    """Begins everything and ends nothing."""

    @override
    def submit(self, fn: object, /, *args: object, **kwargs: object) -> Future[object]:  # type: ignore[override]  # noqa: ARG002 - nothing is called
        return Future()


def test_an_environment_on_its_way_keeps_no_canceled_run_from_its_end() -> None:
    bench = Bench(plan(step("a")))
    controller = bench.controller(Life())
    controller.effects._makers = Endless()
    controller.take("host", 1)
    turn(controller)
    assert controller.effects.busy
    records.cancel(bench.store, RUN)
    for _ in range(3):
        turn(controller)
    bench.check()
    assert controller.state.status is RunStatus.CANCELED


def test_a_cancel_after_the_end_changes_nothing() -> None:
    bench = Bench(plan(step("a")))
    bench.run()
    before = bench.state
    records.cancel(bench.store, RUN)
    bench.run(5)
    assert bench.state == before
    last = tuple(journal.read(bench.store, RUN))[-1]
    assert last.events[-1] == e.RunEnded(RunStatus.SUCCEEDED)
