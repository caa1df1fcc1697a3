"""The reason why an attempt does not run yet, as a value; and access to the events about it (pure)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ...dataclass import dataclass
from ...model.record import Failure
from .json_fields import KubeObject, text, time


@dataclass(frozen=True, kw_only=True)
class PendingReason:
    """A reason for users, and whether it ends the attempt."""

    reason: str = ""
    """The cause and the evidence in one line."""
    remedy: str = ""
    """The advice for the user."""
    failure: Failure | None = None
    """The failure, if waiting longer cannot help."""
    unschedulable: Failure | None = None
    """The failure after `unschedulable_grace`, if only a change of the cluster can help."""
    stuck: Failure | None = None
    """The failure after `pull_grace`, if the kubelet's retries fail but may still succeed."""
    since: datetime | None = None
    """The start of `stuck`."""


def last(events: Iterable[KubeObject], *reasons: str) -> str:
    """Return the message of the newest event with one of these reasons, or an empty one."""
    found = [event for event in events if text(event, "reason") in reasons]
    return text(max(found, key=last_time, default={}), "message")


def first_time(event: KubeObject) -> datetime | None:
    """Return the time of an event's first occurrence. Kubernetes counts repeated events in one object."""
    return time(event, "firstTimestamp") or time(event, "eventTime") or time(event, "metadata", "creationTimestamp")


def last_time(event: KubeObject) -> str:
    """Return the time of an event's last occurrence, in a form that sorts."""
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "metadata", "creationTimestamp")
