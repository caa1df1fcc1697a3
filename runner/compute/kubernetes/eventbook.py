"""The events about attempts that are late at starting: they alone say why there is no pod, or no volume."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic

from ...errors import TargetError
from .cluster import Cluster
from .fields import KubeObject, text
from .interpret import Sighting, wants_events
from .waiting import last
from .waits import wait

EVERY = 5.0
"""Seconds between two requests about one attempt at first; each time twice as many, so that a queue costs little."""
PULLING_EVERY = 7.0
"""Seconds between two requests about a pod whose image is being pulled: a failure is told within 10 s."""
_PULLING_OFTEN = 12
"""So often; a registry that does not answer has failed by then, and a pull that takes longer is a large one."""
_AT_ONCE = 4
"""A queue of a thousand pods must not become a thousand requests a round."""


class EventBook:
    """What the events about each Job or its pod say, asked for when it is due."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._events: dict[str, tuple[KubeObject, ...]] = {}
        self._due: dict[str, float] = {}
        self._asked: dict[str, tuple[str, int]] = {}
        """About which object, and how often."""

    def events(self, uid: str) -> tuple[KubeObject, ...]:
        """What is known about the Job of that uid."""
        return self._events.get(uid, ())

    def forget(self, uid: str) -> None:
        """Its Job is gone."""
        for known in (self._events, self._due, self._asked):
            known.pop(uid, None)

    def refresh(self, starting: Mapping[str, Sighting], now: datetime) -> Iterator[str]:
        """Ask about those that are late and due, the longest waiting first; the Jobs of which more is known now."""
        at = monotonic()
        late = [uid for uid, seen in starting.items() if self._is_due(uid, seen, at) and wants_events(seen, now)]
        for uid in sorted(late, key=lambda uid: self._due.get(uid, 0.0))[:_AT_ONCE]:
            if self._ask(uid, starting[uid]):
                yield uid

    def _is_due(self, uid: str, seen: Sighting, at: float) -> bool:
        about, _ = self._asked.get(uid, ("", 0))
        return at >= self._due.get(uid, 0.0) or about != _about(seen)

    def _ask(self, uid: str, seen: Sighting) -> bool:
        about, often = self._asked.get(uid, ("", 0))
        often = often + 1 if about == _about(seen) else 1
        self._asked[uid] = (_about(seen), often)
        # An autoscaler may set to work at any moment of the grace, and then it must be known.
        pause = EVERY if wait(seen).hopeless else EVERY * 2.0 ** min(often - 1, 10)
        self._due[uid] = monotonic() + pause
        # Events only explain: without them (no permission, no answer) the rest is as true as before.
        with suppress(TargetError):
            self._events[uid] = self._cluster.list("events", fields=f"involvedObject.uid={_about(seen)}").items
            if last(self._events[uid], *_TOLD_LAST).startswith("Pulling"):
                # The event of a failure is there at once; the pod shows it at the kubelet's next look, 10 s to a
                # minute later: https://github.com/kubernetes/kubernetes/blob/v1.34.0/pkg/kubelet/pod_workers.go
                self._due[uid] = monotonic() + PULLING_EVERY * 2.0 ** min(max(0, often - _PULLING_OFTEN), 10)
            return True
        return False


_TOLD_LAST = ("Pulling", "Pulled", "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")


def _about(seen: Sighting) -> str:
    return text(seen.pod, "metadata", "uid") or seen.uid
