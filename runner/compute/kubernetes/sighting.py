"""All that was seen of one attempt, and how to find one's way in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...dataclass import dataclass
from ...model.data import DataRef
from ...model.record import AttemptRecord
from .contract import CONTAINER
from .fields import KubeObject, at, row, rows, text, time

DELETED = "deleted"
"""Set on a pod that the watch has seen go: its last state is kept as long as its Job is there."""


@dataclass(frozen=True)
class Sighting:
    """A Job, its pods, and the events about either: as the API wrote them, with holes."""

    job: KubeObject
    pods: tuple[KubeObject, ...] = ()
    events: tuple[KubeObject, ...] = ()

    @property
    def uid(self) -> str:
        """The Job's."""
        return text(self.job, "metadata", "uid")

    @property
    def pod(self) -> KubeObject:
        """The pod that tells most: an ended one, else the newest; empty when there is none."""
        return max(self.pods, key=_weight, default={})

    @property
    def terminated(self) -> KubeObject | None:
        """How the step container ended; None as long as it has not."""
        return state(self.pod, "terminated")

    @property
    def assigned(self) -> bool:
        """Whether its pod has a node: from then on it may run before anyone says so."""
        return text(condition(self.pod, "PodScheduled"), "status") == "True"

    @property
    def job_ended(self) -> bool:
        """Whether the Job controller is through with it."""
        conditions = rows(self.job, "status", "conditions")
        return any(text(one, "type") in ("Complete", "Failed") and text(one, "status") == "True" for one in conditions)

    @property
    def since(self) -> datetime | None:
        """When the newest thing that has to start was created."""
        return time(self.pod, "metadata", "creationTimestamp") or time(self.job, "metadata", "creationTimestamp")


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
