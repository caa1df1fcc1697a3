"""What every `ComputeTarget` promises, told by the fake, by local processes and on a kind cluster."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Protocol

import pytest

from runner.compute.process import bootstrap as process_bootstrap
from runner.compute.process import files as process_files
from runner.compute.process import leftovers as process_leftovers
from runner.compute.process import staging as process_staging
from runner.compute.process import target as process
from runner.compute.process.bootstrap import Bootstraps
from runner.compute.process.target import ProcessTarget
from runner.compute.registry import TARGETS
from runner.config import TargetContext
from runner.data import dataset, integrity, manifest, packing, snapshot
from runner.data.file_digest import digest_of_file
from runner.data.step_bundle import tree
from runner.data.transfers import trees
from runner.environments.locks import Locks
from runner.errors import BadInput, StoreUnreachable, TargetUnreachable
from runner.model.credentials import Credentials
from runner.model.data import DataRef, DatastorePath, Kind, Mode
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.observation import Observation, Phase
from runner.model.record import Failure
from runner.model.secret import SecretSource
from runner.model.step import InputPath, Interpreter, OutputPath
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import Task, TaskId
from runner.override import override
from runner.ports import ComputeTarget, ObjectStore
from runner.processes import table
from runner.processes.leftovers import Leftovers
from runner.processes.table import Process
from runner.runs import records
from runner.storage.directory import DirectoryStore
from runner.storage.s3.store import BucketStore
from tests.support import builders as b
from tests.support import toy_target
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.kind_bench import KindBench, kind_bench
from tests.support.leftovers import LEAVES, WAYS
from tests.support.memory_store import MemoryStore
from tests.support.needs import needs_namespaces
from tests.support.returning import returning
from tests.support.small_s3 import SmallS3, small_s3

PATIENCE = 20.0
"""Seconds."""
_BENCHES = {"process": "local", "process in a bucket": "in_bucket", "toy": "toy", "kind": "kind"}
SCRIPT = """\
import os, sys, time
with open(os.environ["LEDGER"], "a") as ledger:
    ledger.write(os.environ["WHO"] + "\\n")
what, out = sys.argv[1:3]
print("hello", what, flush=True)
if what == "fails":
    sys.exit("no such luck")
while what == "hangs":
    time.sleep(0.02)
os.makedirs(out)
with open(os.path.join(out, "data.txt"), "w") as file:
    file.write(what)
"""

WAITS = """\
import os, sys, time
open("begun", "w").close()
while not os.path.exists("go"):
    time.sleep(0.02)
os.makedirs(sys.argv[1])
"""


class Bench(Protocol):
    """A target, what it runs on, and the scripts that can be run there."""

    store: ObjectStore

    def target(self) -> ComputeTarget:
        """A new adapter over the same world, as a controller that comes later has."""

    def task(self, what: str, attempt: int = 1, run: str = b.RUN) -> Task:
        """An assigned task whose script `what`: succeeds, fails, hangs."""

    def executions(self, task: Task) -> int:
        """How often its script was started."""


@dataclass
class FakeBench:
    store: ObjectStore = field(default_factory=MemoryStore)

    def __post_init__(self) -> None:
        kinds = {"succeeds": Ending.SUCCEEDS, "fails": Ending.FAILS, "hangs": Ending.HANGS}
        self.world = World(self.store, lambda task: (kinds[task.key], 2))

    def target(self) -> ComputeTarget:
        return FakeTarget("fake", self.world)

    def task(self, what: str, attempt: int = 1, run: str = b.RUN) -> Task:
        return records.assign(self.store, replace(b.task(what, attempt), id=TaskId(run, what, attempt)))

    def executions(self, task: Task) -> int:
        return self.world.executions[task.id]


@dataclass
class ToyBench(FakeBench):
    """The toy target, as the registry gives it."""

    @override
    def __post_init__(self) -> None:
        self.world = toy_target.world_of(self.store)

    @override
    def target(self) -> ComputeTarget:
        context = TargetContext(
            name="box",
            store=lambda: self.store,
            store_id=str,
            work=Path("work"),
            cache=Path("cache"),
            datastore=lambda _name: self.store,
            folders=dict,
            step_stores=lambda: pytest.fail("its steps have the store"),
            minter=lambda _: None,
            accesses=lambda _run: (),
            secrets={},
            locks=lambda: Locks(self.store),
        )
        return TARGETS["toy"]().build(context)


@dataclass
class ProcessBench:
    folder: Path
    store: DirectoryStore = field(init=False)
    targets: list[ProcessTarget] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = DirectoryStore(self.folder / "store", durable=False)
        self._make_places()

    def _make_places(self) -> None:
        self.ledger = self.folder / "ledger"
        self.ledger.touch()
        self.carried = self.folder / "carried"
        self.carried.mkdir()

    def target(self, copy_limit: int = 1 << 20) -> ProcessTarget:
        made = ProcessTarget(
            name=b.TARGET,
            store=self.store,
            datastores=lambda _name: self.store,
            work=self.folder / "work",
            tree=lambda: tree(self.carried),
            copy_limit=copy_limit,
        )
        self.targets.append(made)
        return made

    def task(self, what: str, attempt: int = 1, run: str = b.RUN) -> Task:
        command = (Interpreter(), "script.py", what, OutputPath("out"))
        return self.assign(SCRIPT, what, attempt, run=run, command=command)

    def assign(self, script: str, key: str = "a", attempt: int = 1, *, run: str = b.RUN, **changes: object) -> Task:
        code = self.folder / f"code-{key}-{attempt}-{run}"
        code.mkdir(exist_ok=True)
        (code / "script.py").write_text(script)
        taken = snapshot.take(code)
        packing.keep(self.store, taken)
        whole = {
            "id": TaskId(run, key, attempt),
            "snapshot": taken.digest,
            "environment": sys.executable,
            "variables": {"LEDGER": str(self.ledger), "WHO": f"{run} {key} {attempt}"},
            **changes,
        }
        return records.assign(self.store, b.task(key, attempt, **whole))

    def executions(self, task: Task) -> int:
        return self.ledger.read_text().splitlines().count(f"{task.id.run} {task.id.key} {task.id.attempt}")

    def log(self, task: Task) -> str:
        return self.store.get(f"{task.id.logs}00000001.txt").decode()

    def close(self) -> None:
        last = self.target()
        for task, seen in last.observe(b.RUN).items():
            last.stop(task, seen.uid)
        for target in self.targets:
            target.close()


@dataclass
class BucketBench(ProcessBench):
    """Local processes whose workspace lies in a bucket."""

    endpoint: BucketEndpoint = field(default_factory=lambda: BucketEndpoint(bucket="", endpoint=""))
    server: SmallS3 = field(default_factory=SmallS3)
    code: Path = Path()
    clock: float = 100.0

    def bootstraps(self, stores: Callable[[], StepStores]) -> Bootstraps:
        return Bootstraps(stores=stores, tree=lambda: self.code, folders=dict, secrets={})

    store: BucketStore = field(init=False)  # type: ignore[assignment]  # the other bench's is a folder

    @override
    def __post_init__(self) -> None:
        self.store = BucketStore(self.endpoint)
        self._make_places()

    @override
    def target(self, copy_limit: int = 0) -> ProcessTarget:  # noqa: ARG002 - the other bench has it
        made = ProcessTarget(
            name=b.TARGET,
            store=self.store,
            datastores=lambda _name: self.store,
            work=self.folder / "work",
            tree=lambda: self.code,
            bootstraps=self.bootstraps(lambda: StepStores(self.endpoint)),
            monotonic=lambda: self.clock,
        )
        self.targets.append(made)
        return made


@pytest.fixture
def local(tmp_path: Path) -> Iterator[ProcessBench]:
    bench = ProcessBench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> ToyBench:
    toy_target.register(monkeypatch.setitem)
    return ToyBench()


@pytest.fixture
def kind(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[KindBench]:
    with kind_bench(request.getfixturevalue("kind_cluster"), tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own code as steps carry it: it is compiled once."""
    return tree(tmp_path_factory.mktemp("carried"))


