"""All that was seen of one attempt, and how to find one's way in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from ...dataclass import dataclass
from ...model.data import DataRef
from ...model.record import AttemptRecord
from ...model.termination import Termination, from_message
from .contract import CONTAINER, RUN_LABEL
from .fields import KubeObject, at, row, rows, text, time

DELETED = "deleted"
"""Set on a pod that the watch has seen go: its last state is kept as long as its Job is there."""


@dataclass(frozen=True)
class Sighting:
    """A Job, its pods, and the events about either: as the API wrote them, with holes.

    It is asked again every tick as long as nothing changes, so what it has found is kept.
    """

    job: KubeObject
    pods: tuple[KubeObject, ...] = ()
    events: tuple[KubeObject, ...] = ()

    @cached_property
    def uid(self) -> str:
        """The Job's."""
        return text(self.job, "metadata", "uid")

    @cached_property
    def run(self) -> str:
        """The id of the run that it belongs to."""
        return text(self.job, "metadata", "labels", RUN_LABEL)

    @cached_property
    def pod(self) -> KubeObject:
        """The pod that tells most: an ended one, else the newest; empty when there is none.

        Pods that were deleted because the Job was suspended tell nothing once it has been resumed.
        """
        return max((pod for pod in self.pods if not self._is_of_before(pod)), key=_weight, default={})

    @cached_property
    def put_away(self) -> bool:
        """Whether the Job is suspended, and no pod of it is left that could still run.

        https://kubernetes.io/docs/concepts/workloads/controllers/job/#suspending-a-job
        """
        if not self._suspended:
            return False
        pod = self.pod
        ended = text(pod, "status", "phase") in ("Failed", "Succeeded")
        return not pod or ended or at(pod, DELETED) is True or self.terminated is not None

    @cached_property
    def _suspended(self) -> bool:
        """What is wished; the Job's condition may say otherwise for long after that has changed."""
        return at(self.job, "spec", "suspend") is True

    @cached_property
    def _suspension(self) -> KubeObject:
        return condition(self.job, "Suspended")

    def _is_of_before(self, pod: KubeObject) -> bool:
        """Whether the pod was deleted because the Job was suspended, and the Job has been resumed.

        The pod is older than the change of the Job's condition ``Suspended``, or than another pod: a Job makes a
        second one only when it is resumed. The condition itself was seen to say True long after that (1.34).
        """
        created = time(pod, "metadata", "creationTimestamp")
        deleted = at(pod, DELETED) is True or bool(text(pod, "metadata", "deletionTimestamp"))
        if self._suspended or created is None or not deleted:
            return False
        others = (time(other, "metadata", "creationTimestamp") for other in self.pods)
        changed = time(self._suspension, "lastTransitionTime")
        return any(later is not None and created < later for later in (changed, *others))

    @cached_property
    def terminated(self) -> KubeObject | None:
        """How the step container ended; None as long as it has not."""
        return state(self.pod, "terminated")

    @cached_property
    def running(self) -> KubeObject | None:
        """Since when the step container runs; None as long as it does not."""
        return state(self.pod, "running")

    @cached_property
    def started(self) -> datetime | None:
        """When the step container began to run."""
        return time(self.running, "startedAt")

    @cached_property
    def message(self) -> Termination | None:
        """What the attempt itself said at its end."""
        return from_message(text(self.terminated, "message")) if self.terminated else None

    @cached_property
    def step(self) -> KubeObject:
        """The step container as it was asked for; empty when neither pod nor Job says it."""
        return row(self.pod, "spec", "containers", name=CONTAINER) or row(
            self.job, "spec", "template", "spec", "containers", name=CONTAINER
        )

    @cached_property
    def assigned(self) -> bool:
        """Whether its pod has a node: from then on it may run before anyone says so."""
        return text(condition(self.pod, "PodScheduled"), "status") == "True"

    @cached_property
    def job_ended(self) -> bool:
        """Whether the Job controller is through with it."""
        conditions = rows(self.job, "status", "conditions")
        return any(text(one, "type") in ("Complete", "Failed") and text(one, "status") == "True" for one in conditions)

    @cached_property
    def since(self) -> datetime | None:
        """When the newest thing that has to start was created."""
        return time(self.pod, "metadata", "creationTimestamp") or self.created

    @cached_property
    def created(self) -> datetime | None:
        """When the Job was made, suspended or resumed last, by the API server's clock; without a Job the pod."""
        return (
            time(self._suspension, "lastTransitionTime")
            or time(self.job, "metadata", "creationTimestamp")
            or time(self.pod, "metadata", "creationTimestamp")
        )

    @cached_property
    def placed(self) -> datetime | None:
        """When its pod was given a node."""
        return time(condition(self.pod, "PodScheduled"), "lastTransitionTime") or self.since


@dataclass(frozen=True)
class Traces:
    """What the attempt left in the store; looked up only when its pod does not say it."""

    record: AttemptRecord | None = None
    committed: Mapping[str, DataRef] | None = None
    """The committed outputs; None: there is no commit record."""
    attempt: int = 0
    """The attempt that was committed."""


def state(pod: KubeObject, name: str) -> KubeObject | None:
    """The step container's ``waiting``, ``running`` or ``terminated``, whichever it is in."""
    found = at(row(pod, "status", "containerStatuses", name=CONTAINER), "state", name)
    return found if isinstance(found, Mapping) else None


def condition(value: KubeObject, kind: str) -> KubeObject:
    """The condition of that type, or an empty object."""
    return row(value, "status", "conditions", type=kind)


def _weight(pod: KubeObject) -> tuple[bool, bool, str]:
    ended = state(pod, "terminated") is not None
    return ended, at(pod, DELETED) is not True, text(pod, "metadata", "creationTimestamp")
