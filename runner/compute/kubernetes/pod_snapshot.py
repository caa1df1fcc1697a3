"""All Kubernetes objects of one attempt, and access to their parts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from ...dataclass import dataclass
from ...model.data import DataRef
from ...model.record import AttemptRecord
from ...model.termination import Termination, from_message
from ...model.workers import WorkerKind
from .conventions import CONTAINER, INDEX_ANNOTATION, RUN_LABEL, WORKERS_LABEL
from .json_fields import KubeObject, number, row, rows, text, time, value_at

DELETED = "deleted"
"""Field set on a pod that the watch saw deleted. Its last state is kept as long as its Job exists."""


@dataclass(frozen=True)
class PodSnapshot:
    """A Job, its pods and their events, as the API wrote them. Any field may be missing.

    Properties are cached because a snapshot is read every tick as long as nothing changes.
    """

    job: KubeObject
    pods: tuple[KubeObject, ...] = ()
    events: tuple[KubeObject, ...] = ()

    @cached_property
    def uid(self) -> str:
        """Return the uid of the Job."""
        return text(self.job, "metadata", "uid")

    @cached_property
    def run(self) -> str:
        """Return the ID of its run."""
        return text(self.job, "metadata", "labels", RUN_LABEL)

    @cached_property
    def pod(self) -> KubeObject:
        """Return the pod that tells most: an ended one, else the newest; empty if there is none.

        Pods that were deleted because the Job was suspended do not count once it is resumed.
        """
        return max((pod for pod in self.pods if not self._is_of_before(pod)), key=_weight, default={})

    @cached_property
    def is_suspended(self) -> bool:
        """Return True if the Job is suspended and has no pod that could still run.

        https://kubernetes.io/docs/concepts/workloads/controllers/job/#suspending-a-job
        """
        return self.suspend_requested and all(map(_has_ended, self.pods))

    @cached_property
    def kind(self) -> WorkerKind | None:
        """Return the kind of the Job's workers; None for a Job of one pod without an index."""
        named = text(self.job, "metadata", "labels", WORKERS_LABEL)
        return next((kind for kind in WorkerKind if kind.value == named), None)

    @cached_property
    def workers(self) -> tuple[PodSnapshot, ...]:
        """Return for each index of the Job a snapshot of the newest pod of that index, if there is one."""
        newest: dict[int, KubeObject] = {}
        for pod in sorted(self.pods, key=_age):
            newest[index_of(pod)] = pod
        count = number(self.job, "spec", "completions") or 1
        return tuple(self._of_one(newest.get(index)) for index in range(count))

    @cached_property
    def replaced(self) -> tuple[KubeObject, ...]:
        """Return the pods whose worker was started again in another pod."""
        newest = {text(worker.pod, "metadata", "uid") for worker in self.workers}
        return tuple(pod for pod in self.pods if text(pod, "metadata", "uid") not in newest)

    def _of_one(self, pod: KubeObject | None) -> PodSnapshot:
        about = {text(pod, "metadata", "uid"), self.uid, ""}
        events = tuple(event for event in self.events if text(event, "involvedObject", "uid") in about)
        return PodSnapshot(self.job, () if pod is None else (pod,), events)

    @cached_property
    def suspend_requested(self) -> bool:
        """Return the Job's ``spec.suspend``. The Job's condition may lag far behind it."""
        return value_at(self.job, "spec", "suspend") is True

    @cached_property
    def _suspension(self) -> KubeObject:
        return condition(self.job, "Suspended")

    def _is_of_before(self, pod: KubeObject) -> bool:
        """Return True if the pod was deleted because the Job was suspended, and the Job has been resumed.

        Such a pod is older than the change of the Job's condition ``Suspended``, or than another pod: a Job makes a
        second pod only when it is resumed. In Kubernetes 1.34 the condition was True long after that.
        """
        created = time(pod, "metadata", "creationTimestamp")
        deleted = value_at(pod, DELETED) is True or bool(text(pod, "metadata", "deletionTimestamp"))
        if self.suspend_requested or created is None or not deleted:
            return False
        others = (time(other, "metadata", "creationTimestamp") for other in self.pods)
        changed = time(self._suspension, "lastTransitionTime")
        return any(later is not None and created < later for later in (changed, *others))

    @cached_property
    def terminated(self) -> KubeObject | None:
        """Return the ``terminated`` state of the step container; None if it has not ended."""
        return state(self.pod, "terminated")

    @cached_property
    def running(self) -> KubeObject | None:
        """Return the ``running`` state of the step container; None if it does not run."""
        return state(self.pod, "running")

    @cached_property
    def started(self) -> datetime | None:
        """Return the start of the step container."""
        return time(self.running, "startedAt")

    @cached_property
    def message(self) -> Termination | None:
        """Return the attempt's own termination message."""
        return from_message(text(self.terminated, "message")) if self.terminated else None

    @cached_property
    def step(self) -> KubeObject:
        """Return the specification of the step container; empty if neither pod nor Job has it."""
        return row(self.pod, "spec", "containers", name=CONTAINER) or row(
            self.job, "spec", "template", "spec", "containers", name=CONTAINER
        )

    @cached_property
    def assigned(self) -> bool:
        """Return True if the pod has a node. From then on it may run before the cluster reports it."""
        return text(condition(self.pod, "PodScheduled"), "status") == "True"

    @cached_property
    def job_ended(self) -> bool:
        """Return True if the Job has ended."""
        conditions = rows(self.job, "status", "conditions")
        return any(text(one, "type") in ("Complete", "Failed") and text(one, "status") == "True" for one in conditions)

    @cached_property
    def since(self) -> datetime | None:
        """Return the creation time of the pod, or of the Job if there is no pod."""
        return time(self.pod, "metadata", "creationTimestamp") or self.created

    @cached_property
    def created(self) -> datetime | None:
        """Return the time when the Job was created, suspended or resumed last, else when the pod was created."""
        return (
            time(self._suspension, "lastTransitionTime")
            or time(self.job, "metadata", "creationTimestamp")
            or time(self.pod, "metadata", "creationTimestamp")
        )

    @cached_property
    def placed(self) -> datetime | None:
        """Return the time when the pod got a node; when it was created, if the cluster does not tell."""
        return self.scheduled or self.since

    @cached_property
    def scheduled(self) -> datetime | None:
        """Return the time when the pod got a node, as the cluster tells it; None: it does not."""
        return time(condition(self.pod, "PodScheduled"), "lastTransitionTime")


