from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from runner.errors import ObjectDamaged, ObjectMissing, StoreError
from runner.model.record import Failure
from runner.model.task import TaskId
from runner.runs import records
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_an_assignment_stays_if_the_target_has_started_it(store: MemoryStore) -> None:
    first, other = b.task("a"), b.task("a", name="other")
    assert records.assign(store, first) == first
    assert records.assign(store, other, lambda _: first.digest) == first
    assert records.assignment(store, first.id.assignment) == first
    with pytest.raises(ObjectMissing):
        records.assignment(store, b.task_id("b").assignment)


@pytest.mark.parametrize("begun", ["", "own", "a third"])
def test_an_assignment_that_was_not_started_is_replaced(store: MemoryStore, begun: str) -> None:
    found, own, third = b.task("a"), b.task("a", name="own"), b.task("a", name="third")
    records.assign(store, found)
    digest = {"": "", "own": own.digest, "a third": third.digest}[begun]
    assert records.assign(store, own, lambda _: digest) == own
    assert records.assignment(store, own.id.assignment) == own


def test_the_target_is_asked_only_about_another_assignment(store: MemoryStore) -> None:
    def begun(_task: TaskId) -> str:
        raise AssertionError

    for _ in range(2):
        records.assign(store, b.task("a"), begun)


@pytest.mark.parametrize("data", [b"no json", b"{}"])
def test_a_damaged_assignment_is_written_again(store: MemoryStore, data: bytes) -> None:
    task = b.task("a")
    store.put(task.id.assignment, data)
    assert records.assign(store, task) == task
    assert records.assignment(store, task.id.assignment, task.digest) == task


def test_an_assignment_of_another_digest_is_refused_by_name(store: MemoryStore) -> None:
    task, other = b.task("a"), b.task("a", name="other")
    records.assign(store, other)
    with pytest.raises(ObjectDamaged, match=rf"{task.id.assignment}.*runner retry RUN --failed"):
        records.assignment(store, task.id.assignment, task.digest)


def test_success_is_committed_and_can_be_reused(store: MemoryStore) -> None:
    task, record = b.task("a"), b.record()
    commit = records.finish(store, task, record)
    assert commit == records.committed(store, task.id)
    assert commit is not None
    assert (commit.attempt, commit.outputs) == (1, record.outputs)
    assert records.read_record(store, commit.record) == records.record_of(store, task.id) == record
    assert store.get(records.reuse_key(task.fingerprint)) == store.get(task.id.commit)


def test_the_commit_record_names_the_environment_and_its_lock(store: MemoryStore) -> None:
    records.finish(store, b.task("a", lock="5f3c"), b.record())
    commit = records.committed(store, b.task_id("a"))
    assert commit is not None
    assert (commit.environment, commit.lock) == (b.REFERENCE, "5f3c")


def test_failure_leaves_a_record_only(store: MemoryStore) -> None:
    task = b.task("a")
    assert records.finish(store, task, b.record(failure=Failure.USER)) is None
    assert records.committed(store, task.id) is None
    assert records.record_of(store, task.id) == b.record(failure=Failure.USER)
    assert list(store.list("reuse/")) == []


def test_the_first_attempt_to_commit_wins(store: MemoryStore) -> None:
    first = records.finish(store, b.task("a", 1), b.record(1))
    assert records.finish(store, b.task("a", 2), b.record(2, outputs={})) == first
    assert records.finish(store, b.task("a", 3), b.record(3, Failure.USER)) == first
    assert records.record_of(store, b.task_id("a", 2)) == b.record(2, outputs={})


def test_an_attempt_ends_once(store: MemoryStore) -> None:
    """A controller that lost the run may tell another end a moment later."""
    task = b.task("a")
    commit = records.finish(store, task, b.record())
    assert records.finish(store, task, b.record(failure=Failure.INPUT)) == commit
    assert records.record_of(store, task.id) == b.record()


def test_a_commit_that_was_cut_short_is_made_from_the_record(store: MemoryStore) -> None:
    task = b.task("a", fingerprint="")
    records.finish(store, task, b.record())
    store.delete(task.id.commit)
    commit = records.finish(store, task, b.record(outputs={}))
    assert commit is not None
    assert commit.outputs == b.record().outputs


def test_cancel(store: MemoryStore) -> None:
    assert not records.canceled(store, "run")
    records.cancel(store, "run")
    records.cancel(store, "run")
    assert records.canceled(store, "run")
    assert not records.canceled(store, "other")


def test_records_whose_content_a_power_failure_took_are_made_again(tmp_path: Path) -> None:
    store, task = DirectoryStore(tmp_path, durable=False), b.task("a")
    for key in (task.id.record, task.id.commit):
        store.put(key, b"")
        os.utime(store.path(key), (0, 0))
    assert (records.record_of(store, task.id), records.committed(store, task.id)) == (None, None)
    commit = records.finish(store, task, b.record())
    assert commit == records.committed(store, task.id) is not None
    assert records.record_of(store, task.id) == b.record()


def test_a_damaged_record_is_named(store: MemoryStore) -> None:
    store.put(b.task_id("a").commit, b"{}")
    with pytest.raises(StoreError, match=re.escape(b.task_id("a").commit)):
        records.committed(store, b.task_id("a"))


@pytest.mark.parametrize("local", [True, False])
def test_the_last_lines_of_what_an_attempt_has_printed(store: MemoryStore, tmp_path: Path, *, local: bool) -> None:
    where = DirectoryStore(tmp_path) if local else store
    task = b.task_id("a")
    assert records.last_lines(where, task) == ""
    for number, line in ((1, "early"), (2, "late")):
        text = "".join(f"{line} {count}\n" for count in range(1000))
        where.put(f"{task.logs}{number:08d}.txt", text.encode())
    lines = records.last_lines(where, task).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (20, "late 980", "late 999")


def test_who_comes_second_leaves_the_first_ones_outputs_to_be_reused() -> None:
    """Its own are discarded."""
    store = MemoryStore()
    first = records.finish(store, b.task(attempt=2), b.record(2))
    assert records.finish(store, b.task(attempt=1), b.record(1)) == first
    assert records.equal_of(store, b.task().fingerprint) == first
