"""The bootstraps of an attempt's workers, one after the other, with real scripts and a bucket in memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.step_bundle import archive
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.model.record import Failure
from runner.model.step import Interpreter, OutputPath
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.task import Task
from runner.model.termination import from_message
from runner.model.workers import COMPLETION_INDEX, STEP_FAILED, WorkerKind, Workers
from runner.runs import records
from runner.step import bootstrap, logs
from runner.step.sigterm import Stopped
from runner.step.worker_attempt import WorkerAttempt
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

SCRIPT = """\
import json, os, sys, time
index = int(os.environ.get("RUNNER_WORKER", "-1"))
print("here is", index, "of", os.environ["RUNNER_WORKERS"], os.environ.get("RUNNER_HOSTS", "alone"))
os.makedirs(sys.argv[1], exist_ok=True)
with open(os.path.join(sys.argv[1], f"part-{index}.txt"), "w") as out:
    out.write(f"part {index}")
for name in ("same.txt", f"own-{index}.txt"):
    with open(os.path.join("outputs", name), "w") as out:
        out.write("same")
with open("logs/lines.txt", "w") as out:
    out.write(f"line of {index}")
reports = os.path.join(os.environ["RUNNER_STEP"], "reports")
with open(os.path.join(reports, "metrics.jsonl"), "a") as out:
    time_ = f"2026-01-01T00:00:0{9 - index}.000Z"
    out.write(json.dumps({"name": "loss", "value": index, "kind": "scalar", "time": time_}) + chr(10))
"""
EXTRA = """\
if "RUNNER_EXTRA_OUTPUTS" in os.environ:
    with open(os.environ["RUNNER_EXTRA_OUTPUTS"], "w") as out:
        json.dump({"outputs": {"out": EXTRA}}, out)
"""


@dataclass
class Pods:
    """The containers of one attempt, each with a folder of its own."""

    folder: Path
    patch: pytest.MonkeyPatch

    def __post_init__(self) -> None:
        self.store = MemoryStore()
        self.log = self.folder / "log"
        self.patch.setattr(bootstrap, "TERMINATION_LOG", self.log)
        self.patch.setattr(bootstrap, "BucketStore", lambda *_: self.store)
        self.patch.setattr(sys, "argv", [str(self.folder / "step.pyz")])
        self.patch.setattr(logs, "PERIOD", 0.02)
        (self.folder / "step.pyz").write_bytes(archive())
        stores = self.folder / "stores.json"
        stores.write_text(json.dumps(to_document(StepStores(BucketEndpoint(bucket="bucket", endpoint="http://h")))))
        self.patch.setenv("RUNNER_STORES", str(stores))

    def assign(self, kind: WorkerKind, script: str, nodes: int = 2) -> Task:
        source = self.folder / "source"
        source.mkdir()
        (source / "script.py").write_text(script)
        taken = snapshot.take(source)
        packing.keep(self.store, taken)
        self.task = records.assign(
            self.store,
            b.task(
                snapshot=taken.digest,
                command=(Interpreter(), "script.py", OutputPath("out")),
                workers=Workers(kind=kind, nodes=nodes),
                variables={"RUNNER_WORKERS": str(nodes)},
            ),
        )
        self.patch.setenv("RUNNER_ASSIGNMENT", self.task.id.assignment)
        self.patch.setenv("RUNNER_TASK", self.task.digest)
        return self.task

    def run(self, index: int | None, start: int = 1, **variables: str) -> int:
        """Run the bootstrap of one pod to its end, and return the exit code of its container."""
        self.log.write_text("")
        work = self.folder / f"work-{index}-{start}"
        for name, value in {"RUNNER_WORK": str(work), **variables}.items():
            self.patch.setenv(name, value)
        if index is None:
            self.patch.delenv(COMPLETION_INDEX, raising=False)
        else:
            self.patch.setenv(COMPLETION_INDEX, str(index))
        return bootstrap.main()

    @property
    def told(self) -> Any:
        message = from_message(self.log.read_text())
        return message.record if message else None

    def output(self) -> dict[str, bytes]:
        commit = records.committed(self.store, self.task.id)
        assert commit is not None
        ref = commit.outputs["out"]
        listed = manifest.load(self.store, ref.digest).entries
        assert ref.files == len(listed)
        assert ref.etag
        return {entry.path: self.store.get(f"{ref.key}/{entry.path}") for entry in listed}

    def below(self, prefix: str) -> dict[str, bytes]:
        return {info.key[len(prefix) :]: self.store.get(info.key) for info in self.store.list(prefix)}


@pytest.fixture
def pods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pods:
    return Pods(tmp_path, monkeypatch)


def test_the_token_of_a_gang_is_masked(pods: Pods, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("7" * 64)
    script = "import os\nraise ValueError(open(os.environ['RUNNER_GANG_TOKEN_FILE']).read())"
    task = pods.assign(WorkerKind.GANG, script)
    assert pods.run(1, RUNNER_HOSTS="job-0.svc,job-1.svc", RUNNER_GANG_TOKEN_FILE=str(token)) == STEP_FAILED
    record = records.record_of(pods.store, task.id)
    assert record is not None
    assert record.reason == "worker 1 of 2: the script ended with exit code 1: ValueError: ***"
    kept = [pods.store.get(info.key) for info in pods.store.list(f"runs/{task.id.run}/")]
    assert not [one for one in kept if b"7" * 64 in one]


def test_a_gang_ends_as_one_step(pods: Pods) -> None:
    task = pods.assign(WorkerKind.GANG, SCRIPT)
    assert pods.run(1, RUNNER_HOSTS="job-0.svc,job-1.svc") == 0
    assert records.committed(pods.store, task.id) is None
    mine = records.worker_record_of(pods.store, task.id, 1)
    assert mine is not None
    assert mine.failure is None
    assert pods.run(0) == 0

    assert pods.output() == {"part-0.txt": b"part 0", "part-1.txt": b"part 1"}
    record = records.record_of(pods.store, task.id)
    assert record is not None
    assert record.artifacts == (
        "logs/lines.txt",
        "logs/lines.worker-1.txt",
        "outputs/own-0.txt",
        "outputs/own-1.txt",
        "outputs/same.txt",
    )
    kept = pods.below(task.id.artifacts)
    assert sorted(kept) == list(record.artifacts)
    assert (kept["logs/lines.txt"], kept["logs/lines.worker-1.txt"]) == (b"line of 0", b"line of 1")
    metrics = [json.loads(line) for line in pods.store.get(f"{task.id.reports}metrics.jsonl").splitlines()]
    assert [line["value"] for line in metrics] == [1, 0]
    assert pods.store.get(f"{task.id.worker_logs(1)}00000001.txt") == b"here is 1 of 2 job-0.svc,job-1.svc\n"
    assert pods.store.get(f"{task.id.logs}00000001.txt").startswith(b"here is 0 of 2")
    assert record.warnings == ()


def test_a_single_container_plays_all_nodes(pods: Pods) -> None:
    """As on the user's machine: there is no index."""
    task = pods.assign(WorkerKind.GANG, SCRIPT)
    assert pods.run(None) == 0
    assert pods.output() == {"part--1.txt": b"part -1"}
    assert records.ended_workers(pods.store, task.id) == frozenset()


