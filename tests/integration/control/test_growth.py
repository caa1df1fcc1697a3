"""What a tick costs as a run grows, in calls."""

from __future__ import annotations

from dataclasses import replace

from runner.model.plan import Plan
from runner.model.status import RunStatus
from runner.override import override
from runner.runs import plans, state_snapshot
from tests.support import builders as b
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
    assert state_snapshot.snapshot_key(bench.run_id) in bench.store.objects


def test_equals_are_looked_for_beside_one_another() -> None:
    first = Bench(b.plan(*(b.step(f"s{n}") for n in range(40))), store=QuickStore(), slots=40)
    assert first.run().status is RunStatus.SUCCEEDED
    again = Bench(first.plan, store=first.store, run_id=f"{b.RUN[:-1]}b")
    state = again.run()
    assert {one.status.value for one in state.steps.values()} == {"reused"}
