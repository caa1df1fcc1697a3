"""Why an attempt does not run yet, as a value; and how to read the events about it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ...dataclass import dataclass
from ...model.record import Failure
from .fields import KubeObject, text, time


@dataclass(frozen=True)
class Wait:
    """The reason for people, and what it means."""

    reason: str = ""
    """Cause and evidence in one line."""
    remedy: str = ""
    """What to do about it."""
    failure: Failure | None = None
    """Set when waiting longer cannot help."""
    hopeless: Failure | None = None
    """Set when waiting helps only if the cluster changes: a failure after a grace."""
    stuck: Failure | None = None
    """Set when the kubelet tries in vain again and again, which may pass: a failure after a grace."""
    since: datetime | None = None
    """When `stuck` began."""


def last(events: Iterable[KubeObject], *reasons: str) -> str:
    """The message of the newest event of these reasons, or an empty one."""
    found = [event for event in events if text(event, "reason") in reasons]
    return text(max(found, key=stamp, default={}), "message")


def began(event: KubeObject) -> datetime | None:
    """When what the event tells happened first; events of one reason are counted, not repeated."""
    return time(event, "firstTimestamp") or time(event, "eventTime") or time(event, "metadata", "creationTimestamp")


def stamp(event: KubeObject) -> str:
    """Return when what the event tells happened last; events of one object sort by it."""
    return text(event, "lastTimestamp") or text(event, "eventTime") or text(event, "metadata", "creationTimestamp")
