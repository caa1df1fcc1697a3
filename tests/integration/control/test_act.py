from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.control.act import Effects
from runner.control.actions import Prepare, Start, Stop
from runner.model import events as e
from runner.model.environment import NamedEnvironment
from runner.model.record import Failure
from runner.model.task import TaskId
from runner.override import override
from runner.ports import Prepared
from tests.support import builders as b
from tests.support.fake_clock import FakeClock
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore
from tests.support.mortal import InlineExecutor

PLAN = b.plan(b.step("a"), b.step("b"))
START = Start("a", 1, b.TARGET)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def world(store: MemoryStore) -> World:
    return World(store, lambda _task: (Ending.SUCCEEDS, 1))


def effects(world: World, target: FakeTarget | None = None, environments: FakeEnvironments | None = None) -> Effects:
    return Effects(
        store=world.store,
        datastores=lambda _name: world.store,
        targets={b.TARGET: target or FakeTarget(b.TARGET, world)},
        environments={b.TARGET: environments or FakeEnvironments()},
        clock=FakeClock(),
        notify=lambda _line: None,
        _pool=InlineExecutor(),
        _makers=InlineExecutor(),
        _stoppers=InlineExecutor(),
        _submitters=InlineExecutor(),
        _searchers=InlineExecutor(),
    )


def test_stops_wait_beside_one_another(world: World) -> None:
    together = threading.Barrier(2, timeout=10)

    class Slow(FakeTarget):
        @override
        def stop(self, task: TaskId, uid: str) -> None:  # noqa: ARG002
            together.wait()

    made = effects(world, Slow(b.TARGET, world))
    made._stoppers = ThreadPoolExecutor(2)
    state = b.state(PLAN, b.started("a"), b.started("b"), e.CancelRequested())
    stops = tuple(Stop(b.task_id(key), f"uid-{key}-1", b.TARGET) for key in "ab")
    assert made.act(PLAN, state, stops) == (e.StepCanceled("a"), e.StepCanceled("b"))
    made.close()


def test_nothing_waits_for_an_attempt_that_is_long_in_ending(world: World) -> None:
    gate, state = threading.Event(), b.state(PLAN, b.started("a"), e.AttemptOverdue("a", 1, "too long"))

    class Stubborn(FakeTarget):
        @override
        def stop(self, task: TaskId, uid: str) -> None:
            assert gate.wait(10)
            super().stop(task, uid)

    made = effects(world, Stubborn(b.TARGET, world))
    made._stoppers = ThreadPoolExecutor(1)
    stop = Stop(b.task_id("a"), "uid-a-1", b.TARGET)
    assert made.act(PLAN, state, (stop, Start("b", 1, b.TARGET))) == (b.started("b"),)
    assert made.busy
    gate.set()
    reported: tuple[e.Event, ...] = ()
    while not reported:
        reported = made.act(PLAN, state, (stop,))
    (end,) = reported
    assert isinstance(end, e.StepFailed)
    assert end.failure is Failure.TIMEOUT
    made.close()


PREPARE = Prepare(b.ENVIRONMENT, b.TARGET)


class Gated(FakeEnvironments):
    """Makes nothing before its gate is open."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.gate = gate

    @override
    def ensure(self, environment: NamedEnvironment, notify: Callable[[str], None]) -> Prepared:
        assert self.gate.wait(10)
        return super().ensure(environment, notify)


def test_nobody_waits_for_an_environment(world: World) -> None:
    gate = threading.Event()
    made = effects(world, environments=Gated(gate))
    made._makers = ThreadPoolExecutor(1)
    assert set(b.names(made.act(PLAN, b.state(PLAN), (PREPARE,)))) <= {"EnvironmentBuilding"}
    assert made.busy
    gate.set()
    found: tuple[e.Event, ...] = ()
    while "EnvironmentReady" not in b.names(found):
        found = made.act(PLAN, b.state(PLAN), (PREPARE,))
    assert b.names(found) == ["EnvironmentReady"]
    assert not made._preparations
    made.close()


def test_starts_do_not_queue_behind_environments(world: World) -> None:
    gate = threading.Event()
    made = effects(world, environments=Gated(gate))
    made._pool, made._makers = ThreadPoolExecutor(1), ThreadPoolExecutor(1)
    made.act(PLAN, b.state(PLAN), (PREPARE,))
    reported = made.act(PLAN, b.state(PLAN), (START, Start("b", 1, b.TARGET)))
    assert not gate.is_set()
    assert {b.started("a"), b.started("b")} <= set(reported)
    gate.set()
    made.close()