@pytest.fixture
def in_bucket(tmp_path: Path, carried: Path) -> Iterator[BucketBench]:
    server = SmallS3()
    with small_s3(server) as endpoint:
        bench = BucketBench(tmp_path, endpoint=endpoint, server=server, code=carried)
        yield bench
        bench.close()


@pytest.fixture(params=["fake", "toy", "process", "process in a bucket", pytest.param("kind", marks=pytest.mark.kind)])
def bench(request: pytest.FixtureRequest) -> Bench:
    made: Bench = FakeBench() if request.param == "fake" else request.getfixturevalue(_BENCHES[request.param])
    return made


def until(
    target: ComputeTarget, task: Task, wanted: Callable[[Observation | None], bool], pause: float = 0.02
) -> Observation | None:
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = target.observe(task.id.run).get(task.id)
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"still {seen}"
        target.wait(pause)


def ended(target: ComputeTarget, task: Task) -> Observation:
    seen = until(target, task, lambda one: one is not None and one.phase in (Phase.SUCCEEDED, Phase.FAILED))
    assert seen is not None
    return seen


def running(target: ComputeTarget, task: Task) -> Observation:
    seen = until(target, task, lambda one: one is not None and one.phase is Phase.RUNNING)
    assert seen is not None
    if Path(seen.uid).is_dir():  # a local process: known to later controllers once its wrapper has added its id
        wait_for(lambda: process_files.AttemptFiles(Path(seen.uid)).pid > 0)
    return seen


def test_success_is_a_commit(bench: Bench) -> None:
    target, task = bench.target(), bench.task("succeeds")
    uid = target.start(task)
    seen = ended(target, task)
    commit, record = records.committed(bench.store, task.id), records.record_of(bench.store, task.id)
    assert (seen.phase, seen.uid) == (Phase.SUCCEEDED, uid)
    assert commit is not None
    assert record is not None
    assert seen.outputs == commit.outputs == record.outputs
    assert set(seen.outputs) == {"out"}
    assert (commit.attempt, commit.record) == (1, task.id.record)
    assert record.started <= record.ended


def test_a_failing_script_is_the_users(bench: Bench) -> None:
    target, task = bench.target(), bench.task("fails")
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.USER, False)
    assert seen.exit_code not in (0, None)
    assert "exit code" in seen.reason
    assert records.committed(bench.store, task.id) is None
    record = records.record_of(bench.store, task.id)
    assert record is not None
    assert record.failure is Failure.USER


def test_starting_again_is_adopting(bench: Bench) -> None:
    target, task = bench.target(), bench.task("succeeds")
    assert target.start(task) == target.start(task)
    ended(target, task)
    assert bench.executions(task) == 1


def test_renewed_keys_reach_a_running_step(in_bucket: BucketBench) -> None:
    target, task = in_bucket.target(), in_bucket.assign(WAITS, command=(Interpreter(), "script.py", OutputPath("out")))
    target.start(task)
    file = Path(running(target, task).uid) / "stores.json"
    before = in_bucket.endpoint.credentials
    wait_for((file.parent / "code" / "begun").exists)
    in_bucket.endpoint = replace(in_bucket.endpoint, credentials=Credentials("newer-key", "newer-secret"))
    in_bucket.store = BucketStore(in_bucket.endpoint)
    in_bucket.server.denied = frozenset({before.access_key})
    target.store = in_bucket.store
    in_bucket.clock += process_bootstrap.RENEWAL
    target.observe(b.RUN)
    assert ("newer-secret" in file.read_text(), file.stat().st_mode & 0o777) == (True, 0o600)
    (file.parent / "code" / "go").touch()
    until(target, task, lambda _: records.committed(in_bucket.store, task.id) is not None)


def test_a_bootstrap_that_is_killed_is_lost_and_leaves_no_keys(in_bucket: BucketBench) -> None:
    target, task = in_bucket.target(), in_bucket.assign(WAITS, command=(Interpreter(), "script.py", OutputPath("out")))
    target.start(task)
    folder = Path(running(target, task).uid)
    wait_for((folder / "code" / "begun").exists)
    process_files.AttemptFiles(folder).kill()
    seen = ended(target, task)
    assert (seen.failure, seen.reason) == (Failure.LOST, "its process vanished without an exit code")
    assert (folder.is_dir(), (folder / "stores.json").exists()) == (True, False)
    assert not any(process_files.AttemptFiles(folder).has_made(one.pid) for one in table.every() if not one.ended)


CATCHES = """\
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("good bye", flush=True), sys.exit(0)))
open("begun", "w").close()
while True:
    time.sleep(0.02)
"""


def test_a_bootstrap_that_is_stopped_keeps_its_last_words(in_bucket: BucketBench) -> None:
    target, task = in_bucket.target(), in_bucket.assign(CATCHES, command=(Interpreter(), "script.py"), outputs=())
    target.start(task)
    seen = running(target, task)
    wait_for((Path(seen.uid) / "code" / "begun").exists)
    records.cancel(in_bucket.store, task.id.run)
    target.begin_stop(task.id, seen.uid)
    target.stop(task.id, seen.uid)
    record = records.record_of(in_bucket.store, task.id)
    assert record is not None
    assert (record.failure, in_bucket.log(task)) == (Failure.CANCELED, "good bye\n")
    assert target.observe(b.RUN) == {}


def test_an_interpreter_that_is_gone_is_named(in_bucket: BucketBench) -> None:
    target, task = in_bucket.target(), in_bucket.assign(SCRIPT, environment="/nowhere/python")
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.reason) == (Failure.IMAGE, "its interpreter /nowhere/python cannot be started")
    assert "/nowhere/python" in seen.tail


def test_keys_that_cannot_be_read_are_told(in_bucket: BucketBench) -> None:
    def unreadable() -> StepStores:
        raise BadInput("the credentials file keys.json cannot be used")

    target, task = in_bucket.target(), in_bucket.task("succeeds")
    target.bootstraps = in_bucket.bootstraps(unreadable)
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, in_bucket.executions(task)) == (Failure.REFUSED, 0)
    assert "keys.json cannot be used" in seen.reason


def test_the_commit_of_an_earlier_attempt_is_told_as_its_own(local: ProcessBench) -> None:
    task = local.task("succeeds", attempt=2)
    records.finish(local.store, local.task("succeeds"), b.record())
    target = local.target()
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.attempt) == (Phase.SUCCEEDED, 1)
    assert local.executions(task) == 0


def test_an_attempt_whose_assignment_a_power_failure_took_is_not_known(local: ProcessBench) -> None:
    first, task = local.target(), local.task("succeeds")
    first.start(task)
    ended(first, task)
    first.close()
    local.store.put(task.id.assignment, b"")
    assert local.target().observe(b.RUN) == {}