FAILS = "import os, sys\nopen('outputs/left', 'w').write('x')\nsys.exit('no luck at ' + os.environ['RUNNER_WORKER'])\n"


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_the_failure_of_one_worker_is_the_failure_of_the_step(pods: Pods, kind: WorkerKind) -> None:
    task = pods.assign(kind, FAILS, nodes=3)
    assert pods.run(2) == STEP_FAILED
    assert pods.told.reason == "worker 2 of 3: the script ended with exit code 1"
    record = records.record_of(pods.store, task.id)
    assert record is not None
    assert (record.failure, record.exit_code, record.tail) == (Failure.USER, 1, "no luck at 2")
    assert pods.below(task.id.worker_artifacts(2)) == {"outputs/left": b"x"}
    assert record.artifacts == ("outputs/left.worker-2",)
    assert pods.below(task.id.artifacts) == {"outputs/left.worker-2": b"x"}
    for index in (0, 1):
        assert pods.run(index) == STEP_FAILED
        assert pods.told is None, "nothing was started"
    assert records.committed(pods.store, task.id) is None


def test_the_record_of_worker_0_names_the_files_that_it_left(pods: Pods) -> None:
    task = pods.assign(WorkerKind.POOL, FAILS)
    assert pods.run(0) == STEP_FAILED
    record = records.record_of(pods.store, task.id)
    assert record is not None
    assert (record.artifacts, record.reason) == (
        ("outputs/left",),
        "worker 0 of 2: the script ended with exit code 1",
    )


def test_worker_0_does_not_wait_for_a_gang_that_has_failed(pods: Pods) -> None:
    task = pods.assign(WorkerKind.GANG, SCRIPT)
    failed = b.record(1, Failure.USER, exit_code=3, reason="worker 1 of 2: exit code 3")

    def fail(_seconds: float) -> None:
        records.refuse(pods.store, task.id, failed)

    pods.patch.setattr(bootstrap, "WorkerAttempt", _sleeping(fail))
    assert pods.run(0) == STEP_FAILED
    assert pods.told == failed
    assert pods.below(task.outputs[0].key) == {}, "its outputs do not count"


def test_a_worker_that_is_stopped_while_it_waits_tells_nothing(pods: Pods) -> None:
    """Only the cluster knows why: a peer may have failed, or the node may be drained."""
    task = pods.assign(WorkerKind.GANG, SCRIPT)

    def stop(_seconds: float) -> None:
        raise Stopped

    pods.patch.setattr(bootstrap, "WorkerAttempt", _sleeping(stop))
    assert pods.run(0) == 143
    assert pods.told.failure is Failure.LOST
    assert records.record_of(pods.store, task.id) is None
    pods.patch.setattr(bootstrap, "WorkerAttempt", WorkerAttempt)
    assert pods.run(1) == 0
    assert pods.run(0, start=2) == 0, "a gang that starts again, as after a suspension, is whole"
    assert set(pods.output()) == {"part-0.txt", "part-1.txt"}


