"""A watch on a run's Jobs or pods, followed by a background thread.

A watch may end normally, stall, expire (410), break, or miss a change. The state kept here survives all five: after
the first three the thread continues or lists again, after an error it lists again with growing pauses, and it also
lists again periodically.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from random import random
from time import monotonic

from ...errors import TargetError, TargetUnreachable
from .cluster import Cluster
from .json_fields import KubeObject, number, rows, text, value_at
from .pod_snapshot import DELETED

WATCH_SECONDS = 60
"""Seconds for which the server keeps one watch. It is about the longest time in which a dead connection goes
unnoticed."""
RELIST_SECONDS = 600
"""Seconds after which a deletion that no watch reported (a proxy lost it) is noticed."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})
_METADATA_FIELDS = (
    "name",
    "uid",
    "labels",
    "annotations",
    "ownerReferences",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "finalizers",
)
_SPEC_FIELDS = ("nodeName", "nodeSelector", "imagePullSecrets")
_JOB_FIELDS = ("suspend", "completions")
_CONTAINER_FIELDS = ("name", "image", "resources")


class Watched:
    """The objects of one kind that match a selector, by uid. Safe to read from any thread."""

    def __init__(self, cluster: Cluster, kind: str, labels: str, *, changed: Callable[[], None]) -> None:
        self._cluster = cluster
        self._kind = kind
        self._labels = labels
        self._changed = changed
        self._lock = threading.Lock()
        self._objects: dict[str, tuple[int, KubeObject]] = {}
        self._news: set[str] = set()
        self._gone: set[str] = set()
        self._order = count(1)
        self._closed = threading.Event()
        self._version = ""
        self._listed = 0.0
        self._failing_since: float | None = None
        self._error: TargetError | None = None

    def start(self) -> None:
        """List, then follow in the background. Raises TargetError if the list cannot be read."""
        self._list()
        threading.Thread(target=self._follow, name=f"watch-{self._kind}", daemon=True).start()

    def close(self) -> None:
        """End the background thread, at the latest when its current watch ends."""
        self._closed.set()

    def objects(self) -> tuple[KubeObject, ...]:
        """Return the objects that exist, and those that were deleted and not forgotten yet (marked `DELETED`)."""
        with self._lock:
            return tuple(kept for _, kept in self._objects.values())

    def news(self) -> Mapping[str, KubeObject | None]:
        """Return the objects that have changed since the last call, by uid. None: deleted and forgotten."""
        with self._lock:
            news, self._news = self._news, set()
            return {uid: self._objects[uid][1] if uid in self._objects else None for uid in news}

    def add(self, value: KubeObject) -> None:
        """Add an object that this process has just created, before the watch reports it."""
        with self._lock:
            uid = text(value, "metadata", "uid")
            if uid not in self._gone and uid not in self._objects:
                self._keep(uid, pruned(value))

    def forget(self, uids: Iterable[str]) -> None:
        """Drop objects that are not needed any more."""
        with self._lock:
            for uid in uids:
                self._objects.pop(uid, None)
                self._news.add(uid)

    def failure(self, patience: float) -> TargetError | None:
        """Return the error that has broken the watch for more than `patience` seconds."""
        since = self._failing_since
        return self._error if since is not None and monotonic() - since > patience else None

    def _list(self) -> None:
        first_time = next(self._order)
        listing = self._cluster.list(self._kind, labels=self._labels)
        there = {text(value, "metadata", "uid"): value for value in listing.items}
        with self._lock:
            for uid, (order, _) in tuple(self._objects.items()):
                # An object that was added during the request may be newer than the list.
                if uid not in there and order < first_time:
                    self._remove(uid)
            for uid, value in there.items():
                self._keep(uid, pruned(value))
        self._version = listing.version
        self._listed = monotonic()
        self._failing_since = None
        self._changed()

    def _follow(self) -> None:
        failures = 0
        while not self._closed.is_set():
            failures = 0 if self._follow_once() else failures + 1
            if failures:
                # A list shows at once that the server answers again; a quiet watch does not.
                self._version = ""
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            self._closed.wait(pause * (0.5 + 0.5 * random()))  # noqa: S311 - no secret

    def _follow_once(self) -> bool:
        try:
            if not self._version or monotonic() - self._listed > RELIST_SECONDS:
                self._list()
            self._read()
        except Exception as error:  # noqa: BLE001 - whatever it is, what is kept must not pass for the truth for long
            self._error = error if isinstance(error, TargetError) else self._defect(error)
            self._failing_since = self._failing_since or monotonic()
            return False
        return True

    def _defect(self, error: Exception) -> TargetError:
        return TargetError(f"the watch of {self._kind} cannot go on: {type(error).__name__}: {error}")

    def _read(self) -> None:
        """Read one watch to its end, which is normal. The next one continues from its version."""
        for event in self._cluster.watch(self._kind, labels=self._labels, version=self._version, seconds=WATCH_SECONDS):
            if self._closed.is_set():
                return
            if not self._take(text(event, "type"), value_at(event, "object")):
                self._version = ""
                return

    def _take(self, change: str, value: object) -> bool:
        """Apply one event. Return False if the watch has expired.

        https://kubernetes.io/docs/reference/using-api/api-concepts/
        """
        if change == "ERROR":
            if number(value, "code") != 410:
                raise TargetError(f"the watch of {self._kind} failed: {text(value, 'message') or 'no reason given'}")
            return False
        if change not in _CHANGES:
            raise TargetUnreachable(
                f"the watch of {self._kind} received something that is no event: a line was cut or lost"
            )
        self._version = text(value, "metadata", "resourceVersion") or self._version
        uid = text(value, "metadata", "uid")
        if change == "BOOKMARK" or not uid or not isinstance(value, dict):
            return True
        with self._lock:
            self._keep(uid, pruned(value))
            if change == "DELETED":
                self._remove(uid)
        self._changed()
        return True

    def _remove(self, uid: str) -> None:
        """Drop a deleted Job. Keep a deleted pod: its last state may be all that is known of an attempt."""
        order, kept = self._objects.pop(uid)
        self._news.add(uid)
        if self._kind == "pods":
            self._objects[uid] = (order, {**kept, DELETED: True})
        else:
            self._gone.add(uid)

    def _keep(self, uid: str, value: KubeObject) -> None:
        self._objects[uid] = (next(self._order), value)
        self._news.add(uid)


def pruned(value: KubeObject) -> KubeObject:
    """Return the object with only the fields that `interpret` reads."""
    metadata = value_at(value, "metadata")
    kept = {key: metadata[key] for key in _METADATA_FIELDS if key in metadata} if isinstance(metadata, dict) else {}
    spec: dict[str, object] = {"containers": _pruned_containers(value, "spec", "containers")}
    spec.update((key, found) for key in _SPEC_FIELDS if (found := value_at(value, "spec", key)))
    if value_at(value, "spec", "template"):
        spec = {
            "template": {"spec": {"containers": _pruned_containers(value, "spec", "template", "spec", "containers")}}
        }
        spec.update((key, found) for key in _JOB_FIELDS if (found := value_at(value, "spec", key)))
    return {"metadata": kept, "spec": spec, "status": value_at(value, "status") or {}}


def _pruned_containers(value: KubeObject, *path: str) -> list[KubeObject]:
    return [{key: value_at(one, key) for key in _CONTAINER_FIELDS} for one in rows(value, *path)]
