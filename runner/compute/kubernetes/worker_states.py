"""The states of the workers of one Indexed Job, and the worker that tells for all of them (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from ...dataclass import dataclass
from ...model.observation import Observation
from ...model.record import AttemptRecord, Failure
from ...model.workers import STEP_FAILED
from .json_fields import number, text, time, value_at
from .outcome import INTERRUPTED, end_of, recorded_failure
from .pod_disruptions import has_gone
from .pod_snapshot import DELETED, PodSnapshot, StoredResult, condition, index_of, state

NO_RESULT = StoredResult()


class State(Enum):
    """The state of one worker, by its newest pod."""

    WAITS = "waits"
    """It has no pod yet, or its pod has not started."""
    RUNS = "runs"
    DONE = "done"
    """It ended well. This is not yet the success of the step, which is its commit."""
    FAILED = "failed"
    """Its pod failed or is gone. Kubernetes starts a worker of a pool again."""


def state_of(worker: PodSnapshot, now: datetime | None = None) -> State:
    """Return the state of one worker.

    Args:
        worker: The snapshot of the worker, as in `PodSnapshot.workers`.
        now: The API server's time. None: a silent node counts as alive.
    """
    if worker.terminated is not None:
        record = worker.message.record if worker.message else None
        good = number(worker.terminated, "exitCode") == 0 and (record is None or record.failure is None)
        return State.DONE if good else State.FAILED
    phase = text(worker.pod, "status", "phase")
    if phase == "Succeeded":
        return State.DONE
    if phase == "Failed" or value_at(worker.pod, DELETED) is True or (now is not None and _is_gone(worker, now)):
        return State.FAILED
    return State.RUNS if worker.running is not None else State.WAITS


def _is_gone(worker: PodSnapshot, now: datetime) -> bool:
    return bool(worker.pod) and has_gone(worker.pod, now)


def states_of(snapshot: PodSnapshot, now: datetime | None = None) -> list[State]:
    """Return the states of all workers, in the order of their indexes."""
    return [state_of(worker, now) for worker in snapshot.workers]


def has_step_failed(worker: PodSnapshot) -> bool:
    """Return True if the worker has recorded the failure of the whole step."""
    return number(worker.terminated, "exitCode") == STEP_FAILED


def has_trouble(worker: PodSnapshot) -> bool:
    """Return True if the kubelet has a reason, other than its usual work, why the container waits."""
    return text(state(worker.pod, "waiting"), "reason") not in ("", "ContainerCreating", "PodInitializing")


def job_fails(snapshot: PodSnapshot) -> bool:
    """Return True if the Job has failed, or ends its last pods because it is to fail."""
    kinds = ("FailureTarget", "Failed")
    return any(text(condition(snapshot.job, kind), "status") == "True" for kind in kinds)


def name_of(worker: PodSnapshot, snapshot: PodSnapshot) -> str:
    """Return the words for a worker: ``worker 2 of 4``."""
    index = next((index for index, one in enumerate(snapshot.workers) if one is worker), index_of(worker.pod))
    return f"worker {index} of {len(snapshot.workers)}"


def attributed(found: Observation, worker: PodSnapshot, snapshot: PodSnapshot) -> Observation:
    """Return the observation of one worker as that of the attempt; its reason names the worker."""
    named = len(snapshot.workers) == 1 or found.reason.startswith(("worker ", "rank "))
    return found if named else replace(found, reason=f"{name_of(worker, snapshot)}: {found.reason}")


@dataclass(frozen=True, kw_only=True)
class _End:
    """The end of one worker as a candidate for the cause of the step's failure."""

    worker: PodSnapshot
    found: Observation
    imposed: bool
    """True: the pod was ended because the Job had failed before."""
    at: datetime
    recorded: bool
    """True: the worker says that the whole step has failed."""
    felt: bool
    """True: the container ended by itself, so that the end of another worker may be the cause."""

    @property
    def order(self) -> tuple[bool, datetime, bool]:
        """A key that sorts the cause first. Kubernetes knows seconds alone."""
        return self.imposed, self.at.replace(microsecond=0), self.felt


def first_failure(
    failed: Iterable[PodSnapshot], snapshot: PodSnapshot, now: datetime, stored: StoredResult
) -> Observation | None:
    """Return the failure that ended the others: the first one of which no other is the cause.

    A worker that is killed or evicted makes its peers fail too. So the end of a pod goes before records of the same
    second. Among the records, the stored one counts: the first worker wrote it.

    Args:
        failed: The workers that failed.
        snapshot: The attempt.
        now: The API server's time.
        stored: The attempt's stored result.

    Returns:
        The failure; None if no pod has ended yet.
    """
    ends = [one for one in (_end(worker, snapshot, now) for worker in failed) if one is not None]
    if stored.record is not None and stored.record.failure is not None:
        ends = [one for one in ends if not one.recorded] + [_stored_end(stored.record, ends, snapshot)]
    if not ends:
        return None
    cause = min(ends, key=lambda one: one.order)
    return attributed(cause.found, cause.worker, snapshot)


def _end(worker: PodSnapshot, snapshot: PodSnapshot, now: datetime) -> _End | None:
    found = end_of(worker, now, NO_RESULT)
    if found is None:
        return None
    record = worker.message.record if worker.message else None
    recorded, asked = has_step_failed(worker), _deletion_asked(worker)
    at = record.ended if record else time(worker.terminated, "finishedAt") or asked or now
    if asked is not None and not recorded:
        at = min(at, asked)
    stopped = found.failure in (Failure.LOST, Failure.CANCELED) and asked is not None
    return _End(
        worker=worker,
        found=found,
        imposed=stopped and _is_imposed(asked, snapshot),
        at=at,
        recorded=recorded,
        felt=recorded or (record is not None and asked is None and found.failure is not Failure.DISRUPTED),
    )


def _stored_end(record: AttemptRecord, ends: list[_End], snapshot: PodSnapshot) -> _End:
    """Return the end that the stored record tells, as that of the worker who wrote it."""
    writers = [one.worker for one in ends if one.recorded and one.worker.message]
    same = (one for one in writers if one.message and one.message.record.ended == record.ended)
    worker = next(same, writers[0] if writers else snapshot.workers[0])
    found = recorded_failure(worker, record)
    return _End(worker=worker, found=found, imposed=False, at=record.ended, recorded=True, felt=True)


def _deletion_asked(worker: PodSnapshot) -> datetime | None:
    """Return the time of the request to delete the pod: ``deletionTimestamp`` is the end of its grace period."""
    at = time(worker.pod, "metadata", "deletionTimestamp")
    grace = number(worker.pod, "metadata", "deletionGracePeriodSeconds") or 0
    return None if at is None else at - timedelta(seconds=grace)


def _is_imposed(asked: datetime | None, snapshot: PodSnapshot) -> bool:
    """Return True if the deletion of a pod followed the failure of its Job."""
    if not job_fails(snapshot):
        return False
    times = (time(condition(snapshot.job, kind), "lastTransitionTime") for kind in ("FailureTarget", "Failed"))
    failed = min(filter(None, times), default=None)
    return failed is None or (asked is not None and asked >= failed)


def is_final(found: Observation | None, snapshot: PodSnapshot) -> bool:
    """Return True for an end that counts: a Job that is to be suspended interrupts its pods, and repeats them."""
    return found is not None and not (snapshot.suspend_requested and found.failure in INTERRUPTED)
