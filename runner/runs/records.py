"""Attempt records and commit records: how the end of an attempt is told, once."""

from __future__ import annotations

import json

from ..errors import ObjectMissing
from ..model.digest import canonical_json
from ..model.document import from_document, to_document
from ..model.record import AttemptRecord, CommitRecord
from ..model.task import Task, TaskId, cancel_marker
from ..ports import ObjectStore


def assign(store: ObjectStore, task: Task) -> None:
    """Store the task where the side that runs it looks for it."""
    store.put(task.id.assignment, canonical_json(to_document(task)))


def assignment(store: ObjectStore, key: str) -> Task:
    """The task stored at `key`. Raises ObjectMissing."""
    return from_document(Task, json.loads(store.get(key)))


def finish(store: ObjectStore, task: TaskId, record: AttemptRecord) -> CommitRecord | None:
    """Write the attempt record; then, on success, commit it unless another attempt was first.

    Returns the commit record in force, or None when the attempt failed and none is.
    """
    store.put(task.record, canonical_json(to_document(record)))
    if record.failure is not None:
        return committed(store, task)
    commit = CommitRecord(record.attempt, task.record, record.outputs)
    if store.put_if_absent(task.commit, canonical_json(to_document(commit))):
        return commit
    return committed(store, task)


def committed(store: ObjectStore, task: TaskId) -> CommitRecord | None:
    """The step's commit record: the step has succeeded iff there is one."""
    try:
        return from_document(CommitRecord, json.loads(store.get(task.commit)))
    except ObjectMissing:
        return None


def record_of(store: ObjectStore, task: TaskId) -> AttemptRecord | None:
    """The attempt's record, or None when it left none."""
    try:
        return from_document(AttemptRecord, json.loads(store.get(task.record)))
    except ObjectMissing:
        return None


def read_record(store: ObjectStore, key: str) -> AttemptRecord:
    """The attempt record at `key`. Raises ObjectMissing."""
    return from_document(AttemptRecord, json.loads(store.get(key)))


def cancel(store: ObjectStore, run: str) -> None:
    """Forbid every further step of the run to start."""
    store.put_if_absent(cancel_marker(run), b"")


def canceled(store: ObjectStore, run: str) -> bool:
    """Whether a cancel was asked for."""
    return store.stat(cancel_marker(run)) is not None
