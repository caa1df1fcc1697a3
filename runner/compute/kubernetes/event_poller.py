"""Polling of events about attempts that start late. Only events explain a missing pod or volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic

from ...errors import TargetError
from .cluster import Cluster
from .interpret import PodSnapshot, is_late_to_start
from .interpret import subject as subject_of
from .json_fields import KubeObject, text
from .pending import wait
from .pending_reason import last

EVERY = 5.0
"""Seconds between the first two requests for one attempt. The pause doubles each time, so a queue costs little."""
PULLING_EVERY = 7.0
"""Seconds between two requests for a pod that pulls an image. A failure is reported within 10 s."""
_PULLING_OFTEN = 12
"""Requests at that interval. By then an unreachable registry has failed, so a longer pull is a large image."""
_AT_ONCE = 4
"""Requests in one round. A queue of a thousand pods must not cause a thousand requests."""


class EventPoller:
    """The events about each Job or its pod, requested when they are due."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._events: dict[str, tuple[KubeObject, ...]] = {}
        self._due: dict[str, float] = {}
        self._asked: dict[str, tuple[str, int]] = {}
        """The uid of the object that was asked about, and the number of requests, by the uid of the Job."""
        self._asked_at: dict[str, float] = {}

    def events(self, uid: str) -> tuple[KubeObject, ...]:
        """Return the known events of the Job with that uid."""
        return self._events.get(uid, ())

    def forget(self, uid: str) -> None:
        """Drop the events of a deleted Job."""
        for known in (self._events, self._due, self._asked, self._asked_at):
            known.pop(uid, None)

    def refresh(self, starting: Mapping[str, PodSnapshot], now: datetime) -> Iterator[str]:
        """Request the events of late attempts that are due, the longest overdue first.

        Yield the uids of Jobs with new events.
        """
        at = monotonic()
        late = [
            uid
            for uid, snapshot in starting.items()
            if self._is_due(uid, snapshot, at) and is_late_to_start(snapshot, now)
        ]
        for uid in sorted(late, key=lambda uid: self._due.get(uid, 0.0))[:_AT_ONCE]:
            if self._request(uid, starting[uid]):
                yield uid

    def _is_due(self, uid: str, snapshot: PodSnapshot, at: float) -> bool:
        subject, _ = self._asked.get(uid, ("", 0))
        if at >= self._due.get(uid, 0.0):
            return True
        # Of many workers that start one after the other, each would be another subject.
        pause = 0.0 if snapshot.kind is None else EVERY
        return subject != _subject(snapshot) and at >= self._asked_at.get(uid, 0.0) + pause

    def _request(self, uid: str, snapshot: PodSnapshot) -> bool:
        subject, requests = self._asked.get(uid, ("", 0))
        requests = requests + 1 if subject == _subject(snapshot) else 1
        self._asked[uid], self._asked_at[uid] = (_subject(snapshot), requests), monotonic()
        # An autoscaler may react at any moment of the grace period, and its event must be seen.
        pause = EVERY if wait(subject_of(snapshot)).unschedulable else EVERY * 2.0 ** min(requests - 1, 10)
        self._due[uid] = monotonic() + pause
        # Events only explain. Without them (no permission, no answer) the observed state is still right.
        with suppress(TargetError):
            self._events[uid] = self._cluster.list("events", fields=f"involvedObject.uid={_subject(snapshot)}").items
            if last(self._events[uid], *_STARTING_REASONS).startswith("Pulling"):
                # The event of a failure exists at once. The pod's status shows it at the kubelet's next sync, 10 s to a
                # minute later: https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/pod_workers.go
                self._due[uid] = monotonic() + PULLING_EVERY * 2.0 ** min(max(0, requests - _PULLING_OFTEN), 10)
            return True
        return False


_STARTING_REASONS = ("Pulling", "Pulled", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")


def _subject(snapshot: PodSnapshot) -> str:
    return text(subject_of(snapshot).pod, "metadata", "uid") or snapshot.uid
