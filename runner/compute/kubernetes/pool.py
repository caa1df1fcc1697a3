"""One observation of a pool: pods that share work, each of which Kubernetes starts again if it is lost (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ...model.observation import Observation, Phase
from ...model.record import Failure
from .job_rules import RESTARTS_PER_WORKER
from .json_fields import KubeObject, text, time
from .live_attempt import pending, run_since, waits_since
from .outcome import end_of
from .pending import wait
from .pending_reason import PendingReason
from .pod_disruptions import silent_node
from .pod_snapshot import PodSnapshot, StoredResult, index_of
from .pod_snapshot import state as state_in
from .settings import ClusterSettings
from .worker_states import (
    NO_RESULT,
    State,
    attributed,
    first_failure,
    has_step_failed,
    has_trouble,
    is_final,
    job_fails,
    name_of,
    state_of,
    states_of,
)

_MOST_WARNINGS = 10
_UNREPEATABLE = (Failure.IMAGE, Failure.INPUT)
"""Failures of a container without a record that each further pod would repeat."""


def needs_stored_result(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the pool has ended or is suspended, and worker 0 does not tell its whole success."""
    first = snapshot.workers[0]
    if state_of(first) is State.DONE:
        return not (first.message and first.message.whole)
    return snapshot.is_suspended or snapshot.job_ended or bool(_final(snapshot, now))


def observe(snapshot: PodSnapshot, *, now: datetime, settings: ClusterSettings, stored: StoredResult) -> Observation:
    """Return the state of a pool; see `interpret.observe` for the arguments."""
    ended = _end(snapshot, now, stored)
    if ended is not None and is_final(ended, snapshot):
        return replace(ended, warnings=(*ended.warnings, *_warnings(snapshot, now)))
    if snapshot.is_suspended:
        return pending(snapshot, now, settings)
    states = states_of(snapshot)
    waiting = _waiting(snapshot, states, now, settings)
    if waiting.phase is Phase.FAILED or State.RUNS not in states:
        return waiting
    return run_since(snapshot, min(_starts(snapshot), default=None), now)


def subject(snapshot: PodSnapshot) -> PodSnapshot:
    """Return the worker whose wait tells most: worker 0 if it waits, else one that has a node and does not start."""
    waiting = [worker for worker in snapshot.workers if state_of(worker) is State.WAITS]
    return max(waiting or snapshot.workers, key=lambda worker: (worker.assigned, has_trouble(worker)))


def _end(snapshot: PodSnapshot, now: datetime, stored: StoredResult) -> Observation | None:
    first = snapshot.workers[0]
    if stored.committed is not None or state_of(first) is State.DONE:
        # Worker 0 ends when all work is done. Its success is a commit, and its end without one is a failure.
        return end_of(first, now, stored if stored.committed is not None else NO_RESULT)
    final = _final(snapshot, now)
    found = first_failure(final, snapshot, now, stored) if final else None
    if found is None and snapshot.job_ended:
        return end_of(PodSnapshot(snapshot.job), now, stored)
    if found is not None and any(index_of(one.pod) in _failed_indexes(snapshot) for one in final):
        times = RESTARTS_PER_WORKER + 1
        return replace(found, reason=f"{found.reason} (its pods failed {times} times, which is the most)")
    return found


def _final(snapshot: PodSnapshot, now: datetime) -> list[PodSnapshot]:
    """Return the workers whose end is the end of the step. Empty: Kubernetes starts the failed ones again."""
    failed = [worker for worker in snapshot.workers if state_of(worker, now) is State.FAILED]
    definite = [worker for worker in failed if has_step_failed(worker) or _would_repeat(worker, now)]
    if definite:
        return definite
    given_up = _failed_indexes(snapshot)
    first = snapshot.workers[0]
    if job_fails(snapshot):
        return [worker for worker in failed if index_of(worker.pod) in given_up] or failed
    # Nothing replaces worker 0: its index is given up, or its node is silent. The others cannot end without it.
    return [first] if state_of(first, now) is State.FAILED and (0 in given_up or silent_node(first.pod, now)) else []


def _would_repeat(worker: PodSnapshot, now: datetime) -> bool:
    if worker.terminated is None or worker.message is not None:
        return False
    found = end_of(worker, now, NO_RESULT)
    return found is not None and found.failure in _UNREPEATABLE


