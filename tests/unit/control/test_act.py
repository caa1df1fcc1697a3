from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from runner.control.act import Effects
from runner.control.actions import Action, Prepare, ReadOutcome, Remove, Start, Stop
from runner.errors import StoreDenied, TargetDenied, TargetError, TargetUnreachable
from runner.model import events as e
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.record import Failure
from runner.model.state import RunState
from runner.model.step import InputSpec
from runner.model.task import Task, TaskId
from runner.override import override
from runner.ports import ObjectInfo, Prepared
from runner.runs import records
from tests.support import builders as b
from tests.support.fake_clock import FakeClock
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore
from tests.support.mortal import InlineExecutor

PLAN = b.plan(b.step("a"), b.step("b"))
START = Start("a", 1, b.TARGET)


class Refusing(FakeTarget):
    """Raises what it is told to."""

    error: TargetError

    @override
    def start(self, task: Task) -> str:
        raise self.error.__class__(f"{task.id.key}: no")


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


Act = Callable[..., tuple[e.Event, ...]]


@pytest.fixture
def act(world: World) -> Act:
    made = effects(world)

    def do(*actions: Action, plan: Plan = PLAN, state: RunState | None = None) -> tuple[e.Event, ...]:
        return made.act(plan, state or b.state(plan), actions)

    return do


def test_starting_assigns_first(act: Act, world: World) -> None:
    assert act(START) == (b.started("a"),)
    task = b.task_id("a")
    assert records.assignment(world.store, task.assignment) == world.attempts[task].task


def test_several_start_together(act: Act) -> None:
    assert set(act(START, Start("b", 1, b.TARGET))) == {b.started("a"), b.started("b")}


@pytest.mark.parametrize(("started", "experiment"), [(True, "experiment"), (False, "other")])
def test_an_earlier_assignment_holds_if_it_was_started(act: Act, world: World, started: bool, experiment: str) -> None:
    act(START)
    if not started:
        world.attempts.clear()
    act(START, plan=replace(PLAN, description="later"), state=b.state(PLAN, experiment="other"))
    task = b.task_id("a")
    assert world.attempts[task].task.experiment == experiment
    assert records.assignment(world.store, task.assignment) == world.attempts[task].task


def test_an_assignment_that_another_step_has_written_before_is_not_run(act: Act, world: World) -> None:
    task = b.task_id("a")
    hostile = replace(b.task("a"), command=("sh", "-c", "echo other code"))
    world.store.put(task.assignment, canonical_json(to_document(hostile)))
    assert act(START) == (b.started("a"),)
    assert world.attempts[task].task.command != hostile.command
    assert records.assignment(world.store, task.assignment) == world.attempts[task].task


@pytest.mark.parametrize("dataset", [True, False])
def test_data_are_pinned_when_the_step_starts(act: Act, world: World, *, dataset: bool) -> None:
    path = DatastorePath("s", "raw.csv")
    raw = InputSpec(
        name="raw", source=DatasetDefinition(kind="tabular", paths=(path,), name="raw") if dataset else path
    )
    plan = b.plan(b.step("a", inputs=(raw,)))
    (failed,) = act(START, plan=plan)
    assert isinstance(failed, e.StepFailed)
    assert failed.failure is Failure.INPUT
    assert "nothing lies at s/raw.csv" in failed.reason
    world.store.put("raw.csv", b"x")
    assert act(START, plan=plan) == (b.started("a"),)
    assert world.attempts[b.task_id("a")].task.inputs[0].ref.key == "raw.csv"


@pytest.mark.parametrize("error", [TargetError("not that"), TargetDenied("not you")])
def test_a_refusal_is_the_steps_end(world: World, error: TargetError) -> None:
    target = Refusing(b.TARGET, world)
    target.error = error
    assert effects(world, target).act(PLAN, b.state(PLAN), (START,)) == (
        e.StepFailed(key="a", failure=Failure.REFUSED, reason="a: no"),
    )


def test_an_unreachable_target_is_asked_again(world: World) -> None:
    target = Refusing(b.TARGET, world)
    target.error = TargetUnreachable("no answer")
    made = effects(world, target)
    assert made.act(PLAN, b.state(PLAN), (START,)) == ()
    assert isinstance(made.trouble, TargetUnreachable)


