"""Attempt records and commit records: how the end of an attempt is told, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import ObjectDamaged, ObjectMissing, StoreDenied, StoreError, StoreUnreachable
from ..model.digest import canonical_json, digest_of_bytes
from ..model.document import to_document
from ..model.names import step_run_id
from ..model.record import AttemptRecord, CommitRecord
from ..model.stored import read_document
from ..model.task import Task, TaskId, cancel_marker
from ..ports import FolderStore, ObjectStore

_TAIL_BYTES = 4000
_TAIL_LINES = 20
R = TypeVar("R", CommitRecord, AttemptRecord)


def reuse_key(fingerprint: str) -> str:
    """Key under which a later run finds the commit record of an equal step."""
    return f"reuse/{fingerprint}.json"


def equal_of(store: ObjectStore, fingerprint: str) -> CommitRecord | None:
    """The commit record of the newest step of this fingerprint, of whatever run."""
    return _found(CommitRecord, store, reuse_key(fingerprint))


def keep_equal(store: ObjectStore, fingerprint: str, commit: CommitRecord) -> None:
    """Let later runs find `commit` by the fingerprint. Raises StoreError."""
    store.put(reuse_key(fingerprint), canonical_json(to_document(commit)))


def origin_of(commit: CommitRecord) -> str:
    """The step run that made what is committed."""
    _, run, key, *_ = commit.record.split("/")
    return step_run_id(run, key)


def attempt_behind(store: ObjectStore, origin: str) -> TaskId | None:
    """The attempt that committed the step run `origin`; None when its commit record is gone or unreadable.

    Raises StoreUnreachable, StoreDenied.
    """
    run, _, key = origin.partition(".")
    try:
        commit = committed(store, TaskId(run, key))
    except (StoreUnreachable, StoreDenied):
        raise
    except StoreError:  # of an earlier run: no reason for a later one to fail
        return None
    return TaskId(run, key, commit.attempt) if commit else None


def assign(store: ObjectStore, task: Task, begun: Callable[[TaskId], str] = lambda _: "") -> Task:
    """Store the task where the side that runs it looks for it.

    An earlier controller may have stored another task (a dataset has changed since, say) and started it: then that
    one stays in force. The target knows what it was started with; the store alone is not believed, as any step may
    write to it.

    Args:
        store: The workspace store.
        task: What is to be started.
        begun: Gives the digest of the task with which the target started an attempt; empty: it did not.

    Returns:
        The task in force.

    Raises:
        StoreError, and what `begun` raises.

    """
    key, data = task.id.assignment, canonical_json(to_document(task))
    if store.put_if_absent(key, data):
        return task
    found = store.get(key)
    if found == data:
        return task
    if digest_of_bytes(found) == begun(task.id):
        return read_document(Task, found, key)
    store.put(key, data)
    return task


def assignment(store: ObjectStore, key: str, digest: str = "") -> Task:
    """The task stored at `key`.

    Args:
        store: The workspace store.
        key: See `TaskId.assignment`.
        digest: `Task.digest` as the target knows it; empty: nobody knows, and the store is believed.

    Raises:
        ObjectMissing: there is none yet.
        ObjectDamaged: it has another digest.
        StoreError: it cannot be read.

    """
    data = store.get(key)
    if digest and data and digest_of_bytes(data) != digest:  # an empty one is what a power failure left
        raise ObjectDamaged(
            f"the assignment {key!r} was changed or damaged in the store: this attempt was started with another one; "
            "run the step again (runner retry RUN --failed), which writes a new assignment"
        )
    return read_document(Task, data, key)


def refuse(store: ObjectStore, task: TaskId, record: AttemptRecord) -> None:
    """Write the record of an attempt that failed and whose task nobody knows. Raises StoreError."""
    store.put_if_absent(task.record, canonical_json(to_document(record)))


def finish(store: ObjectStore, task: Task, record: AttemptRecord) -> CommitRecord | None:
    """Write the attempt record; then, on success, commit it unless another attempt was first.

    An attempt ends once: of two sides that tell its end (a controller that lost the run goes on for a
    moment) the first is believed. Returns the commit record in force, or None when the attempt failed
    and none is.
    """
    if not store.put_if_absent(task.id.record, canonical_json(to_document(record))):
        record = read_record(store, task.id.record)
    if record.failure is not None:
        return committed(store, task.id)
    commit = CommitRecord(record.attempt, task.id.record, record.outputs)
    if task.fingerprint and record.reusable:
        # Before the commit, which is the last thing a step does: its container may be gone a moment later.
        keep_equal(store, task.fingerprint, commit)
    if not store.put_if_absent(task.id.commit, canonical_json(to_document(commit))):
        return _first(store, task)
    return commit


def _first(store: ObjectStore, task: Task) -> CommitRecord | None:
    """The commit of the attempt that was first; the outputs of the one that was not are no step's."""
    first = committed(store, task.id)
    record = _found(AttemptRecord, store, first.record) if first is not None else None
    if first is not None and task.fingerprint and (record is None or record.reusable):
        keep_equal(store, task.fingerprint, first)
    return first


def committed(store: ObjectStore, task: TaskId) -> CommitRecord | None:
    """The step's commit record: the step has succeeded iff there is one."""
    return _found(CommitRecord, store, task.commit)


def record_of(store: ObjectStore, task: TaskId) -> AttemptRecord | None:
    """The attempt's record, or None when it left none."""
    return _found(AttemptRecord, store, task.record)


def read_record(store: ObjectStore, key: str) -> AttemptRecord:
    """The attempt record at `key`. Raises ObjectMissing."""
    return read_document(AttemptRecord, store.get(key), key)


def last_lines(store: ObjectStore, task: TaskId) -> str:
    """The end of what the attempt has printed, as far as its log has come; empty: nothing."""
    chunk = ""
    for info in store.list(task.logs):
        chunk = info.key
    return "\n".join(_end_of(store, chunk).decode(errors="replace").splitlines()[-_TAIL_LINES:]) if chunk else ""


def _end_of(store: ObjectStore, chunk: str) -> bytes:
    if not isinstance(store, FolderStore):
        return store.get(chunk)[-_TAIL_BYTES:]
    try:
        with store.path(chunk).open("rb") as file:  # a local run has one chunk, of any size
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            return file.read()
    except OSError:
        return b""


def cancel(store: ObjectStore, run: str) -> None:
    """Forbid every further step of the run to start."""
    store.put_if_absent(cancel_marker(run), b"")


def canceled(store: ObjectStore, run: str) -> bool:
    """Whether a cancel was asked for."""
    return store.stat(cancel_marker(run)) is not None


def _found(shape: type[R], store: ObjectStore, key: str) -> R | None:
    """What lies there. An empty object is one that a power failure took, and counts as absent as when it is put."""
    try:
        data = store.get(key)
    except ObjectMissing:
        return None
    return read_document(shape, data, key) if data else None
