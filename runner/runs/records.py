"""Attempt records and commit records: each attempt's end is recorded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..backports import without_prefix
from ..errors import ObjectDamaged, StoreDenied, StoreError, StoreUnreachable
from ..model.digest import canonical_json, digest_of_bytes
from ..model.document import to_document
from ..model.names import step_run_id
from ..model.record import AttemptRecord, CommitRecord
from ..model.stored_documents import read_document
from ..model.task import Task, TaskId, cancel_marker, trial_stops
from ..ports import FolderStore, ObjectStore
from .optional_documents import found

if TYPE_CHECKING:
    from ..model.state import RunState

_TAIL_BYTES = 4000
_TAIL_LINES = 20


def reuse_key(fingerprint: str) -> str:
    """Return the key of the commit record that later runs reuse for an equal step."""
    return f"reuse/{fingerprint}.json"


def equal_of(store: ObjectStore, fingerprint: str) -> CommitRecord | None:
    """Return the commit record of the newest step with this fingerprint, of any run; None if there is none."""
    return found(CommitRecord, store, reuse_key(fingerprint))


def store_for_reuse(store: ObjectStore, fingerprint: str, commit: CommitRecord) -> None:
    """Store `commit` for reuse by later runs. Raise StoreError."""
    store.put(reuse_key(fingerprint), canonical_json(to_document(commit)))


def origin_of(commit: CommitRecord) -> str:
    """Return the id of the step run that wrote the committed outputs."""
    _, run, key, *_ = commit.record.split("/")
    return step_run_id(run, key)


def committing_attempt(store: ObjectStore, origin: str) -> TaskId | None:
    """Return the attempt that committed a step run.

    Args:
        store: The workspace store.
        origin: The id of the step run.

    Returns:
        The attempt; None if the commit record is absent or unreadable.

    Raises:
        StoreUnreachable: The store does not answer.
        StoreDenied: The store refuses the request.
    """
    run, _, key = origin.partition(".")
    try:
        commit = committed(store, TaskId(run, key))
    except (StoreUnreachable, StoreDenied):
        raise
    except StoreError:  # a damaged record of an earlier run must not fail a later one
        return None
    return TaskId(run, key, commit.attempt) if commit else None


def shown_attempt(store: ObjectStore, state: RunState, key: str) -> TaskId | None:
    """Return the newest attempt of a step; for a reused step, the original attempt. None: there is none.

    Args:
        store: The workspace store.
        state: The state of the run.
        key: The step's key.

    Raises:
        StoreError: See `committing_attempt`.
    """
    step = state.steps[key]
    if step.origin:
        return committing_attempt(store, step.origin)
    return TaskId(state.run, key, step.attempt) if step.attempt else None


def assign(store: ObjectStore, task: Task, begun: Callable[[TaskId], str] = lambda _: "") -> Task:
    """Store the task for the process that will run it.

    An earlier controller may have stored a different task (because a dataset has changed since, say) and started it.
    That task stays. The target states which task it has started; the store alone is not trusted, because any step may
    write to it.

    Args:
        store: The workspace store.
        task: The task to start.
        begun: Returns the digest of the task with which the target started an attempt; empty: it has not started it.

    Returns:
        The task that runs.

    Raises:
        StoreError: The store cannot be used. Errors of `begun` pass through.
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
    """Return the task stored at `key`.

    Args:
        store: The workspace store.
        key: See `TaskId.assignment`.
        digest: The expected `Task.digest`; empty: accept any task.

    Raises:
        ObjectMissing: The key has no task yet.
        ObjectDamaged: The task has another digest.
        StoreError: The task cannot be read.
    """
    data = store.get(key)
    if digest and data and digest_of_bytes(data) != digest:  # a power failure leaves empty objects
        raise ObjectDamaged(
            f"the assignment {key!r} was changed or damaged in the store: this attempt was started with another one; "
            "run the step again (runner retry RUN --failed), which writes a new assignment"
        )
    return read_document(Task, data, key)


def refuse(store: ObjectStore, task: TaskId, record: AttemptRecord) -> bool:
    """Write the record of an attempt that failed before its task was known, or of which one worker failed.

    Returns False if the attempt has ended already: the first record stays. Raise StoreError.
    """
    return store.put_if_absent(task.record, canonical_json(to_document(record)))


def end_worker(store: ObjectStore, task: TaskId, index: int, record: AttemptRecord) -> None:
    """Write the record of one worker's end. A worker that was started again writes its own. Raise StoreError."""
    store.put(task.worker_record(index), canonical_json(to_document(record)))


