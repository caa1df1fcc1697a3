"""How an attempt ended that its target says nothing of: what the store has of it."""

from __future__ import annotations

from dataclasses import replace

from ..errors import StoreDenied, StoreError, StoreUnreachable
from ..model.observation import Observation, Phase
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import records


def ending_of(store: ObjectStore, task: TaskId, *, last_lines: bool) -> Observation:
    """Its ending; what is committed counts, whichever attempt did it. Raises StoreDenied, StoreUnreachable.

    `last_lines`: of a failure that brings none, those of its log are read.
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
        return Observation(Phase.FAILED, "", str(error), Failure.STORE)
    return observation


def _ending(commit: CommitRecord | None, record: AttemptRecord | None) -> Observation:
    if commit is not None:
        return Observation(
            Phase.SUCCEEDED,
            "",
            started=record.started if record else None,
            ended=record.ended if record else None,
            outputs=commit.outputs,
            attempt=commit.attempt,
        )
    if record is not None and record.failure is not None:
        return Observation(
            Phase.FAILED,
            "",
            record.reason,
            record.failure,
            record.exit_code,
            record.tail,
            record.started,
            record.ended,
            remedy=record.remedy,
        )
    reason = "it vanished without a record (deleted, evicted, or its machine went away)"
    return Observation(Phase.FAILED, "", reason, Failure.LOST)
