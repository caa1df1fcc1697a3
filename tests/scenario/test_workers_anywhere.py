"""The workers of one attempt die and start again at any instant: one commit has all their outputs, or there is none.

The bootstrap is the real one; only the part of it that runs a script is played. A worker of a pool is started again as
an Indexed Job does it; the death of a gang's worker ends its Job.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.data import manifest
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.model.extra_outputs import ExtraOutputs
from runner.model.record import AttemptRecord, Failure
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import Task
from runner.model.workers import STEP_FAILED, WorkerKind, Workers
from runner.runs import records
from runner.step import bootstrap
from runner.step.worker import Worker
from runner.step.worker_attempt import WorkerAttempt
from tests.support import builders as b
from tests.support.memory_store import MemoryStore
from tests.support.mortal import Killed, Life, MortalStore

STORES = StepStores(BucketEndpoint(bucket="bucket", endpoint="http://h"))
STARTS = 4
"""The most starts of one index: backoffLimitPerIndex and one."""
PATHS = ("a", "b", "d/c")


class JobFailed(BaseException):
    """The Job is over: all its pods are killed."""


@dataclass(frozen=True)
class Fate:
    """One worker's: what it writes, and how each of its processes ends."""

    files: dict[str, str]
    deaths: tuple[int, ...] = ()
    """The instant of death of its first process, of its second one …; then it lives."""
    exits: tuple[int, ...] = ()
    """The exit codes of its scripts in turn; then 0."""


@dataclass
class World:
    kind: WorkerKind
    fates: tuple[Fate, ...]
    folder: Path
    store: MemoryStore = field(default_factory=MemoryStore)
    starts: dict[int, int] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        workers = Workers(kind=self.kind, nodes=len(self.fates))
        self.task: Task = b.task(workers=workers, fingerprint="")
        (self.output,) = self.task.outputs
        self.others = iter(range(1, len(self.fates)))

    def run(self) -> None:
        """Run the Job: worker 0 drives the others while it waits for them, and the rest follows it."""
        for index in (0, *range(1, len(self.fates))):
            self.run_index(index)

    def run_index(self, index: int) -> None:
        """Start a worker until it has ended. Raises JobFailed."""
        while index not in self.done:
            number = self.starts[index] = self.starts.get(index, 0) + 1
            code = self.start(index, number - 1)
            if code == 0:
                self.done.add(index)
            elif code == STEP_FAILED or self.kind is WorkerKind.GANG or number == STARTS:
                raise JobFailed

    def start(self, index: int, number: int) -> int:
        fate = self.fates[index]
        life = Life(end=fate.deaths[number] if number < len(fate.deaths) else 0)
        store = MortalStore(self.store, life)
        worker = Worker(index=index, count=len(self.fates), kind=self.kind)
        part = WorkerAttempt(worker=worker, task=self.task, store=store, hidden=[], sleep=lambda _: self.next())
        part.monotonic = lambda: 0.0
        played = Played(self, worker, store, fate.exits[number] if number < len(fate.exits) else 0)
        try:
            return bootstrap._run_worker(part, StoresOf(played).stores, 0.0)[1]
        except Killed:
            return 137

    def next(self) -> None:
        """Let the next worker run while another one waits."""
        index = next(self.others, None)
        if index is None:
            raise JobFailed  # it would wait for ever: the Job has failed meanwhile
        self.run_index(index)


@dataclass(frozen=True)
class StoresOf:
    """Carries the played attempt to where the bootstrap makes its own."""

    played: Played

    @property
    def stores(self) -> Any:
        return self


class Played:
    """Stands for `runner.step.attempt.Attempt`: it writes what its script would, without a process."""

    def __init__(self, world: World, worker: Worker, store: MortalStore, code: int) -> None:
        self.world, self.worker, self.store, self.code = world, worker, store, code
        self.on_failed: Callable[[AttemptRecord], None] = lambda _: None
        self.on_staged: Callable[[], None] = lambda: None
        self.stopped, self.delivering, self.is_canceled = False, False, lambda: False
        self.shipper = SimpleNamespace(add=lambda _line: None)
        self.extra = world.folder / f"extra-{worker.index}"
        self.outputs = SimpleNamespace(
            task=world.task,
            begun=0.0,
            hidden=[],
            place=SimpleNamespace(extra_outputs=self.extra, reports=world.folder),
            staging=SimpleNamespace(workspace=store, datastores=lambda _: store),
            sweep=lambda: None,
            discard=lambda: None,
        )

    def run(self) -> AttemptRecord:
        self.on_staged()
        record = b.record(outputs={}, tail="")
        if self.code == 137:
            return replace(record, failure=Failure.USER, exit_code=137, reason="killed")
        if self.code:
            failed = replace(record, failure=Failure.USER, exit_code=self.code, reason=f"exit code {self.code}")
            self.on_failed(failed)
            return failed
        files = self.world.fates[self.worker.index].files
        self.delivering = True
        entries = tuple(self._uploaded(path, files[path]) for path in sorted(files))
        if self.worker.kind is WorkerKind.GANG or self.worker.index == 0:
            record = replace(record, outputs={"out": self._ref(Manifest(Kind.FOLDER, entries))})
        if self.worker.kind is WorkerKind.POOL:
            self._share(entries)
        return record

    def _uploaded(self, path: str, content: str) -> Entry:
        self.store.put(f"{self.world.output.key}/{path}", content.encode())
        return Entry(path, len(content), digest_of_bytes(content.encode()))

    def _ref(self, what: Manifest) -> DataRef:
        digest = manifest.save(self.store, what)
        return DataRef(datastore=self.world.output.datastore, key=self.world.output.key, digest=digest)

    def _share(self, entries: tuple[Entry, ...]) -> None:
        """Play a pool: a result counts once, and worker 0 ends when all have theirs."""
        place = f"{self.world.task.id.batches}results/"
        if self.worker.index:
            told = json.dumps([to_document(entry) for entry in entries]).encode()
            self.store.put_if_absent(f"{place}{self.worker.index}", told)
            return
        while len(tuple(self.store.list(place))) < len(self.world.fates) - 1:
            self.world.next()
        results = [json.loads(self.store.get(info.key)) for info in self.store.list(place)]
        listed = ExtraOutputs({"out": tuple(Entry(**one) for result in results for one in result)})
        self.extra.write_text(json.dumps(to_document(listed)))


