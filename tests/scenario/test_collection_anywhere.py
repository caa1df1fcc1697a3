"""`runner gc` beside runs, retries and registrations, in any order of all their operations, killed at any of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from runner.data import collector as announcements
from runner.data import registry, retention
from runner.data.collector import DELETING
from runner.errors import BadInput, StoreError
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.keep_rule import KeepRule
from runner.model.policy_overrides import NO_OVERRIDES
from runner.model.published import PublishedRecord, Status
from runner.model.step import InputSpec
from runner.operations import watch
from runner.operations.collection.collect import Collector
from runner.operations.collection.lock import LOCK
from runner.operations.collection.survey import Surveyor
from runner.operations.published import pipelines, publishing
from runner.operations.retry import prepare_retry, resubmit
from runner.operations.retry_selection import Part, Scope
from runner.operations.submit import Submitter, submit
from runner.operations.values import Request, WorkspaceFacts
from runner.override import override
from tests.support import promises
from tests.support.builders import TARGET, plan, step
from tests.support.stored_runs import DAY, StoredRun, run_id
from tests.support.timed_store import TimedStore
from tests.support.turns import Program, Turns, TurnStore

NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
LONG_AGO = NOW - 200 * DAY
OLD = [run_id(LONG_AGO + n * DAY, n) for n in range(3)]
EXAMPLES = int(os.environ.get("RUNNER_TEST_EXAMPLES", "40"))
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("source")
    (made / "script.py").write_text("print(1)")
    return made


def workspace(folder: Path) -> TimedStore:
    """Three old runs, of which the third reuses a step of the first."""
    store = TimedStore(LONG_AGO)
    StoredRun(store, OLD[0], steps=("a", "b"), folder=folder).whole()
    StoredRun(store, OLD[1], steps=("c",), folder=folder).whole()
    last = StoredRun(store, OLD[2], steps=("a", "d"), folder=folder)
    last.submit()
    assert last.reuse("a") is not None
    last.execute("d")
    last.end()
    store.clock = NOW.timestamp()
    return store


def collect(store: TurnStore, last: int = 0) -> object:
    surveyor = Surveyor(store=store, datastores=lambda _name: store, rule=KeepRule(last=last), others=tuple)
    clock = store.turns.store
    return Collector(surveyor=surveyor, pause=store.pause, monotonic=lambda: clock.clock, threads=1).collect()


def working(number: int, key: str, folder: Path) -> Callable[[TurnStore], object]:
    """A run with one step, which an equal one replaces if there is one."""

    def act(store: TurnStore) -> object:
        run = StoredRun(store, run_id(NOW, number), steps=(key,), folder=folder)
        run.submit()
        for _ in range(2):
            store.pause(2.0)
            run.beat()
        reused = run.reuse(key)
        if reused is None:
            run.execute(key)
        store.pause(2.0)
        run.beat()
        run.end()
        return reused

    return act


def submitting(number: int, folder: Path, reads: str) -> Callable[[TurnStore], object]:
    """A submission of a pipeline that reads an output of an old run by its path."""
    source = DatastorePath("workspaceblobstore", f"azureml/{reads}.a/out")
    what = plan(step("n", snapshot="", source=str(folder), inputs=(InputSpec(name="i", source=source),)))
    return lambda store: submit(store, what, {"n": TARGET}, Request(experiment="x"), submitter(number))


def publishing_(number: int, folder: Path, reads: str = "") -> Callable[[TurnStore], object]:
    """The publication of a pipeline: its plan is of long ago, or it reads an output of an old run by its path."""
    source = DatastorePath("workspaceblobstore", f"azureml/{reads}.a/out")
    inputs = (InputSpec(name="i", source=source),) if reads else ()
    what = plan(step("a", snapshot="", source=str(folder), inputs=inputs, variables={}))
    record = PublishedRecord(id=f"id-{number}", name="p", plan="", created=NOW)
    return lambda store: publishing.enter(store, what, record)


def retrying(number: int, run: str) -> Callable[[TurnStore], object]:
    def act(store: TurnStore) -> object:
        made = prepare_retry(store, lambda _name: store, watch.view(store, run), Part(Scope.ONLY, ("b",)))
        return resubmit(store, made, submitter(number), NO_OVERRIDES)

    return act


def registering(run: str, key: str) -> Callable[[TurnStore], object]:
    return lambda store: registry.register(store, "kept", registering_entry(run, key), new_version=True)


def registering_entry(run: str, key: str) -> registry.Registration:
    place = DatastorePath("workspaceblobstore", f"azureml/{run}.{key}/out")
    return registry.Registration(DatasetDefinition(kind="file", paths=(place,)))


def submitter(number: int) -> Submitter:
    return Submitter("somebody", NOW, bytes([number]) * 10, WorkspaceFacts(name="w"))


RIVALS: dict[str, Callable[[Path], Callable[[TurnStore], object]]] = {
    "reuses a": lambda folder: working(10, "a", folder),
    "reuses c": lambda folder: working(11, "c", folder),
    "makes c": lambda folder: working(12, "new", folder),
    "submits": lambda folder: submitting(13, folder, OLD[0]),
    "publishes": lambda folder: publishing_(15, folder),
    "publishes a reader": lambda folder: publishing_(16, folder, OLD[0]),
    "retries": lambda _folder: retrying(14, OLD[0]),
    "registers": lambda _folder: registering(OLD[0], "b"),
    "keeps": lambda _folder: lambda store: retention.keep(store, OLD[1]),
}


@QUICK
@given(
    choices=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 150)), max_size=12),
    names=st.sets(st.sampled_from(sorted(RIVALS)), max_size=3),
    delays=st.lists(st.integers(0, 150), min_size=3, max_size=3),
    dies_at=st.integers(0, 200),
)
def test_nothing_that_is_needed_goes_whoever_comes_when(
    folder: Path, choices: list[tuple[int, int]], names: set[str], delays: list[int], dies_at: int
) -> None:
    store = workspace(folder)
    rivals = {
        name: Program(name, RIVALS[name](folder), delay=delay)
        for name, delay in zip(sorted(names), delays, strict=False)
    }
    turns = Turns(store, [Program("gc", collect, dies_at=dies_at), *rivals.values()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(announcements, "time", turns)
        turns.play(choices, lambda: check(store, rivals))
        store.clock += 700  # the lock of a killed one is stale
        again = Turns(store, [Program("gc", collect)])
        patch.setattr(announcements, "time", again)
        again.play((), lambda: check(store, rivals))
    assert again.programs[0].succeeded, again.programs[0].error
    left = [key for key in store.objects if key.endswith("condemned") or key in (LOCK, DELETING)]
    assert left == []
    for name, program in rivals.items():
        if program.error is not None:
            assert isinstance(program.error, (BadInput, StoreError)), (name, program.error)
    if not names:
        assert store.objects == {}


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_a_whole_collection_passes_while_another_program_stands_still(folder: Path, name: str) -> None:
    """At every second operation of the other program: what it has looked up counts two operations later or more."""
    for instant in range(1, 100, 2):
        if not play_two(folder, name, [(1, instant), (0, 5000)]):
            return
    raise AssertionError("the program does not end")


@pytest.mark.parametrize("name", sorted(RIVALS))
def test_a_whole_program_passes_while_a_collection_stands_still(folder: Path, name: str) -> None:
    # No instant between the last look at an old manifest and its deletion: a collector that stands still there for
    # longer than its lease deletes what a writer has renewed meanwhile. That is assumed not to happen (faults.md).
    for instant in range(2, 200, 11):
        play_two(folder, name, [(0, instant), (1, 5000)])


def play_two(folder: Path, name: str, choices: list[tuple[int, int]]) -> bool:
    """Play a collection and another program; return False if that one had ended before the last of the choices."""
    store = workspace(folder)
    rival = Program(name, RIVALS[name](folder))
    collection = Program("gc", collect)
    turns = Turns(store, [collection, rival])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(announcements, "time", turns)
        turns.play(choices, lambda: check(store, {name: rival}))
    assert collection.succeeded, collection.error
    return rival.operations > choices[0][1]


def check(store: TimedStore, rivals: dict[str, Program]) -> None:
    promises.check(store)
    for name, run, steps in (
        ("registers", OLD[0], "b"),
        ("retries", OLD[0], "a"),
        ("keeps", OLD[1], "c"),
        ("submits", OLD[0], "a"),
        ("publishes a reader", OLD[0], "a"),
    ):
        if name in rivals and rivals[name].succeeded:
            for key in steps:
                assert f"azureml/{run}.{key}/out/one" in store.objects, f"{name} relies on {run}.{key}"


class Histories(RuleBasedStateMachine):
    """Months of a workspace: runs, reuse, retries, registrations, and `runner gc`, which is killed now and then."""

    def __init__(self) -> None:
        super().__init__()
        self.store = TimedStore(LONG_AGO)
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(announcements, "time", Turns(self.store, ()))
        self.count = 0
        self.runs: list[str] = []
        self.live: list[StoredRun] = []
        self.needed: set[str] = set()
        """Keys of objects that a registration or a kept run needs."""

    @override
    def teardown(self) -> None:
        self.patch.undo()

    def _new(self, *keys: str) -> StoredRun:
        self.count += 1
        run = StoredRun(self.store, run_id(self.store.now(), self.count), steps=keys)
        run.submit()
        self.runs.append(run.run)
        return run

    @rule(keys=st.lists(st.sampled_from("abc"), min_size=1, max_size=2, unique=True), ends=st.booleans())
    def submit(self, keys: list[str], ends: bool) -> None:
        run = self._new(*keys)
        for key in keys:
            if run.reuse(key) is None:
                run.execute(key, content=key.encode())
        if ends:
            run.end()
        else:
            self.live.append(run)

    @rule(key=st.sampled_from("abc"))
    def cancel(self, key: str) -> None:
        """A run is canceled while its step commits: no journal entry names the outputs."""
        run = self._new(key)
        run.commit(key, content=key.encode())
        run.cancel()

    @precondition(lambda self: self.live)
    @rule()
    def end(self) -> None:
        self.live.pop(0).end()

    @precondition(lambda self: self.runs)
    @rule(which=st.integers(0, 5))
    def keep(self, which: int) -> None:
        run = self.runs[which % len(self.runs)]
        with suppress(BadInput):
            retention.keep(self.store, run)
            self._need(run)

    @precondition(lambda self: self.runs)
    @rule(which=st.integers(0, 5), key=st.sampled_from("abc"))
    def register(self, which: int, key: str) -> None:
        run = self.runs[which % len(self.runs)]
        if f"azureml/{run}.{key}/out/one" in self.store.objects:
            with suppress(BadInput):
                entry = registering_entry(run, key)
                registry.register(self.store, f"{run}.{key}", entry, new_version=True)
                self._need(run)

    @precondition(lambda self: self.live)
    @rule(disable=st.booleans())
    def publish(self, disable: bool) -> None:
        """The plan of a run in progress is published; its snapshot is stored already."""
        self.count += 1
        record = PublishedRecord(id=f"id-{self.count}", name="p", plan="", created=self.store.now())
        publishing.enter(self.store, self.live[0].plan, record)
        if disable:
            pipelines.set_status(self.store, record.id, Status.ARCHIVED)

    @rule(days=st.integers(1, 120))
    def wait(self, days: int) -> None:
        self.store.clock += days * DAY.total_seconds()

    @rule(dies_at=st.integers(0, 250), last=st.integers(0, 2))
    def gc(self, dies_at: int, last: int) -> None:
        program = Program("gc", partial(collect, last=last), dies_at=dies_at)
        Turns(self.store, [program]).play((), lambda: promises.check(self.store))
        assert program.error is None or dies_at, program.error
        self.store.clock += 700

    @invariant()
    def what_is_needed_is_there(self) -> None:
        promises.check(self.store)
        assert self.needed <= self.store.objects.keys()

    def _need(self, run: str) -> None:
        whole = {key for key in self.store.objects if run in key and not key.startswith("reuse/")}
        self.needed |= whole - {retention.condemned_key(run), retention.kept_key(run)}


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    QUICK, max_examples=int(os.environ.get("RUNNER_TEST_EXAMPLES", "25")), stateful_step_count=20
)
