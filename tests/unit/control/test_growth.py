"""What a tick costs as a run grows, in calls."""

from __future__ import annotations

from dataclasses import replace

from runner.control.loop import Controller
from runner.errors import StoreError
from runner.model.plan import Plan
from runner.model.status import RunStatus
from runner.override import override
from runner.runs import folded, plans
from tests.support import builders as b
from tests.support.call_count import calls_of
from tests.support.memory_store import MemoryStore
from tests.support.mortal import Life
from tests.support.run_bench import Bench


class QuickStore(MemoryStore):
    """One whose writes cost the same however much it holds."""

    @override
    def _write(self, key: str, data: bytes) -> None:
        self.objects[key] = bytes(data)


def chain(length: int) -> Plan:
    return b.plan(b.step("s0"), *(b.step(f"s{n}", f"s{n - 1}") for n in range(1, length)))


def started(bench: Bench) -> Controller:
    """A controller that has taken the run."""
    controller = bench.controller(Life())
    controller.take("host", 1)
    return controller


def step_calls(controller: Controller) -> int:
    """Calls until one more entry of a quiet chain is written and all is waited for."""

    def work() -> None:
        for _ in range(4):
            controller.tick()
            controller.effects.targets[b.TARGET].wait(1.0)

    return calls_of(work)


def test_a_tick_costs_as_much_after_many_steps_as_after_few() -> None:
    controller = started(Bench(chain(130), store=QuickStore()))
    early = [step_calls(controller) for _ in range(10)]
    while controller.state.census.open > 25:
        controller.tick()
        controller.effects.targets[b.TARGET].wait(1.0)
    late = [step_calls(controller) for _ in range(10)]
    assert sorted(late)[5] <= 1.1 * sorted(early)[5]


def test_attempts_started_long_ago_are_not_kept_in_mind() -> None:
    controller = started(Bench(chain(60), store=QuickStore()))
    while not controller.state.over:
        controller.tick()
        controller.effects.targets[b.TARGET].wait(1.0)
    assert len(controller.effects.started) < 30


def test_a_run_leaves_snapshots_from_which_it_goes_on() -> None:
    bench = Bench(chain(12), store=QuickStore())
    controller = replace(bench.controller(Life()), fold_every=3)
    controller.take("host", 1)
    while not controller.state.over:
        controller.tick()
        controller.effects.targets[b.TARGET].wait(1.0)
        known = plans.recent(bench.store, bench.run_id)
        assert known is not None
        assert controller.state.number - known[1].number < 4 or controller.state.number < 4
        assert bench.state == controller.state
    assert bench.state.status is RunStatus.SUCCEEDED
    assert folded.folded_key(bench.run_id) in bench.store.objects


def test_a_snapshot_that_cannot_be_written_does_not_matter() -> None:
    bench = Bench(chain(3), store=QuickStore())
    state = started(bench).state
    folded.save(_Full(), state)


class _Full(MemoryStore):
    @override
    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002 - refused
        raise StoreError(f"no room for {key!r}")


def test_equals_are_looked_for_beside_one_another() -> None:
    first = Bench(b.plan(*(b.step(f"s{n}") for n in range(40))), store=QuickStore(), slots=40)
    assert first.run().status is RunStatus.SUCCEEDED
    again = Bench(first.plan, store=first.store, run_id=f"{b.RUN[:-1]}b")
    state = again.run()
    assert {one.status.value for one in state.steps.values()} == {"reused"}