@pytest.fixture(autouse=True)
def _played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "_attempt", lambda _task, _store, carried, **_: carried.played)
    monkeypatch.setattr(bootstrap, "ignore_sigterm", lambda: None)


FILES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from("xy"), max_size=2)


@st.composite
def fates(draw: st.DrawFn, exits: st.SearchStrategy[int]) -> tuple[Fate, ...]:
    one = st.builds(
        Fate,
        FILES,
        st.lists(st.integers(0, 24), max_size=3).map(tuple),
        st.lists(exits, max_size=2).map(tuple),
    )
    return tuple(draw(st.lists(one, min_size=2, max_size=4)))


def driven(kind: WorkerKind, drawn: tuple[Fate, ...], folder: Path) -> tuple[World, bool]:
    world = World(kind, drawn, folder)
    try:
        world.run()
    except JobFailed:
        return world, False
    return world, True


def union(drawn: tuple[Fate, ...]) -> set[tuple[str, str]]:
    return {(path, content) for fate in drawn for path, content in fate.files.items()}


def clashes(drawn: tuple[Fate, ...]) -> bool:
    return len(union(drawn)) > len({path for path, _ in union(drawn)})


def committed(world: World) -> set[tuple[str, str]] | None:
    """The files of the committed output, as the store has them now; None: nothing is committed."""
    commit = records.committed(world.store, world.task.id)
    if commit is None:
        return None
    ref = commit.outputs["out"]
    found = set()
    for entry in manifest.load(world.store, ref.digest).entries:
        data = world.store.get(f"{ref.key}/{entry.path}")
        assert digest_of_bytes(data) == entry.digest, "what is committed is what lies there"
        found.add((entry.path, data.decode()))
    return found


Folders = Callable[[], Path]


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """Makes a new folder for each world."""
    numbers = count()

    def made() -> Path:
        folder = tmp_path / str(next(numbers))
        folder.mkdir()
        return folder

    return made


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_a_commit_has_the_outputs_of_all_workers_or_there_is_none(kind: WorkerKind, folders: Folders) -> None:
    ends = {True: 0, False: 0}

    @given(fates(st.sampled_from([0, 0, 0, 3, 137])))
    def check(drawn: tuple[Fate, ...]) -> None:
        world, _ = driven(kind, drawn, folders())
        found, record = committed(world), records.record_of(world.store, world.task.id)
        ends[found is not None] += 1
        if found is not None:
            assert found == union(drawn)
            assert not clashes(drawn)
            assert record is not None
            assert record.failure is None
        elif record is not None and record.failure is not None:
            told = record.reason.partition(":")[0]
            clash = clashes(drawn) and "different content" in record.reason
            assert clash or any(
                told == f"worker {index} of {len(drawn)}" and {3, 137}.intersection(fate.exits)
                for index, fate in enumerate(drawn)
            )

    check()
    assert all(ends.values()), "both ends were met"


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_without_failures_there_is_a_commit(kind: WorkerKind, folders: Folders) -> None:
    """A pool commits although its workers die; a gang if none of them does."""

    @given(fates(st.just(0)))
    def check(drawn: tuple[Fate, ...]) -> None:
        if kind is WorkerKind.GANG:
            drawn = tuple(replace(fate, deaths=()) for fate in drawn)
        world, whole = driven(kind, drawn, folders())
        found = committed(world)
        if clashes(drawn):
            assert found is None
            record = records.record_of(world.store, world.task.id)
            assert record is not None
            assert record.failure is Failure.INPUT
            assert "with different content" in record.reason
        else:
            assert whole
            assert found == union(drawn)

    check()


def test_the_first_failure_stands(folders: Folders) -> None:
    drawn = (Fate({}), Fate({}, exits=(3,)), Fate({}, exits=(4,)))
    world, whole = driven(WorkerKind.GANG, drawn, folders())
    record = records.record_of(world.store, world.task.id)
    assert not whole
    assert record is not None
    assert (record.failure, record.exit_code, record.reason) == (Failure.USER, 3, "worker 1 of 3: exit code 3")
    assert world.start(2, 1) == STEP_FAILED, "a worker that comes late sees that the attempt has failed"


def test_a_success_record_without_its_commit_is_committed_by_whoever_starts_next(folders: Folders) -> None:
    drawn = (Fate({"a": "x"}), Fate({"b": "x"}))
    world = World(WorkerKind.POOL, drawn, folders())
    world.run()
    world.store.delete(world.task.id.commit)
    assert world.start(1, 1) == 0
    assert committed(world) == union(drawn)