def _failed_indexes(snapshot: PodSnapshot) -> frozenset[int]:
    """Return the indexes that Kubernetes has given up, from the Job's ``status.failedIndexes``: ``0,2-4``."""
    found: set[int] = set()
    for part in text(snapshot.job, "status", "failedIndexes").split(","):
        first, _, end = part.partition("-")
        if first.isdecimal() and (end or first).isdecimal():
            found.update(range(int(first), int(end or first) + 1))
    return frozenset(found)


def _waiting(snapshot: PodSnapshot, states: list[State], now: datetime, settings: ClusterSettings) -> Observation:
    """Return the wait of the pool, or the failure that makes waiting useless: of all workers, or of worker 0."""
    first = snapshot.workers[0]
    alone = State.RUNS not in states and State.DONE not in states
    worker = subject(snapshot) if alone else first
    if state_of(worker) is State.FAILED:
        return _restarting(worker, snapshot, now)
    found = pending(worker, now, settings)
    if found.phase is Phase.FAILED:
        return attributed(found, worker, snapshot) if snapshot.replaced or not alone else found
    many = sum(1 for state in states if state in (State.WAITS, State.FAILED))
    said = f"{many} of {len(states)} workers wait: {found.reason}" if found.reason and many > 1 else found.reason
    waiting = PendingReason(reason=said, remedy=found.remedy)
    placed = any(one.assigned for one, state in zip(snapshot.workers, states, strict=True) if state is State.WAITS)
    since = max((*_ends(snapshot), *filter(None, (worker.placed if placed else snapshot.created,))), default=None)
    return waits_since(snapshot, waiting, since, now, placed=placed)


def _restarting(worker: PodSnapshot, snapshot: PodSnapshot, now: datetime) -> Observation:
    """Return the wait for the next pod of a worker. Kubernetes makes it after a pause that grows."""
    found = end_of(worker, now, NO_RESULT)
    why = f": {found.reason}" if found and found.reason else ""
    waiting = PendingReason(reason=f"{name_of(worker, snapshot)} is started again{why}")
    return waits_since(snapshot, waiting, max(_ends(snapshot), default=snapshot.created), now, placed=False)


def _starts(snapshot: PodSnapshot) -> Iterator[datetime]:
    """Yield when containers started, those of replaced pods included."""
    for pod in snapshot.pods:
        for name in ("running", "terminated"):
            started = time(state_in(pod, name), "startedAt")
            if started is not None and started.year > 1970:
                yield started


def _ends(snapshot: PodSnapshot) -> Iterator[datetime]:
    for pod in snapshot.pods:
        finished = time(state_in(pod, "terminated"), "finishedAt")
        if finished is not None:
            yield finished


def _warnings(snapshot: PodSnapshot, now: datetime) -> tuple[str, ...]:
    """Return a line for each pod that failed and was replaced, or whose worker was given up or never ran."""
    given_up = _failed_indexes(snapshot)
    pods = [*snapshot.replaced, *(one.pod for one in snapshot.workers if index_of(one.pod) in given_up and one.pod)]
    lines = Counter(filter(None, (_warning(pod, snapshot, now) for pod in pods)))
    said = [line if times == 1 else f"{line} ({times} times)" for line, times in sorted(lines.items())]
    rest = len(said) - _MOST_WARNINGS
    more = (f"and {rest} more such lines",) if rest > 0 else ()
    return (*said[:_MOST_WARNINGS], *more, *_idle(snapshot))


def _idle(snapshot: PodSnapshot) -> Iterator[str]:
    """Yield a line if workers never ran, so that the others did all the work."""
    begun = {index_of(pod) for pod in snapshot.replaced}
    idle = [one for index, one in enumerate(snapshot.workers) if state_of(one) is State.WAITS and index not in begun]
    if idle:
        why = wait(max(idle, key=has_trouble)).reason
        yield f"{len(idle)} of {len(snapshot.workers)} workers never ran" + (f": {why}" if why else "")


def _warning(pod: KubeObject, snapshot: PodSnapshot, now: datetime) -> str:
    one = PodSnapshot(snapshot.job, (pod,))
    found = end_of(one, now, NO_RESULT)
    if found is None or found.phase is not Phase.FAILED:
        return ""
    what = "was given up" if pod in (worker.pod for worker in snapshot.workers) else "was started again"
    return f"worker {index_of(pod)} of {len(snapshot.workers)} {what}: {found.reason}"
