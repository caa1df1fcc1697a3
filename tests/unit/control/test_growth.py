"""What a tick costs as a run grows, in calls."""

from __future__ import annotations

from runner.control.loop import Controller
from runner.errors import StoreError
from runner.model.plan import Plan
from runner.override import override
from runner.runs import state_snapshot
from tests.support import builders as b
from tests.support import search_plans as s
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
    while controller.state.step_counts.open > 25:
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


def test_a_snapshot_that_cannot_be_written_does_not_matter() -> None:
    bench = Bench(chain(3), store=QuickStore())
    state = started(bench).state
    state_snapshot.save(_Full(), state)


class _Full(MemoryStore):
    @override
    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002 - refused
        raise StoreError(f"no room for {key!r}")


def search_calls(many: int) -> list[int]:
    """Calls of each of 24 ticks in which trials of a search end and others start."""
    bench = Bench(s.search_plan(many, concurrent=4), store=QuickStore(), slots=8)
    controller = started(bench)
    target = controller.effects.targets[b.TARGET]

    def tick() -> None:
        if not controller.tick():
            target.wait(1.0)

    for _ in range(20):
        tick()
    return [calls_of(tick) for _ in range(24)]


def test_a_tick_of_a_search_costs_as_much_with_a_thousand_trials_as_with_a_hundred() -> None:
    few, thousand = sum(search_calls(100)), sum(search_calls(1000))
    assert thousand <= 1.1 * few


def test_a_search_costs_as_much_after_many_trials_as_after_few() -> None:
    controller = started(Bench(s.search_plan(150, concurrent=4), store=QuickStore(), slots=8))
    target = controller.effects.targets[b.TARGET]

    def some() -> None:
        for _ in range(20):
            if not controller.tick():
                target.wait(1.0)

    some()
    early = calls_of(some)
    while controller.state.step_counts.open > 40:
        some()
    assert calls_of(some) <= 1.15 * early
