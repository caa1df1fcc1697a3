"""One observation of a gang: pods that start together, and of which none can go on without the others (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ...model.observation import Observation, Phase
from ...model.record import Failure
from ...model.workers import WorkerKind
from .json_fields import text, value_at
from .live_attempt import is_over, pending, run_since, waits_since
from .outcome import end_of
from .pending_reason import PendingReason, last
from .pod_snapshot import PodSnapshot, StoredResult, condition
from .settings import ClusterSettings
from .worker_states import State, first_failure, has_trouble, is_final, state_of, states_of

_REMEDY = (
    "ask for fewer nodes or smaller workers, add nodes to the cluster, or name a queue that starts a gang as a whole "
    "(the target's `queue`); raise the target's `unschedulable_grace` if other pods will make room"
)


def needs_stored_result(snapshot: PodSnapshot, now: datetime) -> bool:
    """Return True if the gang has ended or is suspended, and worker 0 does not tell its whole success."""
    first, states = snapshot.workers[0], states_of(snapshot, now)
    if states[0] is State.DONE and first.message and first.message.whole:
        return False
    return snapshot.is_suspended or snapshot.job_ended or State.FAILED in states or states[0] is State.DONE


def observe(snapshot: PodSnapshot, *, now: datetime, settings: ClusterSettings, stored: StoredResult) -> Observation:
    """Return the state of a gang; see `interpret.observe` for the arguments."""
    ended, states = _end(snapshot, now, stored), states_of(snapshot)
    if ended is not None and (is_final(ended, snapshot) or State.DONE in states):
        return ended  # what is done is not run again when the Job is resumed, and the others cannot go on without it
    if State.WAITS not in states and not snapshot.is_suspended:
        # It runs since its last worker runs.
        starts = [worker.started for worker in snapshot.workers if worker.started is not None]
        return run_since(snapshot, max(starts, default=None), now)
    return _pending(snapshot, states, now, settings)


def subject(snapshot: PodSnapshot) -> PodSnapshot:
    """Return the worker whose wait tells most: one without a node, else one that does not start."""
    waiting = [worker for worker in snapshot.workers if state_of(worker) is State.WAITS]
    return max(waiting or snapshot.workers, key=_tells)


def _tells(worker: PodSnapshot) -> tuple[bool, bool, bool]:
    scheduled = text(condition(worker.pod, "PodScheduled"), "status")
    return scheduled == "False", has_trouble(worker), not worker.pod


def is_torn(snapshot: PodSnapshot) -> bool:
    """Return True if some workers of a gang have a node and others have none."""
    if snapshot.kind is not WorkerKind.GANG:
        return False
    placed = [worker.assigned for worker in snapshot.workers]
    return any(placed) and not all(placed)


def _end(snapshot: PodSnapshot, now: datetime, stored: StoredResult) -> Observation | None:
    first, states = snapshot.workers[0], states_of(snapshot, now)
    if stored.committed is not None or states[0] is State.DONE:
        # Worker 0 ends after all others. Its success is a commit, and its end without one is a failure.
        return end_of(first, now, stored if stored.committed is not None else StoredResult())
    failed = [worker for worker, state in zip(snapshot.workers, states, strict=True) if state is State.FAILED]
    found = first_failure(failed, snapshot, now, stored) if failed else None
    if found is None and snapshot.job_ended:
        return end_of(PodSnapshot(snapshot.job), now, stored)
    return found


def _pending(snapshot: PodSnapshot, states: list[State], now: datetime, settings: ClusterSettings) -> Observation:
    if snapshot.is_suspended:
        return pending(snapshot, now, settings)
    worker = subject(snapshot)
    waiting_workers = [one for one in snapshot.workers if state_of(one) is State.WAITS]
    alike = [one for one in waiting_workers if one.assigned == worker.assigned]
    found = pending(worker, now, settings)
    if found.phase is Phase.FAILED:
        return replace(found, placed=False)
    waiting = PendingReason(reason=found.reason, remedy=found.remedy)
    if waiting.reason and len(states) > 1:
        waiting = replace(waiting, reason=f"{len(alike)} of {len(states)} workers wait: {waiting.reason}")
    if is_torn(snapshot):
        waiting = _torn(worker, snapshot, waiting)
        if waiting.unschedulable and is_over(_torn_since(worker, snapshot), now, settings.unschedulable_grace):
            return replace(
                found, phase=Phase.FAILED, failure=waiting.unschedulable, reason=waiting.reason, remedy=waiting.remedy
            )
    placed = all(one.assigned for one in snapshot.workers)
    since = max(filter(None, (one.placed for one in snapshot.workers)), default=None) if placed else snapshot.created
    return waits_since(snapshot, waiting, since, now, placed=placed)


def _torn(worker: PodSnapshot, snapshot: PodSnapshot, waiting: PendingReason) -> PendingReason:
    """Return why a part of a gang waits; what has a node holds it in vain meanwhile.

    A queue or an autoscaler that is at work is waited for.
    """
    placed = sum(1 for one in snapshot.workers if one.assigned)
    scheduled = condition(worker.pod, "PodScheduled")
    if text(scheduled, "status") != "False":
        return waiting
    if text(scheduled, "reason") == "SchedulingGated" or last(worker.events, "TriggeredScaleUp"):
        return waiting
    each = _asked(worker)
    reason = (
        f"needs {len(snapshot.workers)} workers at once{each}; {placed} {'has' if placed == 1 else 'have'} a node, "
        f"and the cluster has no room for the others: {text(scheduled, 'message')}"
    )
    return PendingReason(reason=reason, remedy=_REMEDY, unschedulable=Failure.UNSCHEDULABLE)


def _torn_since(worker: PodSnapshot, snapshot: PodSnapshot) -> datetime | None:
    """Return the time since when a part of the gang waits for the rest."""
    first = min(filter(None, (one.placed for one in snapshot.workers if one.assigned)), default=None)
    return max(filter(None, (worker.since, first)), default=None)


def _asked(worker: PodSnapshot) -> str:
    resources = value_at(worker.step, "resources")
    requests = {name: text(resources, "requests", name) for name in ("cpu", "memory")}
    gpus = text(resources, "limits", "nvidia.com/gpu")
    asked = [f"{name}={amount}" for name, amount in {**requests, "gpu": gpus}.items() if amount]
    return f" with {' '.join(asked)} each" if asked else ""
