"""Whole pods of a ParallelRunStep as processes over a small bucket: a killed worker costs no item, and none twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.step_bundle import archive
from runner.model.data import DataRef, Entry, Kind, Manifest, Mode
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.model.step import Interpreter
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.model.workers import PROCESSES, WORK, WORKERS, WorkerKind, Workers
from runner.processes import table
from runner.runs import records
from runner.sdk.parallel_run.settings import PROGRAM, Settings, Source
from runner.storage.s3.store import BucketStore
from tests.support import builders as b
from tests.support.small_s3 import SmallS3, small_s3

ITEMS, NODES = 100, 3
ENTRY = """\
import os, sys, time
output = sys.argv[sys.argv.index("--output") + 1]
os.makedirs(output, exist_ok=True)
def run(batch):
    for path in batch:
        time.sleep(0.03)
        with open(os.path.join(output, "seen-" + os.path.basename(path)), "w") as out:
            out.write("seen")
    return [open(path).read() for path in batch]
"""


PATIENCE = 180.0
"""Seconds after which a test that hangs is ended."""


@dataclass
class Pods:
    """The pods of one Indexed Job, each a process with a work folder of its own."""

    folder: Path
    endpoint: BucketEndpoint
    pods: dict[int, subprocess.Popen[bytes]] = field(default_factory=dict)
    starts: int = 0

    def __post_init__(self) -> None:
        self.store = BucketStore(self.endpoint)
        source = self.folder / "source"
        source.mkdir()
        (source / "entry.py").write_text(ENTRY)
        taken = snapshot.take(source)
        packing.keep(self.store, taken)
        settings = Settings(
            entry_script="entry.py",
            inputs=(Source("files", "file"),),
            output="out",
            mini_batch_size="1",
            error_threshold=0,
        )
        command = (Interpreter(), "-m", PROGRAM, json.dumps(settings.document), "--")
        whole = b.task(
            snapshot=taken.digest,
            command=command,
            environment=sys.executable,
            inputs=(b.binding("files", ref=self._files(), mode=Mode.DOWNLOAD),),
            workers=Workers(kind=WorkerKind.POOL, nodes=NODES, processes=1),
            variables={WORKERS: str(NODES), PROCESSES: "1", WORK: "w" * 64},
        )
        self.task = records.assign(self.store, whole)
        (self.folder / "step.pyz").write_bytes(archive())
        (self.folder / "stores.json").write_text(json.dumps(to_document(StepStores(self.endpoint))))

    def _files(self) -> DataRef:
        entries = []
        for number in range(ITEMS):
            text = str(number).encode()
            self.store.put(f"raw/{number:05d}.txt", text)
            entries.append(Entry(f"{number:05d}.txt", len(text), digest_of_bytes(text)))
        digest = manifest.save(self.store, Manifest(Kind.FOLDER, tuple(entries)))
        return DataRef(datastore="workspaceblobstore", key="raw", digest=digest, files=ITEMS)

    def start(self, index: int) -> None:
        self.starts += 1
        variables = {
            "PATH": os.environ["PATH"],
            "RUNNER_STORES": str(self.folder / "stores.json"),
            "RUNNER_ASSIGNMENT": self.task.id.assignment,
            "RUNNER_TASK": self.task.digest,
            "RUNNER_WORK": str(self.folder / f"work-{self.starts}"),
            "JOB_COMPLETION_INDEX": str(index),
        }
        with (self.folder / f"pod-{index}.txt").open("ab") as out:
            self.pods[index] = subprocess.Popen(
                [sys.executable, str(self.folder / "step.pyz")], env=variables, stdout=out, stderr=out
            )

    def kill(self, index: int) -> None:
        """Kill a pod as the loss of its node does: all of its processes at once."""
        for pid in (self.pods[index].pid, *_descendants(self.pods[index].pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.pods[index].wait()

    def await_results(self, least: int) -> None:
        """Wait until some batches have their results."""
        until = time.monotonic() + PATIENCE
        while sum(1 for _ in self.store.list(f"{self.task.id.batches}results/")) < least:
            assert time.monotonic() < until, "no results"
            time.sleep(0.02)

    def output(self) -> dict[str, bytes]:
        commit = records.committed(self.store, self.task.id)
        assert commit is not None
        ref = commit.outputs["out"]
        entries = manifest.load(self.store, ref.digest).entries
        found = {entry.path: self.store.get(f"{ref.key}/{entry.path}") for entry in entries}
        assert {entry.path: entry.digest for entry in entries} == {
            path: digest_of_bytes(data) for path, data in found.items()
        }
        return found


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for one in table.every():
        children.setdefault(one.parent, []).append(one.pid)
    found, queue = [], [pid]
    while queue:
        own = children.get(queue.pop(), [])
        found += own
        queue += own
    return found


@pytest.fixture
def pods(tmp_path: Path) -> Iterator[Pods]:
    with small_s3(SmallS3()) as endpoint:
        made = Pods(tmp_path, endpoint)
        yield made
        for index in made.pods:
            made.kill(index)


def test_workers_that_are_killed_cost_no_item_and_none_twice(pods: Pods) -> None:
    for index in range(NODES):
        pods.start(index)
    for index, least in ((1, 2), (0, 6)):
        pods.await_results(least)
        pods.kill(index)
        pods.start(index)
    ends = [pods.pods[index].wait(timeout=PATIENCE) for index in range(NODES)]
    assert ends == [0] * NODES, "".join(path.read_text() for path in pods.folder.glob("pod-*.txt"))
    found = pods.output()
    rows = found.pop("parallel_run_step.txt").decode().splitlines()
    assert rows == [str(number) for number in range(ITEMS)]
    assert found == {f"seen-{number:05d}.txt": b"seen" for number in range(ITEMS)}
    record = records.record_of(pods.store, pods.task.id)
    assert record is not None
    assert any(name.startswith("logs/user/") for name in record.artifacts)
    assert records.ended_workers(pods.store, pods.task.id) == {1, 2}