@pytest.mark.parametrize("error", [KeyError("out"), ValueError("x"), OSError("disk full"), StoreDenied("no")])
def test_an_unexpected_error_is_the_steps_end_not_the_runs(world: World, error: Exception) -> None:
    class Odd(FakeTarget):
        @override
        def start(self, task: Task) -> str:  # noqa: ARG002
            raise error

    (failed,) = effects(world, Odd(b.TARGET, world)).act(PLAN, b.state(PLAN), (START,))
    assert isinstance(failed, e.StepFailed)
    assert str(error) in failed.reason


class WorkspaceStoreDenied(MemoryStore):
    """Refuses its user's keys when they have expired."""

    expired = False

    @override
    def stat(self, key: str) -> ObjectInfo | None:
        if self.expired:
            raise StoreDenied("expired")
        return super().stat(key)


def test_a_workspace_that_refuses_its_controller_in_the_midst_of_a_start_fails_no_step() -> None:
    store = WorkspaceStoreDenied()

    class Late(FakeTarget):
        @override
        def start(self, task: Task) -> str:
            store.expired = True
            raise StoreDenied(f"{task.id.key}: no")

    world = World(store, lambda _task: (Ending.SUCCEEDS, 1))
    with pytest.raises(StoreDenied, match="expired"):
        effects(world, Late(b.TARGET, world)).act(PLAN, b.state(PLAN), (START,))


def test_an_unexpected_error_is_the_environments_end(world: World) -> None:
    class Odd(FakeEnvironments):
        @override
        def ensure(self, environment: NamedEnvironment, notify: Callable[[str], None]) -> Prepared:  # noqa: ARG002
            raise OSError("disk full")

    (lost,) = effects(world, environments=Odd()).act(PLAN, b.state(PLAN), (PREPARE,))
    assert isinstance(lost, e.EnvironmentUnavailable)
    assert "OSError: disk full" in lost.reason


class Clinging(FakeTarget):
    """Neither stops nor removes the attempts of step ``a``."""

    error: Exception = TargetUnreachable("no answer")

    @override
    def stop(self, task: TaskId, uid: str) -> None:
        self.remove(task, uid)

    @override
    def remove(self, task: TaskId, uid: str) -> None:
        if task.key == "a":
            raise self.error
        super().remove(task, uid)


@pytest.mark.parametrize(
    "error", [TargetUnreachable("no answer"), TargetDenied("no"), TargetError("odd"), OSError("odd")]
)
def test_what_cannot_be_stopped_or_removed_keeps_nothing_else_from_being_done(world: World, error: Exception) -> None:
    target = Clinging(b.TARGET, world)
    target.error = error
    made = effects(world, target)
    state = b.state(PLAN, b.started("a"), b.started("b"), e.CancelRequested())
    stops = tuple(Stop(b.task_id(key), f"uid-{key}-1", b.TARGET) for key in "ab")
    assert made.act(PLAN, state, stops) == (e.StepCanceled("b"),)
    assert made.trouble is error
    assert made.act(PLAN, b.state(PLAN), (Remove(b.task_id("a"), "uid-a-1", b.TARGET), START)) == (b.started("a"),)
    assert made.trouble is error


def test_a_record_that_cannot_be_read_costs_an_attempt(act: Act, store: MemoryStore) -> None:
    store.put(b.task_id("a").record, b"{")
    (lost,) = act(ReadOutcome(b.task_id("a")), state=b.state(PLAN, b.started("a")))
    assert isinstance(lost, e.AttemptFailed)
    assert b.task_id("a").record in lost.reason


PREPARE = Prepare(b.ENVIRONMENT, b.TARGET)


def test_an_environment_is_made_once_and_told_when_it_is_there(world: World) -> None:
    environments = FakeEnvironments()
    made = effects(world, environments=environments)
    (ready,) = made.act(PLAN, b.state(PLAN), (PREPARE, PREPARE))
    assert isinstance(ready, e.EnvironmentReady)
    assert (ready.environment, ready.target, ready.built) == (b.ENVIRONMENT, b.TARGET, True)
    assert environments.made == [b.ENVIRONMENT]
    (again,) = made.act(PLAN, b.state(PLAN), (PREPARE,))
    assert isinstance(again, e.EnvironmentReady)
    assert not again.built
    made.close()


def test_an_environment_that_cannot_be_made(world: World) -> None:
    spec = EnvironmentSpec(pip=("nonsense",))
    plan = replace(PLAN, environments={b.ENVIRONMENT: NamedEnvironment(b.ENVIRONMENT, spec)})
    made = effects(world, environments=FakeEnvironments(broken=["nonsense"]))
    assert b.names(made.act(plan, b.state(plan), (PREPARE,))) == ["EnvironmentUnavailable"]


