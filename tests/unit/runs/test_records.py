from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from runner.errors import ObjectMissing, StoreError
from runner.model.record import Failure
from runner.runs import records
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_the_first_assignment_stays(store: MemoryStore) -> None:
    first, other = b.task("a"), b.task("a", name="other")
    assert records.assign(store, first) == first
    assert records.assign(store, other) == first
    assert records.assignment(store, first.id.assignment) == first
    with pytest.raises(ObjectMissing):
        records.assignment(store, b.task_id("b").assignment)


def test_success_is_committed_and_can_be_reused(store: MemoryStore) -> None:
    task, record = b.task("a"), b.record()
    commit = records.finish(store, task, record)
    assert commit == records.committed(store, task.id)
    assert commit is not None
    assert (commit.attempt, commit.outputs) == (1, record.outputs)
    assert records.read_record(store, commit.record) == records.record_of(store, task.id) == record
    assert store.get(records.reuse_key(task.fingerprint)) == store.get(task.id.commit)


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