@pytest.mark.parametrize("known", [True, False])
def test_an_attempt_whose_assignment_was_changed_ends_and_says_so(local: ProcessBench, known: bool) -> None:
    """The later controller sees it first, or starts it first; with another task than the one that runs."""
    first, task = local.target(), local.task("hangs")
    first.start(task)
    running(first, task)
    first.close()
    other = replace(task, outputs=(b.output("elsewhere"),))
    local.store.put(task.id.assignment, canonical_json(to_document(other)))
    second = local.target()
    if known:
        assert second.observe(b.RUN) == {}
    else:
        second.start(other)
        assert second.observe(b.RUN)[task.id].failure is Failure.INPUT
    record = records.record_of(local.store, task.id)
    assert record is not None
    assert record.failure is Failure.INPUT
    assert f"the assignment {task.id.assignment!r} was changed" in record.reason
    assert not process_files.AttemptFiles(local.folder / "work" / b.RUN / "hangs.1").alive()
    assert records.committed(local.store, task.id) is None


def test_a_later_controller_sees_what_runs(bench: Bench) -> None:
    first, task = bench.target(), bench.task("hangs")
    uid = first.start(task)
    running(first, task)
    first.close()
    second = bench.target()
    assert second.begun(task.id) == task.digest
    assert second.begun(replace(task.id, attempt=7)) == ""
    assert second.observe(b.RUN)[task.id].phase is Phase.RUNNING
    assert second.start(task) == uid
    second.stop(task.id, uid)
    assert second.observe(b.RUN) == {}
    assert bench.executions(task) <= 1


def test_a_later_controller_sees_what_has_ended(bench: Bench) -> None:
    first, task = bench.target(), bench.task("succeeds")
    first.start(task)
    ended(first, task)
    second = bench.target()
    assert ended(second, task).phase is Phase.SUCCEEDED
    assert bench.executions(task) == 1


@pytest.mark.parametrize("begun", [False, True], ids=["at once", "begun before"])
def test_what_is_stopped_is_gone(bench: Bench, *, begun: bool) -> None:
    target, task = bench.target(), bench.task("hangs")
    uid = target.start(task)
    running(target, task)
    if begun:
        target.begin_stop(task.id, uid)
    target.stop(task.id, uid)
    assert target.observe(b.RUN) == {}
    target.stop(task.id, uid)
    bench.target().stop(task.id, uid)
    assert records.committed(bench.store, task.id) is None


def test_what_is_removed_is_forgotten(bench: Bench) -> None:
    target, task = bench.target(), bench.task("succeeds")
    uid = target.start(task)
    ended(target, task)
    target.remove(task.id, uid)
    until(target, task, lambda seen: seen is None)
    target.remove(task.id, uid)
    target.finish(b.RUN)
    target.finish(b.RUN)
    assert bench.target().observe(b.RUN) == {}


def test_runs_do_not_see_each_other(bench: Bench) -> None:
    target = bench.target()
    mine, other = bench.task("succeeds"), bench.task("succeeds", run="20260102t030405679z-bbbbbbbbbbbbbbbb")
    target.start(mine)
    target.start(other)
    assert set(target.observe(mine.id.run)) == {mine.id}
    ended(target, mine)
    ended(target, other)
    target.finish(mine.id.run)
    assert set(bench.target().observe(other.id.run)) == {other.id}


def test_a_committed_step_does_not_run_again(bench: Bench) -> None:
    target, first, second = bench.target(), bench.task("succeeds"), bench.task("succeeds", 2)
    target.start(first)
    ended(target, first)
    target.start(second)
    seen = ended(target, second)
    assert seen.phase is Phase.SUCCEEDED
    commit = records.committed(bench.store, second.id)
    assert commit is not None
    assert (commit.attempt, seen.outputs) == (1, commit.outputs)
    assert bench.executions(second) == 0


def test_an_attempt_does_not_run_again_once_removed(bench: Bench) -> None:
    target, task = bench.target(), bench.task("fails")
    uid = target.start(task)
    ended(target, task)
    target.remove(task.id, uid)
    target.start(task)
    assert ended(target, task).failure is Failure.USER
    assert bench.executions(task) == 1


def test_nothing_starts_in_a_canceled_run(bench: Bench) -> None:
    target, task = bench.target(), bench.task("succeeds")
    records.cancel(bench.store, b.RUN)
    target.start(task)
    assert ended(target, task).phase is Phase.FAILED
    assert bench.executions(task) == 0


def test_it_can_be_used_at_once(bench: Bench) -> None:
    target = bench.target()
    assert target.problems() == ()
    assert target.capacity >= 1
    assert target.observe(b.RUN) == {}


def test_it_says_how_steps_get_their_inputs(bench: Bench) -> None:
    access = bench.target().data_access()
    assert access.mounts == bool(access.driver)
    assert access.most_mounts >= 1


# Local processes alone.


def test_it_knows_the_room_for_inputs(local: ProcessBench) -> None:
    room = local.target().data_access().free_bytes
    assert room is not None
    assert 0 < room <= shutil.disk_usage(local.folder).total


def test_waiting_ends_with_the_process(local: ProcessBench) -> None:
    target, task = local.target(), local.task("succeeds")
    target.start(task)
    returning(lambda: target.wait(3600))
    assert target.observe(b.RUN)[task.id].phase is Phase.SUCCEEDED


def test_an_attempt_whose_wrapper_never_started_is_lost(local: ProcessBench) -> None:
    task = local.task("succeeds")
    (local.folder / "work" / b.RUN / "succeeds.1").mkdir(parents=True)
    target = local.target()
    seen = target.observe(b.RUN)[task.id]
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.UNSTARTED, True)
    assert target.start(task) == seen.uid
    assert local.executions(task) == 0


def test_an_attempt_that_was_given_up_stays_so(local: ProcessBench) -> None:
    """The controller that gave it up was killed before it could journal that."""
    task = local.task("succeeds")
    folder = local.folder / "work" / b.RUN / "succeeds.1"
    folder.mkdir(parents=True)
    (folder / process_files.GIVEN_UP).touch()
    seen = local.target().observe(b.RUN)[task.id]
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.UNSTARTED)


def test_starting_an_attempt_whose_wrapper_never_started_loses_it_too(local: ProcessBench) -> None:
    task = local.task("succeeds")
    (local.folder / "work" / b.RUN / "succeeds.1").mkdir(parents=True)
    target = local.target()
    target.start(task)
    assert ended(target, task).failure is Failure.UNSTARTED


def test_a_machine_without_a_shell_is_a_problem(local: ProcessBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (problem,) = local.target().problems()
    assert "POSIX shell" in problem.what


def test_a_store_that_takes_no_record_makes_another_attempt_follow(local: ProcessBench) -> None:
    target, task = local.target(), local.task("succeeds")
    in_the_way = local.store.path(task.id.record)
    (in_the_way / "x").mkdir(parents=True)
    (in_the_way / "x" / "file").touch()
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.retriable) == (Failure.STORE, True)


def test_folders_that_are_no_attempts_are_left_alone(local: ProcessBench) -> None:
    for name in ("notes", "a.b", "ghost.1"):
        (local.folder / "work" / b.RUN / name).mkdir(parents=True)
    assert local.target().observe(b.RUN) == {}


def test_attempts_of_another_target_are_left_to_it(local: ProcessBench) -> None:
    task = local.assign(SCRIPT, target="another")
    (local.folder / "work" / b.RUN / "a.1").mkdir(parents=True)
    assert local.target().observe(task.id.run) == {}


def test_the_tail_of_a_failure(local: ProcessBench) -> None:
    target, task = local.target(), local.task("fails")
    target.start(task)
    seen = ended(target, task)
    assert (seen.exit_code, seen.tail.splitlines()) == (1, ["hello fails", "no such luck"])
    assert local.log(task) == "hello fails\nno such luck\n"