@pytest.mark.parametrize(
    ("failure", "committed", "expected"),
    [
        (None, True, "StepSucceeded"),
        (Failure.USER, False, "StepFailed"),
        (Failure.STORE, False, "AttemptFailed"),
        (Failure.LOST, False, "AttemptFailed"),
        ("none", False, "AttemptFailed"),
    ],
)
def test_records_tell_what_the_target_does_not(
    act: Act, store: MemoryStore, failure: Failure | str | None, *, committed: bool, expected: str
) -> None:
    if failure is None or isinstance(failure, Failure):
        records.finish(store, b.task("a"), b.record(failure=failure, reason="so", outputs=b.made()))
    state = b.state(PLAN, b.started("a"))
    (event,) = act(ReadOutcome(b.task_id("a")), state=state)
    assert type(event).__name__ == expected
    if isinstance(event, e.StepSucceeded):
        assert committed
        assert (event.started, event.ended, event.outputs) == (b.at(0), b.at(1), b.made())


def test_the_commit_of_an_earlier_attempt_counts(act: Act, store: MemoryStore) -> None:
    records.finish(store, b.task("a", 1), b.record(1, outputs=b.made()))
    lost = e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="")
    state = b.state(PLAN, b.started("a"), lost, b.started("a", 2))
    (event,) = act(ReadOutcome(b.task_id("a", 2)), state=state)
    assert isinstance(event, e.StepSucceeded)
    assert event.outputs == b.made()
    assert event.attempt == 1, "whose logs and metrics are the step's"


def test_stopping_cancels_the_attempt_in_force_only(act: Act, world: World) -> None:
    act(START)
    lost = e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="")
    second = b.state(PLAN, b.started("a"), lost, b.started("a", 2))
    stop = Stop(b.task_id("a"), "uid-a-1", b.TARGET)
    assert act(stop, state=second) == ()
    assert world.attempts == {}
    assert act(stop, state=b.state(PLAN, b.started("a"), e.CancelRequested())) == (e.StepCanceled("a"),)


def test_what_committed_before_it_was_stopped_has_succeeded(act: Act, store: MemoryStore) -> None:
    records.finish(store, b.task("a"), b.record(outputs=b.made()))
    stop = Stop(b.task_id("a"), "uid-a-1", b.TARGET)
    state = b.state(PLAN, b.started("a"), e.CancelRequested())
    assert b.names(act(stop, state=state)) == ["StepSucceeded"]


def test_what_failed_before_it_was_stopped_is_canceled_with_the_rest(act: Act, store: MemoryStore) -> None:
    records.finish(store, b.task("a"), b.record(failure=Failure.USER))
    stop = Stop(b.task_id("a"), "uid-a-1", b.TARGET)
    state = b.state(PLAN, b.started("a"), e.CancelRequested())
    assert act(stop, state=state) == (e.StepCanceled("a"),)


def test_removing_says_nothing(act: Act, world: World) -> None:
    act(START)
    world.pass_time(1)
    assert act(Remove(b.task_id("a"), "uid-a-1", b.TARGET)) == ()
    assert world.attempts == {}


@pytest.mark.parametrize("canceling", [False, True])
def test_an_attempt_without_a_record_is_told_with_its_last_lines(
    act: Act, store: MemoryStore, *, canceling: bool
) -> None:
    plan = b.plan(b.step("a", policy=StepPolicy(infrastructure_retries=0)))
    store.put(f"{b.task_id('a').logs}00000001.txt", b"epoch 1\nepoch 2\n")
    asked = (e.CancelRequested(),) if canceling else ()
    (reported,) = act(ReadOutcome(b.task_id("a")), plan=plan, state=b.state(plan, b.started("a"), *asked))
    if canceling:
        assert reported == e.StepCanceled("a")
    else:
        assert isinstance(reported, e.StepFailed)
        assert reported.tail == "epoch 1\nepoch 2"


def test_a_young_attempt_that_is_not_shown_is_lost_only_if_it_left_a_record(act: Act, store: MemoryStore) -> None:
    """A Job deleted by hand in its first seconds: its pod still has the time to say so."""
    act(START)
    running = b.state(PLAN, b.started("a"), e.AttemptRunning("a", b.at(1)))
    assert act(ReadOutcome(b.task_id("a")), state=running) == ()
    records.finish(store, b.task(), b.record(failure=Failure.LOST, reason="told to stop"))
    (lost,) = act(ReadOutcome(b.task_id("a")), state=running)
    assert isinstance(lost, e.AttemptFailed)
    assert lost.reason == "told to stop"