def worker_record_of(store: ObjectStore, task: TaskId, index: int) -> AttemptRecord | None:
    """Return the record of one worker's end; None if it has left none. Raise StoreError."""
    return found(AttemptRecord, store, task.worker_record(index))


def ended_workers(store: ObjectStore, task: TaskId) -> frozenset[int]:
    """Return the indexes of the workers that have left a record. Raise StoreError."""
    names = (info.key[len(task.worker_records) :].partition(".")[0] for info in store.list(task.worker_records))
    return frozenset(int(name) for name in names if name.isdecimal())


def finish(store: ObjectStore, task: Task, record: AttemptRecord) -> CommitRecord | None:
    """Write the attempt record; then, on success, commit it unless another attempt was first.

    An attempt ends once. Two controllers may record an end, because one that lost the run goes on for a moment; the
    first record stays.

    Args:
        store: The workspace store.
        task: The task of the attempt.
        record: The end of the attempt.

    Returns:
        The commit record of the step; None if the attempt failed and no other one succeeded.
    """
    if not store.put_if_absent(task.id.record, canonical_json(to_document(record))):
        record = read_record(store, task.id.record)
    if record.failure is not None:
        return committed(store, task.id)
    commit = CommitRecord(
        attempt=record.attempt,
        record=task.id.record,
        outputs=record.outputs,
        environment=task.environment,
        lock=task.lock,
    )
    fingerprint = task.fingerprint if record.reusable else ""
    return commit if _commit(store, task.id, commit, fingerprint) else _first(store, task)


def _commit(store: ObjectStore, task: TaskId, commit: CommitRecord, fingerprint: str) -> bool:
    """Write the commit record unless there is one; with a fingerprint, store it for reuse as well."""
    data = canonical_json(to_document(commit))
    if fingerprint and isinstance(store, FolderStore):
        return store.put_both(task.commit, reuse_key(fingerprint), data)
    if fingerprint:
        # Before the commit, which must be the last write: the container may be removed a moment later.
        store.put(reuse_key(fingerprint), data)
    return store.put_if_absent(task.commit, data)


def _first(store: ObjectStore, task: Task) -> CommitRecord | None:
    """Return the commit record of the attempt that was first. The outputs of the later one are not used."""
    first = committed(store, task.id)
    record = found(AttemptRecord, store, first.record) if first is not None else None
    if first is not None and task.fingerprint and (record is None or record.reusable):
        store_for_reuse(store, task.fingerprint, first)
    return first


def committed(store: ObjectStore, task: TaskId) -> CommitRecord | None:
    """Return the commit record of a step; None if the step has not succeeded."""
    return found(CommitRecord, store, task.commit)


def record_of(store: ObjectStore, task: TaskId) -> AttemptRecord | None:
    """Return the record of an attempt; None if it left none."""
    return found(AttemptRecord, store, task.record)


def read_record(store: ObjectStore, key: str) -> AttemptRecord:
    """Return the attempt record at `key`. Raise ObjectMissing."""
    return read_document(AttemptRecord, store.get(key), key)


def last_lines(store: ObjectStore, task: TaskId) -> str:
    """Return the last lines of an attempt's log so far; empty if there is no output."""
    chunk = ""
    for info in store.list(task.logs):
        chunk = info.key
    return "\n".join(_end_of(store, chunk).decode(errors="replace").splitlines()[-_TAIL_LINES:]) if chunk else ""


def _end_of(store: ObjectStore, chunk: str) -> bytes:
    if not isinstance(store, FolderStore):
        return store.get(chunk)[-_TAIL_BYTES:]
    try:
        with store.path(chunk).open("rb") as file:  # a local run has a single chunk of any size
            file.seek(max(0, file.seek(0, 2) - _TAIL_BYTES))
            return file.read()
    except OSError:
        return b""


def cancel(store: ObjectStore, run: str) -> None:
    """Request the cancellation of a run: no further step starts."""
    store.put_if_absent(cancel_marker(run), b"")


def canceled(store: ObjectStore, run: str) -> bool:
    """Return True if the cancellation of the run was requested."""
    return store.stat(cancel_marker(run)) is not None


def stop_trial(store: ObjectStore, run: str, key: str) -> None:
    """Ask for the end of one trial of a search; it ends as canceled, and the search goes on."""
    store.put_if_absent(f"{trial_stops(run)}{key}", b"")


def stopped_trials(store: ObjectStore, run: str) -> tuple[str, ...]:
    """Return the keys of the trials whose end was asked for."""
    prefix = trial_stops(run)
    return tuple(without_prefix(info.key, prefix) for info in store.list(prefix))
