"""Read the outcome of an attempt from the store, if its target has none."""

from __future__ import annotations

from dataclasses import replace

from ..errors import StoreDenied, StoreError, StoreUnreachable
from ..model.observation import Observation, Phase
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import records


def ending_of(store: ObjectStore, task: TaskId, *, last_lines: bool) -> Observation:
    """Return the outcome; a commit counts, whichever attempt made it.

    Args:
        store: The workspace store.
        task: The attempt.
        last_lines: True reads the last lines of the log for a failure whose record has none.

    Raises:
        StoreDenied: If the store refuses access.
        StoreUnreachable: If the store cannot be reached.
    """
    try:
        commit = records.committed(store, task)
        record = records.read_record(store, commit.record) if commit else records.record_of(store, task)
        observation = _ending(commit, record)
        if last_lines and observation.failure is not None and not observation.tail:
            observation = replace(observation, tail=records.last_lines(store, task))
    except (StoreDenied, StoreUnreachable):
        raise
    except StoreError as error:
        return Observation(phase=Phase.FAILED, uid="", reason=str(error), failure=Failure.STORE)
    return observation


def _ending(commit: CommitRecord | None, record: AttemptRecord | None) -> Observation:
    if commit is not None:
        return Observation(
            phase=Phase.SUCCEEDED,
            uid="",
            started=record.started if record else None,
            ended=record.ended if record else None,
            outputs=commit.outputs,
            attempt=commit.attempt,
        )
    if record is not None and record.failure is not None:
        return Observation(
            phase=Phase.FAILED,
            uid="",
            reason=record.reason,
            failure=record.failure,
            exit_code=record.exit_code,
            tail=record.tail,
            started=record.started,
            ended=record.ended,
            remedy=record.remedy,
        )
    reason = "it vanished without a record (deleted, evicted, or its machine went away)"
    return Observation(phase=Phase.FAILED, uid="", reason=reason, failure=Failure.LOST)
