"""What the pods of an attempt with many workers show: the attempt's fate as that of its workers (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runner.compute.kubernetes import conventions as c
from runner.model.observation import Phase
from runner.model.record import AttemptRecord
from runner.model.termination import to_message
from runner.model.workers import STEP_FAILED, WorkerKind
from tests.support.fake_target import Ending, FakeAttempt

Status = dict[str, Any]
PLACED = {"type": "PodScheduled", "status": "True"}
NO_ROOM = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 Insufficient cpu.",
}
DISRUPTED = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
SURVIVED = (Ending.EVICTED, Ending.DISRUPTED)
"""Endings of one pod that a pool goes on after."""


def survives(attempt: FakeAttempt) -> bool:
    """Whether the loss of one pod is none of the attempt."""
    workers = attempt.task.workers
    return workers is not None and workers.kind is WorkerKind.POOL and attempt.ending in SURVIVED


def victim(attempt: FakeAttempt) -> int:
    """The worker that fails, or is lost. A pool cannot go on without worker 0."""
    workers = attempt.task.workers
    assert workers is not None
    if workers.kind is WorkerKind.POOL and attempt.ending is Ending.OOM:
        return 0
    return len(attempt.task.id.key + attempt.ending.value) % workers.nodes


def status_of(attempt: FakeAttempt, index: int, *, now: str, since: str) -> Status:
    """What the kubelet says of the pod of one worker.

    Args:
        attempt: The attempt, as the world has it.
        index: The worker's index.
        now: The API server's time.
        since: The time at which the present phase of the attempt began.
    """
    if attempt.phase is Phase.PENDING:
        lacks = attempt.ending is Ending.UNSCHEDULABLE and index == 0
        return {"phase": "Pending", "conditions": [{**(NO_ROOM if lacks else PLACED), "lastTransitionTime": since}]}
    if attempt.ending is Ending.UNPULLABLE:
        return _step("Pending", {"waiting": {"reason": "ErrImagePull", "message": "not found"}})
    if attempt.phase is Phase.RUNNING:
        return running(since)
    if attempt.record is None:
        return _killed(attempt, index, now, since)
    return _recorded(attempt, attempt.record, index, now, since)


def running(since: str) -> Status:
    """A container that runs."""
    return _step("Running", {"running": {"startedAt": since}})


def _killed(attempt: FakeAttempt, index: int, now: str, since: str) -> Status:
    if index != victim(attempt):
        return running(since)
    if attempt.ending is Ending.OOM:
        return _ended(137, now, reason="OOMKilled")
    return _ended(143, now, DISRUPTED)


def lost(attempt: FakeAttempt, now: str) -> Status:
    """The pod of a worker that the rest of a pool outlives."""
    return _ended(143, now, DISRUPTED) if attempt.ending is Ending.DISRUPTED else _ended(137, now)


def nothing_begun(now: str) -> Status:
    """A bootstrap that found no reason to begin."""
    return _ended(0, now)


def _recorded(attempt: FakeAttempt, record: AttemptRecord, index: int, now: str, since: str) -> Status:
    if record.failure is None:
        own = record if index == 0 else replace(record, outputs={})
        return _ended(0, now, message=to_message(own))
    if index != victim(attempt):
        return running(since)
    return _ended(STEP_FAILED, now, message=to_message(record))


def _ended(code: int, now: str, *conditions: Mapping[str, Any], message: str = "", reason: str = "Error") -> Status:
    state = {"exitCode": code, "finishedAt": now, "message": message, "reason": reason}
    return _step("Failed" if code else "Succeeded", {"terminated": state}, *conditions)


def _step(phase: str, state: Mapping[str, Any], *conditions: Mapping[str, Any]) -> Status:
    statuses = [{"name": c.CONTAINER, "state": dict(state)}]
    return {"phase": phase, "conditions": [PLACED, *conditions], "containerStatuses": statuses}
