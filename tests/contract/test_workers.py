"""What every target that runs scripts promises of an attempt with many workers; one machine plays them all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.step_bundle import tree
from runner.model.observation import Phase
from runner.model.record import Failure
from runner.model.task import Task
from runner.ports import ComputeTarget, ObjectStore
from runner.runs import records
from tests.contract import test_compute_target
from tests.contract.test_compute_target import BucketBench, ProcessBench, ended
from tests.support.crew import SCRIPT, crew
from tests.support.kind_bench import kind_bench
from tests.support.small_s3 import SmallS3, small_s3

NODES = 3
PATIENCE = 90.0
"""Seconds: several pods start at once."""


class CrewBench(Protocol):
    """A target that runs scripts."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    def target(self) -> ComputeTarget:
        """A new adapter over the same world."""

    def task(self, what: str) -> Task:
        """An assigned task, of which a crew is made."""


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_compute_target, "PATIENCE", PATIENCE)


@pytest.fixture
def local(tmp_path: Path) -> Iterator[ProcessBench]:
    made = ProcessBench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def in_bucket(tmp_path: Path) -> Iterator[ProcessBench]:
    server = SmallS3()
    (tmp_path / "tree").mkdir()
    with small_s3(server) as endpoint:
        made = BucketBench(tmp_path, endpoint=endpoint, server=server, code=tree(tmp_path / "tree"))
        yield made
        made.close()


@pytest.fixture
def kind(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CrewBench]:
    with kind_bench(request.getfixturevalue("kind_cluster"), tmp_path) as made:
        yield made


@pytest.fixture(params=["local", "in_bucket", pytest.param("kind", marks=pytest.mark.kind)])
def bench(request: pytest.FixtureRequest) -> CrewBench:
    made: CrewBench = request.getfixturevalue(request.param)
    return made


def assigned(bench: CrewBench, folder: Path, what: str) -> Task:
    source = folder / "crew"
    source.mkdir()
    (source / "script.py").write_text(SCRIPT)
    taken = snapshot.take(source)
    packing.keep(bench.store, taken)
    plain = bench.task("crew")
    bench.store.delete(plain.id.assignment)
    return records.assign(bench.store, crew(plain, taken.digest, what, NODES))


def test_the_workers_of_a_gang_make_one_commit_with_the_files_of_all(bench: CrewBench, tmp_path: Path) -> None:
    target, task = bench.target(), assigned(bench, tmp_path, "succeeds")
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.reason) == (Phase.SUCCEEDED, "")
    commit = records.committed(bench.store, task.id)
    assert commit is not None
    assert seen.outputs == commit.outputs
    ref = commit.outputs["out"]
    listed = manifest.load(bench.store, ref.digest).entries
    assert {entry.path: bench.store.get(f"{ref.key}/{entry.path}") for entry in listed} == {
        f"part-{index}.txt": f"part {index}".encode() for index in range(NODES)
    }
    record = records.record_of(bench.store, task.id)
    assert record is not None
    assert "outputs/told.txt" in record.artifacts
    logs = b"".join(bench.store.get(info.key) for info in bench.store.list(f"{task.id.folder}/log-1"))
    assert sorted(logs.splitlines()) == [f"here is worker {index}".encode() for index in range(NODES)]


def test_the_failure_of_one_worker_ends_the_attempt_and_is_told(bench: CrewBench, tmp_path: Path) -> None:
    target, task = bench.target(), assigned(bench, tmp_path, "fails")
    target.start(task)
    seen = ended(target, task)
    assert (seen.phase, seen.failure, seen.exit_code) == (Phase.FAILED, Failure.USER, 1)
    assert "the script ended with exit code 1" in seen.reason
    assert seen.tail.splitlines()[-1] == "no luck for worker 1"
    record = records.record_of(bench.store, task.id)
    assert record is not None
    assert (record.failure, record.reason) == (seen.failure, seen.reason)
    assert records.committed(bench.store, task.id) is None