@dataclass(frozen=True)
class StoredResult:
    """The attempt's records in the store. They are read only if the pod does not report the result."""

    record: AttemptRecord | None = None
    committed: Mapping[str, DataRef] | None = None
    """The committed outputs. None: there is no commit record."""
    attempt: int = 0
    """The number of the committed attempt."""


def state(pod: KubeObject, name: str) -> KubeObject | None:
    """Return the step container's state ``waiting``, ``running`` or ``terminated``; None if it is in another."""
    found = value_at(row(pod, "status", "containerStatuses", name=CONTAINER), "state", name)
    return found if isinstance(found, Mapping) else None


def condition(value: KubeObject, kind: str) -> KubeObject:
    """Return the condition of that type, or an empty object."""
    return row(value, "status", "conditions", type=kind)


def index_of(pod: KubeObject) -> int:
    """Return the index of a worker's pod; 0 for a pod without one."""
    found = text(pod, "metadata", "annotations", INDEX_ANNOTATION)
    return int(found) if found.isdecimal() else 0


def _has_ended(pod: KubeObject) -> bool:
    ended = text(pod, "status", "phase") in ("Failed", "Succeeded") or state(pod, "terminated") is not None
    return ended or value_at(pod, DELETED) is True


def _age(pod: KubeObject) -> tuple[str, bool]:
    """Return a key that sorts the pods of one worker: the newest last. Kubernetes knows seconds alone."""
    return text(pod, "metadata", "creationTimestamp"), not _has_ended(pod)


def _weight(pod: KubeObject) -> tuple[bool, bool, str]:
    ended = state(pod, "terminated") is not None
    return ended, value_at(pod, DELETED) is not True, text(pod, "metadata", "creationTimestamp")