def _sleeping(sleep: Callable[[float], None]) -> Callable[..., Any]:
    made = WorkerAttempt
    return lambda **parts: made(**parts, sleep=sleep)


def test_workers_that_write_one_file_differently_are_named(pods: Pods) -> None:
    pods.assign(WorkerKind.GANG, SCRIPT.replace('f"part-{index}.txt"', '"model.bin"'))
    pods.run(1)
    assert pods.run(0) == STEP_FAILED
    assert pods.told.failure is Failure.INPUT
    assert pods.told.reason == "output 'out': worker 0 and worker 1 wrote 'model.bin' with different content"
    assert "own names" in pods.told.remedy


def pool_script(*files: dict[str, Any]) -> str:
    return f"{SCRIPT}\nEXTRA = {list(files)!r}\n{EXTRA}"


def test_worker_0_of_a_pool_adds_what_others_have_uploaded(pods: Pods) -> None:
    content = b"made by a process of worker 1"
    listed = {"path": "d/extra.txt", "size": len(content), "digest": digest_of_bytes(content)}
    task = pods.assign(WorkerKind.POOL, pool_script(listed))
    pods.store.put(f"{task.outputs[0].key}/d/extra.txt", content)
    pods.store.put(f"{task.id.batches}beats/1-1.json", b"{}")
    assert pods.run(1) == 0
    assert f"{task.outputs[0].key}/part-1.txt" not in pods.store.objects, "the program uploads, not its bootstrap"
    assert pods.run(0) == 0
    assert pods.output() == {"part-0.txt": b"part 0", "d/extra.txt": content}
    record = records.record_of(pods.store, task.id)
    assert record is not None
    assert "logs/lines.worker-1.txt" in record.artifacts
    metrics = pods.store.get(f"{task.id.reports}metrics.jsonl").splitlines()
    assert [json.loads(line)["value"] for line in metrics] == [1, 0]


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({"path": "gone.txt", "size": 1, "digest": "0" * 64}, "a file that a worker has written is missing"),
        ({"path": "part-0.txt", "size": 1, "digest": "0" * 64}, "wrote 'part-0.txt' with different content"),
        ({"path": 3}, "extra-outputs.json, which lists files of other workers, cannot be read"),
    ],
)
def test_a_list_that_is_not_right_is_no_success(pods: Pods, listed: dict[str, Any], words: str) -> None:
    pods.assign(WorkerKind.POOL, pool_script(listed))
    assert pods.run(0) == STEP_FAILED
    assert words in pods.told.reason


def test_a_worker_that_starts_again_goes_on_with_its_log_and_its_reports(pods: Pods) -> None:
    killed = SCRIPT + "\nif os.environ['DIES'] == '1':\n    time.sleep(0.1)\n    os.kill(os.getpid(), 9)\n"
    task = pods.assign(WorkerKind.POOL, killed)
    assert pods.run(0, DIES="1") == 1
    assert records.record_of(pods.store, task.id) is None
    assert pods.told.reason.startswith("worker 0 of 2: the program that runs its batches was killed (SIGKILL)")
    pods.store.put(f"{task.id.worker_reports(1)}metrics.jsonl", b'{"name": "x", "time": "2026-01-01T00:00:00Z"}\n')
    records.end_worker(pods.store, task.id, 1, b.record(outputs={}, reports=("metrics.jsonl",)))
    assert pods.run(0, start=2, DIES="0") == 0
    metrics = pods.store.get(f"{task.id.reports}metrics.jsonl").splitlines()
    assert [json.loads(line)["name"] for line in metrics] == ["x", "loss", "loss"]
    assert sorted(pods.below(task.id.logs)) == ["00000001.txt", "00000002.txt"]
    # Worker 0 died after it had merged the reports and before its commit: they do not count twice.
    pods.store.delete(task.id.commit)
    pods.store.delete(task.id.record)
    assert pods.run(0, start=3, DIES="0") == 0
    metrics = pods.store.get(f"{task.id.reports}metrics.jsonl").splitlines()
    assert [json.loads(line)["name"] for line in metrics] == ["x", "loss", "loss", "loss"]


def test_a_store_that_fails_while_inputs_are_staged_is_tried_again_in_a_pool_and_ends_a_gang(pods: Pods) -> None:
    task = pods.assign(WorkerKind.POOL, SCRIPT)
    pods.store.delete(f"snapshots/{task.snapshot}.zip")
    assert pods.run(1) == 1
    assert pods.told.failure is Failure.STORE
    assert records.record_of(pods.store, task.id) is None


def test_nothing_starts_when_the_worker_has_ended_or_the_run_is_canceled(pods: Pods) -> None:
    task = pods.assign(WorkerKind.POOL, SCRIPT)
    assert pods.run(1) == 0
    assert pods.run(1, start=2) == 0
    assert pods.told is None
    records.cancel(pods.store, task.id.run)
    assert pods.run(0) == 0
    assert records.committed(pods.store, task.id) is None