def test_a_killed_script_is_explained(local: ProcessBench) -> None:
    target, task = local.target(), local.assign("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.exit_code, seen.retriable) == (Failure.USER, 137, False)
    assert "killed by signal 9" in seen.reason
    assert "memory" in seen.reason


def test_a_vanished_wrapper_is_lost_and_takes_its_script_along(local: ProcessBench) -> None:
    target, task = local.target(), local.task("hangs")
    target.start(task)
    wait_for(lambda: local.executions(task) == 1)
    wrapper = process_files.AttemptFiles(local.folder / "work" / b.RUN / "hangs.1").pid
    (script,) = Path(f"/proc/{wrapper}/task/{wrapper}/children").read_text().split()
    os.kill(wrapper, signal.SIGKILL)
    seen = ended(target, task)
    assert (seen.failure, seen.retriable) == (Failure.LOST, True)
    assert records.record_of(local.store, task.id) is None
    wait_for(lambda: not Path(f"/proc/{script}/cmdline").exists() or not Path(f"/proc/{script}/cmdline").read_bytes())


def test_a_stop_reaches_what_the_script_started(local: ProcessBench) -> None:
    script = (
        "import subprocess, sys, time, pathlib, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(os.environ['LEDGER']).write_text(f'{child.pid}')\n"
        "time.sleep(60)\n"
    )
    target, task = local.target(), local.assign(script)
    uid = target.start(task)
    wait_for(lambda: local.ledger.read_text() != "")
    target.stop(task.id, uid)
    child = Path(f"/proc/{local.ledger.read_text()}/cmdline")
    wait_for(lambda: not child.exists() or not child.read_bytes())


@pytest.mark.parametrize("environment", ["None", "{}"])
def test_a_stop_reaches_what_has_left_the_session(local: ProcessBench, environment: str) -> None:
    """A stopped attempt's data are deleted: nothing of it may go on, also no daemon, and no process held (SIGSTOP)."""
    script = (
        "import os, pathlib, signal, subprocess, sys, time\n"
        "daemon = 'import time; time.sleep(60)'\n"
        f"child = subprocess.Popen([sys.executable, '-c', daemon], start_new_session=True, env={environment})\n"
        "pathlib.Path(os.environ['LEDGER']).write_text(f'{child.pid}')\n"
        "os.kill(os.getpid(), signal.SIGSTOP)\n"
    )
    target, task = local.target(), local.assign(script)
    uid = target.start(task)
    wait_for(lambda: local.ledger.read_text() != "")
    target.stop(task.id, uid)
    target.finish(b.RUN)
    child = Path(f"/proc/{local.ledger.read_text()}/cmdline")
    wait_for(lambda: not child.exists() or not child.read_bytes())
    assert not Path(uid).exists()


def test_how_long_it_runs_is_told_by_a_clock_that_rests_with_the_machine(local: ProcessBench) -> None:
    """Eight hours asleep are none; and a controller that comes later knows as much as the first."""
    now = [100.0]
    first, task = local.target(), local.task("hangs")
    first.monotonic = lambda: now[0]
    first.start(task)
    assert running(first, task).elapsed == 0
    state = local.folder / "work" / b.RUN / "hangs.1" / process_files.STATE
    state.write_text(re.sub(r"(begun \S+ \S+) \S+", r"\1 0.0", state.read_text()))  # half a century ago by the wall
    now[0] += 5
    assert first.observe(b.RUN)[task.id].elapsed == 5
    second = local.target()
    second.monotonic = lambda: now[0] + 1
    assert second.observe(b.RUN)[task.id].elapsed == 6
    assert all(seen.phase is Phase.RUNNING for seen in second.observe(b.RUN).values())


def test_a_kill_for_want_of_memory_is_no_fault_of_the_scripts(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel counts such kills for the machine as a whole; together with SIGKILL that says enough."""
    counted = iter(range(9))
    monkeypatch.setattr(process_files, "oom_kills", lambda: next(counted))
    target, task = local.target(), local.assign("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n")
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.reason) == (Failure.OOM, "OOMKilled: its machine has no more memory")
    assert "--max-parallel" in seen.remedy


def test_of_two_attempts_that_end_well_one_leaves_its_outputs(local: ProcessBench) -> None:
    """A zombie: it was given up, and ends after the attempt that followed."""
    script = SCRIPT.replace('while what == "hangs":', 'while not os.path.exists("go"):')
    command = (Interpreter(), "script.py", "succeeds", OutputPath("out"))
    target = local.target()
    first, second = (local.assign(script, "a", number, command=command) for number in (1, 2))
    for task in (first, second):
        target.start(task)
    go = [local.folder / "work" / b.RUN / f"a.{number}" / "code" / "go" for number in (1, 2)]
    go[1].touch()
    assert ended(target, second).attempt == 2
    go[0].touch()
    assert ended(target, first).attempt == 2
    left = [info.key for info in local.store.list("azureml/")]
    assert left == [f"azureml/{b.RUN}.a.2/out/data.txt"]


class Full(DirectoryStore):
    """A folder on a disk that is full by times."""

    full = False

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        if self.full:
            raise StoreUnreachable("cannot write it: make room on that disk") from OSError(errno.ENOSPC, "full")
        return super().put_if_absent(key, data)


class Gated(DirectoryStore):
    """A folder that lets nobody commit before it is told to."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, durable=False)
        self.asked, self.open = threading.Event(), threading.Event()

    @override
    def put_if_absent(self, key: str, data: bytes) -> bool:
        self.asked.set()
        assert self.open.wait(PATIENCE)
        return super().put_if_absent(key, data)


def test_a_stop_leaves_alone_what_is_just_being_committed(local: ProcessBench) -> None:
    """Else the run would be told of no commit, and an output that lies in the attempt's folder would lose files."""
    target, task = local.target(), local.task("succeeds")
    store = Gated(local.folder / "store")
    target.store = store
    target.start(local.task("hangs"))  # so that the end of the other is taken up in a thread
    uid = target.start(task)
    until(target, task, lambda _: store.asked.is_set())
    stopping = threading.Thread(target=target.stop, args=(task.id, uid))
    stopping.start()
    stopping.join(0.3)
    assert stopping.is_alive()
    store.open.set()
    stopping.join(PATIENCE)
    commit = records.committed(local.store, task.id)
    assert commit is not None
    assert set(commit.outputs) == {"out"}
    assert task.id not in target.observe(b.RUN)


def test_an_end_that_a_full_disk_does_not_take_is_told_when_there_is_room(local: ProcessBench) -> None:
    target, task = local.target(), local.task("succeeds")
    store = Full(local.folder / "store", durable=False)
    target.store = store
    target.start(task)
    store.full = True
    seen = until(target, task, lambda one: one is not None and "make room" in one.reason)
    assert seen is not None
    assert (seen.phase, seen.elapsed) == (Phase.RUNNING, None)
    store.full = False
    assert ended(target, task).phase is Phase.SUCCEEDED
    assert local.executions(task) == 1


def test_a_disk_without_room_for_a_step_is_waited_for(local: ProcessBench, monkeypatch: pytest.MonkeyPatch) -> None:
    target, task = local.target(), local.task("succeeds")

    def full(path: Path, **_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", full)
        with pytest.raises(TargetUnreachable, match="make room"):
            target.start(task)
    assert target.observe(b.RUN) == {}
    target.start(task)
    assert ended(target, task).phase is Phase.SUCCEEDED


def leaving(local: ProcessBench, way: str, *gate: str, key: str = "a") -> Task:
    """A task whose script leaves a process that writes on into its output, and ends when there is a file `gate`."""
    return local.assign(LEAVES, key, command=(Interpreter(), "script.py", way, OutputPath("out"), *gate))


def assert_committed_as_it_is(local: ProcessBench, seen: Observation) -> None:
    """The output's files are what its manifest says, nobody writes to them any more, and a warning says so."""
    assert seen.phase is Phase.SUCCEEDED, seen
    assert any("killed before the outputs were read" in line for line in seen.warnings)
    ref = seen.outputs["out"]
    entries = manifest.load(local.store, ref.digest).entries
    writer = int(local.store.get(f"{ref.key}/pid"))
    found = table.of(writer)
    assert found is None or found.ended, f"{found} still runs"
    assert {"pid", "data.txt"} <= {entry.path for entry in entries}
    for entry in entries:
        assert digest_of_file(local.store.path(f"{ref.key}/{entry.path}")) == entry.digest, entry.path


@pytest.mark.parametrize("way", WAYS)
def test_what_the_script_leaves_running_ends_with_it(local: ProcessBench, way: str) -> None:
    target, task = local.target(), leaving(local, way)
    target.start(task)
    assert_committed_as_it_is(local, ended(target, task))


@pytest.mark.parametrize("way", ["a daemon", "a daemon without environment"])
def test_what_the_script_of_an_earlier_controller_left_running_ends_with_it(local: ProcessBench, way: str) -> None:
    """Its orphans were adopted by the first process of the machine: they are looked for among all processes."""
    gate = local.folder / "gate"
    task = leaving(local, way, str(gate))
    place, work, carried = local.folder / "store", local.folder / "work", local.carried
    start = f"""
from pathlib import Path
from runner.compute.process.bootstrap import Bootstraps
from runner.compute.process.target import ProcessTarget
from runner.storage.directory import DirectoryStore
from runner.runs import records
store = DirectoryStore(Path({str(place)!r}), durable=False)
work, carried = Path({str(work)!r}), Path({str(carried)!r})
target = ProcessTarget(name={b.TARGET!r}, store=store, datastores=lambda _: store, work=work, tree=lambda: carried)
target.start(records.assignment(store, {task.id.assignment!r}))
"""
    subprocess.run([sys.executable, "-c", start], check=True)
    target = local.target()
    target.start(task)
    gate.touch()
    assert_committed_as_it_is(local, ended(target, task))


def test_a_script_whose_output_is_masked_leaves_nothing_running(local: ProcessBench) -> None:
    target, task = local.target(), leaving(local, "a daemon without environment")
    target.secrets = {"KEY": SecretSource(env="A_VARIABLE_THAT_IS_NOT_SET")}
    target.start(task)
    assert_committed_as_it_is(local, ended(target, task))


def test_a_neighbour_is_left_alone(local: ProcessBench) -> None:
    """Each step has a mark of its own: what another one runs, in whatever session, goes on."""
    gate = local.folder / "gate"
    target, second = local.target(), leaving(local, "a daemon")
    first = leaving(local, "a daemon without environment", str(gate), key="b")
    target.start(first)
    pid = local.store.path(f"{first.outputs[0].key}/pid")
    wait_for(pid.exists)
    target.start(second)
    assert_committed_as_it_is(local, ended(target, second))
    found = table.of(int(pid.read_text()))
    assert found is not None
    assert not found.ended
    gate.touch()
    assert_committed_as_it_is(local, ended(target, first))


def test_a_process_that_cannot_be_ended_fails_the_step(local: ProcessBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of another user's, say: its outputs may change at any time."""
    monkeypatch.setattr(
        process_leftovers,
        "end",
        lambda *_, **__: Leftovers(left=(Process(pid=12, name="sudo", state="S", parent=1, group=12, threads=1),)),
    )
    target, task = local.target(), local.task("succeeds")
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.INPUT)
    assert "cannot be ended: 12 (sudo)" in seen.reason


def test_outputs_are_described(local: ProcessBench) -> None:
    script = (
        "import os, sys\n"
        "folder, lone, made, never = sys.argv[1:]\n"
        "assert not os.path.exists(folder) and os.path.isdir(made), 'only what is_directory says is made'\n"
        "os.makedirs(folder + '/deep')\n"
        "open(folder + '/deep/a', 'w').write('aa')\n"
        "open(folder + '/b', 'w').close()\n"
        "open(lone, 'w').write('lone')\n"
        "open(made + '/c', 'w').write('c')\n"
    )
    names = ("folder", "lone", "made", "never")
    task = local.assign(
        script,
        command=(Interpreter(), "script.py", *map(OutputPath, names)),
        outputs=tuple(b.output(name, folder=name == "made") for name in names),
    )
    target = local.target()
    target.start(task)
    seen = ended(target, task)
    assert seen.phase is Phase.SUCCEEDED, (seen.reason, seen.tail)
    described = {name: manifest.load(local.store, seen.outputs[name].digest) for name in names}
    assert [(one.path, one.size) for one in described["folder"].entries] == [("b", 0), ("deep/a", 2)]
    assert (described["lone"].kind, described["lone"].bytes) == (Kind.FILE, 4)
    assert [one.path for one in described["made"].entries] == ["c"]
    assert (described["never"].kind, described["never"].entries) == (Kind.FOLDER, ())
    assert seen.warnings == ("output 'never' was never written: it is empty",)
    assert local.store.get(f"{seen.outputs['folder'].key}/deep/a") == b"aa"
    assert local.store.get(seen.outputs["lone"].key) == b"lone"


@pytest.mark.parametrize("mode", [Mode.MOUNT, Mode.UPLOAD])
def test_what_is_left_beside_an_output_is_named(local: ProcessBench, mode: Mode) -> None:
    """``out + "table.csv"`` lands beside the folder, where v1's mount would have kept it."""
    script = "import sys\nfor name in ('table.csv', 'b.csv'):\n    open(sys.argv[1] + name, 'w').write('1')\n"
    outputs = (b.output("out", mode=mode, folder=True), b.output("out2", mode=mode, folder=True))
    target, task = local.target(), local.assign(script, outputs=outputs, command=WRITES)
    target.start(task)
    seen = ended(target, task)
    assert seen.phase is Phase.SUCCEEDED, seen
    (warning,) = seen.warnings
    assert "nothing is kept: outb.csv, outtable.csv" in warning
    assert 'os.path.join(out, "b.csv"), not out + "b.csv"' in warning


def test_what_is_left_beside_a_path_of_the_steps_choice_is_named(local: ProcessBench) -> None:
    """Of what else lies there, the working directory's own files, nothing is said."""
    script = (
        "import os, sys\nopen(sys.argv[1] + '.csv', 'w').write('1')\nopen('scratch', 'w').write('1')\n"
        "os.mkdir('made-by-the-script')\nopen(os.path.join(sys.argv[1], 'kept'), 'w').write('1')\n"
    )
    output = b.output("out", mode=Mode.UPLOAD, folder=True, path_on_compute="script")
    target, task = local.target(), local.assign(script, outputs=(output,), command=WRITES)
    target.start(task)
    seen = ended(target, task)
    assert seen.phase is Phase.SUCCEEDED, seen
    (warning,) = seen.warnings
    assert "nothing is kept: script.csv;" in warning


def test_globs_that_fit_no_file_are_told(local: ProcessBench) -> None:
    script = "import os, sys\nopen(os.path.join(sys.argv[1], 'a.txt'), 'w').write('1')\n"
    outputs = (b.output("out", folder=True, globs=("*.csv",)),)
    target, task = local.target(), local.assign(script, outputs=outputs, command=WRITES)
    target.start(task)
    assert ended(target, task).warnings == ("output 'out' is empty: none of its 1 files fits *.csv",)


WRITES = (Interpreter(), "script.py", OutputPath("out"))


@pytest.mark.parametrize("mode", [Mode.MOUNT, Mode.UPLOAD])
def test_empty_folders_come_along_and_what_cannot_be_kept_is_named(local: ProcessBench, mode: Mode) -> None:
    script = (
        "import os, sys\n"
        "os.makedirs(sys.argv[1] + '/for/later')\n"
        "os.mkfifo(sys.argv[1] + '/pipe')\n"
        "os.symlink('nowhere', sys.argv[1] + '/link')\n"
        "os.mkfifo('logs/pipe')\n"
    )
    target, task = local.target(), local.assign(script, outputs=(b.output("out", mode=mode),), command=WRITES)
    target.start(task)
    seen = ended(target, task)
    assert seen.phase is Phase.SUCCEEDED, seen
    why = "not kept, since it is neither a file nor a folder"
    assert seen.warnings == (
        f"output 'out': {why}: link (a link that leads nowhere), pipe (a named pipe)",
        f"logs/: {why}: pipe (a named pipe)",
    )
    given = b.binding("in", ref=seen.outputs["out"])
    reader = local.assign(
        "import os, sys\nassert os.listdir(sys.argv[1]) == ['for'], os.listdir(sys.argv[1])\n"
        "assert os.path.isdir(sys.argv[1] + '/for/later')\n",
        "b",
        inputs=(given,),
        outputs=(),
        command=(Interpreter(), "script.py", InputPath("in")),
    )
    target.start(reader)
    done = ended(target, reader)
    assert done.phase is Phase.SUCCEEDED, done.tail


@pytest.mark.parametrize("code", [0, 5])
def test_artifacts_and_reports_are_kept_whatever_the_end(local: ProcessBench, code: int) -> None:
    script = (
        "import os, sys\n"
        "open('outputs/model.bin', 'w').write('m')\n"
        "open('logs/train.log', 'w').write('l')\n"
        "reports = os.path.join(os.environ['RUNNER_STEP'], 'reports')\n"
        "open(os.path.join(reports, 'metrics.jsonl'), 'w').write('{}\\n')\n"
        f"sys.exit({code})\n"
    )
    target, task = local.target(), local.assign(script, outputs=(), command=(Interpreter(), "script.py"))
    target.start(task)
    ended(target, task)
    record = records.record_of(local.store, task.id)
    assert record is not None
    assert record.artifacts == ("outputs/model.bin", "logs/train.log")
    assert record.reports == ("metrics.jsonl",)
    assert local.store.get(f"{task.id.artifacts}outputs/model.bin") == b"m"
    assert local.store.get(f"{task.id.reports}metrics.jsonl") == b"{}\n"


def test_reports_of_an_attempt_that_is_not_there_are_no_error(bench: Bench) -> None:
    bench.target().keep_reports(bench.task("succeeds").id)


REPORTING = """
import os, time
reports = os.path.join(os.environ['RUNNER_STEP'], 'reports', 'metrics.jsonl')
for number in (1, 2):
    open(reports, 'a').write(f'{{"name": "m", "value": {number}}}\\n')
    while not os.path.exists(f'{os.environ["GATE"]}-{number}'):
        time.sleep(0.01)
"""


def test_reports_can_be_kept_while_the_script_runs(local: ProcessBench) -> None:
    gate = local.folder / "gate"
    task = local.assign(REPORTING, outputs=(), command=(Interpreter(), "script.py"), variables={"GATE": str(gate)})
    target = local.target()
    target.keep_reports(task.id)  # of an attempt that is not there
    target.start(task)
    running(target, task)
    key = f"{task.id.reports}metrics.jsonl"
    lines = [b'{"name": "m", "value": 1}\n', b'{"name": "m", "value": 1}\n{"name": "m", "value": 2}\n']

    def kept(*wanted: bytes) -> bool:
        target.keep_reports(task.id)
        return local.store.stat(key) is not None and local.store.get(key) in wanted

    wait_for(lambda: kept(lines[0]))
    before = local.store.stat(key)
    target.keep_reports(task.id)
    assert local.store.stat(key) == before, "nothing has changed"
    (local.folder / "gate-1").touch()
    wait_for(lambda: kept(lines[1]))
    later = local.target()  # another controller's
    later.observe(task.id.run)
    later.keep_reports(task.id)
    (local.folder / "gate-2").touch()
    ended(target, task)
    local.store.put(key, b"final")
    target.keep_reports(task.id)
    assert local.store.get(key) == b"final", "the end has stored all"


def test_names_that_no_store_takes_fail_the_step_and_not_the_controller(local: ProcessBench) -> None:
    script = "import os, sys\nos.makedirs(sys.argv[1])\nopen(os.fsencode(sys.argv[1]) + b'/\\xff', 'w').close()\n"
    target, task = local.target(), local.assign(script, command=(Interpreter(), "script.py", OutputPath("out")))
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.retriable) == (Failure.INPUT, False)
    assert "outputs cannot be taken" in seen.reason


def reader(local: ProcessBench, script: str, key: str = "a") -> Task:
    """A task whose script gets the path of its one input, a file of 100 bytes."""
    local.store.put("data/raw", b"r" * 100)
    pinned = dataset.pin(
        local.store, lambda _name: local.store, (DatastorePath("workspaceblobstore", "data/raw"),), "input"
    )
    return local.assign(
        script,
        key,
        inputs=(b.binding("raw", ref=pinned),),
        outputs=(),
        command=(Interpreter(), "script.py", InputPath("raw")),
    )


ALTER = "import os, sys\nos.chmod(sys.argv[1], 0o644)\nopen(sys.argv[1], 'a').write('x')\n"
READ = "import sys\nassert len(open(sys.argv[1]).read()) == 100\n"


def test_a_small_input_is_the_scripts_own(local: ProcessBench) -> None:
    target, task = local.target(copy_limit=1000), reader(local, ALTER)
    task = reassigned(local, task, task.inputs[0].ref, Mode.DOWNLOAD)
    target.start(task)
    assert ended(target, task).phase is Phase.SUCCEEDED
    assert local.store.get("data/raw") == b"r" * 100


def committed_input(local: ProcessBench) -> DataRef:
    """What `reader` reads, as an earlier step's output."""
    (local.folder / "raw").write_bytes(b"r" * 100)
    described = manifest.describe(local.folder / "raw")
    etag = integrity.etag_of(local.store, "data/raw", described.entries)
    return replace(b.ref("data/raw"), digest=manifest.save(local.store, described), files=1, bytes=100, etag=etag)


def reassigned(local: ProcessBench, task: Task, ref: DataRef, mode: Mode = Mode.MOUNT) -> Task:
    changed = replace(task, inputs=(replace(task.inputs[0], ref=ref, mode=mode),))
    local.store.put(task.id.assignment, canonical_json(to_document(changed)))
    return changed


SPOIL = """\
import os, sys
path = os.path.realpath(sys.argv[1])
os.chmod(path, 0o666)
with open(path, "r+") as file:
    file.write("x")
"""


@pytest.mark.parametrize("pinned", ["etag", "digest"])
def test_a_script_cannot_change_a_large_input(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch, pinned: str
) -> None:
    """Whoever runs it: these tests run as root as well, for whom no mode is a hindrance."""
    monkeypatch.setattr(process, "STAGE_BESIDE", 10)
    monkeypatch.setattr(trees, "READ_AGAIN", 10)
    target, task = local.target(copy_limit=10), reader(local, SPOIL)
    if pinned == "digest":
        task = reassigned(local, task, committed_input(local))
    target.start(task)
    seen = ended(target, task)
    assert local.store.get("data/raw") == b"r" * 100, seen
    later = reader(local, READ, "later")
    target.start(later)
    assert ended(target, later).phase is Phase.SUCCEEDED


@pytest.fixture
def _blocks_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system whose copies take room."""
    monkeypatch.setattr(process_staging, "shares_blocks", lambda _source, _folder: False)


LOOK = """\
import os, sys
path = sys.argv[1]
assert len(open(path).read()) == 100
assert open(os.path.join(os.path.dirname(os.path.realpath(path)), "beside"), "w").write("x")
print("LINK", os.path.islink(path))
for change in (lambda: open(path, "a"), lambda: os.chmod(os.path.realpath(path), 0o777), lambda: os.truncate(path, 0),
               lambda: os.unlink(os.path.realpath(path)), lambda: os.rename(os.path.realpath(path), "here")):
    try:
        change()
    except OSError:
        continue
    sys.exit("it can be changed")
"""


@pytest.mark.usefixtures("_blocks_apart")
@pytest.mark.parametrize("pinned", ["etag", "digest"])
def test_a_script_reads_a_large_input_in_a_view_that_it_cannot_alter(local: ProcessBench, pinned: str) -> None:
    needs_namespaces()
    target, task = local.target(copy_limit=10), reader(local, LOOK)
    if pinned == "digest":
        task = reassigned(local, task, committed_input(local))
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.tail) == (Phase.SUCCEEDED, "")
    assert "LINK True" in local.log(task)
    assert local.store.get("data/raw") == b"r" * 100
    local.store.put("data/raw", b"s" * 100)  # nobody else is kept from it


@pytest.mark.usefixtures("_blocks_apart")
def test_a_large_input_that_changes_while_it_is_read_in_a_view_fails_the_step(local: ProcessBench) -> None:
    needs_namespaces()
    target, task = local.target(copy_limit=10), reader(local, WAITS + "\n")
    task = replace(task, outputs=b.task().outputs, command=(Interpreter(), "script.py", OutputPath("out")))
    task = reassigned(local, task, committed_input(local))
    target.start(task)
    code = Path(running(target, task).uid) / "code"
    wait_for((code / "begun").exists)
    local.store.put("data/raw", b"s" * 100)
    (code / "go").touch()
    seen = ended(target, task)
    assert (seen.failure, "was changed by another program while the step read it" in seen.reason) == (
        Failure.INPUT,
        True,
    )


@pytest.mark.usefixtures("_blocks_apart")
@pytest.mark.parametrize("why", ["its own copy", "no views", "an output lies there"])
def test_a_large_input_is_copied_where_a_view_would_not_do(local: ProcessBench, why: str) -> None:
    target, task = (
        local.target(copy_limit=10),
        reader(local, "import os, sys\nprint('LINK', os.path.islink(sys.argv[1]))"),
    )
    if why == "no views":
        target.views = lambda: False
    if why == "its own copy":
        task = reassigned(local, task, task.inputs[0].ref, Mode.DOWNLOAD)
    if why == "an output lies there":
        output = replace(b.task().outputs[0], key="data/raw/out")
        task = replace(task, outputs=(output,))
        assert target._staging.protected(task) == ()
        return
    target.start(task)
    assert ended(target, task).phase is Phase.SUCCEEDED
    assert "LINK False" in local.log(task)


def test_a_large_input_is_brought_while_the_controller_goes_on(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STAGE_BESIDE", 10)
    go, download = threading.Event(), local.store.download

    def slow(key: str, path: Path) -> None:
        assert go.wait(20)
        download(key, path)

    monkeypatch.setattr(local.store, "download", slow)
    target, task, other = local.target(), reader(local, READ), local.task("succeeds")
    target.start(task)
    target.start(other)
    assert ended(target, other).phase is Phase.SUCCEEDED
    seen = target.observe(b.RUN)[task.id]
    assert (seen.phase, seen.reason) == (Phase.PENDING, "0.0 GB of inputs are being copied")
    go.set()
    seen = ended(target, task)
    assert (seen.phase, seen.reason) == (Phase.SUCCEEDED, "")


def test_a_step_that_is_stopped_while_its_inputs_are_brought_never_starts(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "STAGE_BESIDE", 10)
    go, download = threading.Event(), local.store.download

    def slow(key: str, path: Path) -> None:
        assert go.wait(20)
        download(key, path)

    monkeypatch.setattr(local.store, "download", slow)
    target, task = local.target(), reader(local, f"open({str(local.folder / 'ran')!r}, 'w')")
    uid = target.start(task)
    target.stop(task.id, uid)
    go.set()
    target._threads.stagers.shutdown()
    target.observe(b.RUN)
    target.finish(b.RUN)
    assert not (local.folder / "ran").exists()
    assert not (local.folder / "work" / b.RUN).exists()


def test_there_must_be_room_for_a_large_input(local: ProcessBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=99))
    monkeypatch.setattr(process_staging, "shares_blocks", lambda _source, _folder: False)
    target, task = local.target(copy_limit=10), reader(local, READ)
    target.views = lambda: False
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.retriable) == (Failure.INPUT, False)
    assert "input 'raw' has 0.0 GiB, and 0.0 GiB are free in " in seen.reason
    monkeypatch.setattr(process_staging, "shares_blocks", lambda _source, _folder: True)
    other = reader(local, READ, "other")
    target.start(other)
    assert ended(target, other).phase is Phase.SUCCEEDED


def test_a_large_input_that_a_script_may_write_into_is_a_copy_if_there_is_room(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_staging, "_is_safe", lambda _path: True)
    target, task = local.target(copy_limit=10), reader(local, SPOIL)
    task = replace(task, inputs=(replace(task.inputs[0], writable=True),))
    local.store.put(task.id.assignment, canonical_json(to_document(task)))
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.warnings) == (
        Phase.SUCCEEDED,
        ("input 'raw': raw written to workspaceblobstore/data/raw",),
    )
    assert local.store.get("data/raw") == b"x" + b"r" * 99
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=99))
    monkeypatch.setattr(process_staging, "shares_blocks", lambda _source, _folder: False)
    later = reader(local, SPOIL, "later")
    later = replace(later, inputs=(replace(later.inputs[0], writable=True),))
    local.store.put(later.id.assignment, canonical_json(to_document(later)))
    target.start(later)
    seen = ended(target, later)
    assert (seen.failure, seen.retriable) == (Failure.INPUT, False)
    assert "are free in " in seen.reason


@pytest.mark.parametrize("changed", [False, True])
def test_a_large_input_that_another_user_keeps_safe_is_linked(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch, *, changed: bool
) -> None:
    monkeypatch.setattr(process_staging, "_is_safe", lambda _path: True)
    script = "import os, sys\nassert os.path.islink(sys.argv[1])\n" + (SPOIL if changed else READ)
    target, task = local.target(copy_limit=10), reader(local, script)
    target.start(task)
    seen = ended(target, task)
    if changed:  # by the script here, which in truth cannot
        assert seen.failure is Failure.INPUT
        assert "input 'raw' (data/raw) was changed by another program while the step read it" in seen.reason
        assert records.committed(local.store, task.id) is None
    else:
        assert seen.phase is Phase.SUCCEEDED, (seen.reason, seen.tail)


@pytest.mark.parametrize(
    ("user", "writable", "safe"), [(0, False, False), (1234, False, True), (1234, True, False), (None, False, False)]
)
def test_a_file_is_safe_if_its_owner_is_another_and_neither_it_nor_its_folder_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int | None, *, writable: bool, safe: bool
) -> None:
    (tmp_path / "raw").touch()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid if user is None else user)
    monkeypatch.setattr(os, "access", lambda path, _mode: writable and Path(path) == tmp_path)
    assert process_staging._is_safe(tmp_path / "raw") is safe
    assert not process_staging._is_safe(tmp_path / "none" / "raw")


def test_an_output_may_be_linked_from_an_input(local: ProcessBench) -> None:
    """The work folder is deleted with the run; the output stays."""
    local.store.put("data/raw", b"r" * 100)
    pinned = dataset.pin(
        local.store, lambda _name: local.store, (DatastorePath("workspaceblobstore", "data/raw"),), "input"
    )
    script = "import os, sys\nos.symlink(sys.argv[1], sys.argv[2])\n"
    command = (Interpreter(), "script.py", InputPath("raw"), OutputPath("out"))
    target, task = local.target(), local.assign(script, inputs=(b.binding("raw", ref=pinned),), command=command)
    target.start(task)
    seen = ended(target, task)
    target.finish(b.RUN)
    assert local.store.get(seen.outputs["out"].key) == b"r" * 100


def test_a_path_on_compute_is_said_to_be_ignored(local: ProcessBench) -> None:
    outputs = (b.output("out", path_on_compute="/data/out"), b.output("plain"))
    target, task = local.target(), local.assign("", outputs=outputs, command=(Interpreter(), "script.py"))
    target.start(task)
    ended(target, task)
    assert local.log(task).startswith("runner: path_on_compute of 'out' is for clusters")


@pytest.mark.parametrize("others", [0, 2])
def test_an_end_that_cannot_be_taken_up_is_a_failure(local: ProcessBench, others: int) -> None:
    target, task = local.target(), local.task("succeeds")
    for number in range(others):
        target.start(local.task("hangs", number + 1))
    target.start(task)
    files = process_files.AttemptFiles(local.folder / "work" / b.RUN / "succeeds.1")
    wait_for(lambda: files.exit_code == 0)
    (files.folder / process_files.STATE).write_text("exit unknown\n")
    seen = ended(target, task)
    assert (seen.failure, seen.retriable) == (Failure.STORE, True)
    assert "runner failed to take up its end: ValueError" in seen.reason


def test_an_input_that_is_gone_is_the_stores_fault(local: ProcessBench) -> None:
    target, task = local.target(), reader(local, READ)
    local.store.delete("data/raw")
    target.start(task)
    seen = target.observe(b.RUN)[task.id]
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.STORE, True)


@pytest.mark.parametrize("argument", ["x" * 200_000, "a\0b"])
def test_what_the_system_refuses_to_start_fails_the_step(local: ProcessBench, argument: str) -> None:
    """One argument may have 128 KiB and no NUL (execve(2))."""
    target, task = local.target(), local.assign("", command=(Interpreter(), "script.py", argument))
    target.start(task)
    seen = target.observe(b.RUN)[task.id]
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.REFUSED, False)
    assert "cannot be started" in seen.reason


def test_a_missing_interpreter_is_said_in_the_tail(local: ProcessBench) -> None:
    target, task = local.target(), local.assign("", environment="/no/such/python")
    target.start(task)
    seen = ended(target, task)
    assert (seen.failure, seen.exit_code) == (Failure.USER, 127)
    assert "/no/such/python" in seen.tail


@pytest.mark.parametrize("of_the_step", [True, False])
def test_the_users_python_path_is_kept(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch, *, of_the_step: bool
) -> None:
    library = local.folder / "library"
    library.mkdir()
    (library / "mine.py").write_text("")
    variables = {"PYTHONPATH": str(library)} if of_the_step else {}
    monkeypatch.setenv("PYTHONPATH", "" if of_the_step else str(library))
    script = "import mine, azureml.core, os\nassert os.environ['RUNNER_STEP'] and os.path.exists('script.py')\n"
    task = local.assign(script, outputs=(), command=(Interpreter(), "script.py"), variables=variables)
    target = local.target()
    target.start(task)
    seen = ended(target, task)
    assert seen.phase is Phase.SUCCEEDED, (seen.reason, seen.tail)


def test_a_script_in_a_subfolder_imports_from_the_snapshots_root(local: ProcessBench) -> None:
    code = local.folder / f"code-a-1-{b.RUN}"
    files = {"steps/go.py": "from shared.tools import answer\nprint(answer)", "shared/tools.py": "answer = 42"}
    for name, text in files.items():
        (code / name).parent.mkdir(parents=True)
        (code / name).write_text(text)
    task = local.assign("", outputs=(), command=(Interpreter(), "steps/go.py"))
    target = local.target()
    target.start(task)
    assert ended(target, task).phase is Phase.SUCCEEDED
    assert local.log(task) == "42\n"


def test_an_end_that_was_recorded_but_not_committed_is_committed(local: ProcessBench) -> None:
    """A controller was killed between the two."""
    target, task = local.target(), local.task("succeeds")
    target.start(task)
    outputs = ended(target, task).outputs
    local.store.delete(task.id.commit)
    seen = ended(local.target(), task)
    assert (seen.phase, seen.outputs) == (Phase.SUCCEEDED, outputs)
    assert records.committed(local.store, task.id) is not None


def test_work_is_swept_and_results_stay(local: ProcessBench) -> None:
    target, task = local.target(), local.task("succeeds")
    uid = target.start(task)
    ended(target, task)
    assert Path(uid).is_dir()
    target.remove(task.id, uid)
    target.finish(b.RUN)
    assert not (local.folder / "work" / b.RUN).exists()
    assert "hello succeeds" in local.log(task)
    assert to_document(records.record_of(local.store, task.id))


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_step_finds_nothing_of_the_step_whose_work_folder_it_has(local: ProcessBench) -> None:
    """The folder is used again; what the earlier script made, changed and left there is not."""
    made = (
        "import os\nopen('stray.txt', 'w').write('a')\nopen('outputs/model', 'w').write('a')\nos.makedirs('pkg/deep')\n"
        "open('script.py', 'a').write('# changed')\nos.chmod('script.py', 0o700)\nos.rmdir('logs')\n"
    )
    found = (
        "import os\nfor at, folders, files in os.walk('..'):\n    print(at, *sorted(files))\n"
        "print(open('script.py').read().endswith('changed'), os.stat('script.py').st_mode & 0o777 != 0o700)\n"
    )
    target, first, second = local.target(), local.assign(made, "a"), local.assign(found, "b")
    uid = target.start(first)
    folder = Path(uid).stat().st_ino
    ended(target, first)
    target.remove(first.id, uid)
    wait_for(lambda: not Path(uid).exists())
    again = target.start(second)
    assert Path(again).stat().st_ino == folder
    assert ended(target, second).phase is Phase.SUCCEEDED
    lines = local.log(second).splitlines()
    assert lines[-1] == "False True"
    seen = {words[0]: words[1:] for words in map(str.split, lines[:-1]) if words[0].split("/")[:2] != ["..", "spare"]}
    assert {at: files for at, files in seen.items() if files} == {
        "..": ["inputs.json", "state"],
        "../code": ["script.py"],
        "../step": ["context.json"],
    }
    assert {"../code/outputs", "../code/logs", "../step/reports"} <= seen.keys()
    assert "../code/pkg" not in seen


def test_a_work_folder_in_which_a_process_is_left_is_not_used_again(
    local: ProcessBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = Leftovers(left=(Process(pid=12, name="sudo", state="S", parent=1, group=12, threads=1),))
    monkeypatch.setattr("runner.compute.process.leftovers.end", lambda *_, **__: left)
    target, task = local.target(), local.task("succeeds")
    uid = target.start(task)
    assert ended(target, task).failure is Failure.INPUT
    target.remove(task.id, uid)
    target.finish(b.RUN)
    assert not Path(uid).exists()
    assert not target._spare.take(local.folder / "work" / "next")
