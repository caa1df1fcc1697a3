"""What the server says of a run's Jobs and pods, kept up to date by a thread for each.

A watch may end cleanly, stall without a word, be told that its version is forgotten (410), break, or miss something.
The state kept here survives all five: after the first three it goes on or lists anew, after an error it lists anew
with growing pauses, and now and then it lists anew without a reason.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from random import random
from time import monotonic

from ...errors import TargetError, TargetUnreachable
from .cluster import Cluster
from .fields import KubeObject, at, number, rows, text
from .sighting import DELETED

WATCH_SECONDS = 60
"""How long the server keeps one watch: also the longest a dead connection can go unnoticed, about."""
RELIST_SECONDS = 600
"""How long a deletion that no watch told of (a proxy lost it) can go unnoticed."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED", "BOOKMARK"})
_KEPT_METADATA = (
    "name",
    "uid",
    "labels",
    "annotations",
    "ownerReferences",
    "creationTimestamp",
    "deletionTimestamp",
    "finalizers",
)
_KEPT_SPEC = ("nodeName", "nodeSelector", "imagePullSecrets")
_KEPT_OF_CONTAINER = ("name", "image", "resources")


class Watched:
    """The objects of one kind that a selector takes, by uid. Safe to read from any thread."""

    def __init__(self, cluster: Cluster, kind: str, labels: str, *, changed: Callable[[], None]) -> None:
        self._cluster = cluster
        self._kind = kind
        self._labels = labels
        self._changed = changed
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[int, KubeObject]] = {}
        self._news: set[str] = set()
        self._gone: set[str] = set()
        self._order = count(1)
        self._closed = threading.Event()
        self._version = ""
        self._listed = 0.0
        self._failing_since: float | None = None
        self._error: TargetError | None = None

    def start(self) -> None:
        """List, then follow in the background. Raises TargetError when the list cannot be had."""
        self._list()
        threading.Thread(target=self._follow, name=f"watch-{self._kind}", daemon=True).start()

    def close(self) -> None:
        """End the background thread, at the latest when its current watch does."""
        self._closed.set()

    def objects(self) -> tuple[KubeObject, ...]:
        """What is there, and what was seen to go and not forgotten yet (marked `DELETED`)."""
        with self._lock:
            return tuple(kept for _, kept in self._kept.values())

    def news(self) -> Mapping[str, KubeObject | None]:
        """The objects that have changed since the last call, by uid; None: gone and forgotten."""
        with self._lock:
            news, self._news = self._news, set()
            return {uid: self._kept[uid][1] if uid in self._kept else None for uid in news}

    def add(self, value: KubeObject) -> None:
        """Take in what this process has just created, which the watch may tell only later."""
        with self._lock:
            uid = text(value, "metadata", "uid")
            if uid not in self._gone and uid not in self._kept:
                self._keep(uid, slim(value))

    def forget(self, uids: Iterable[str]) -> None:
        """Drop objects that no one will ask for again."""
        with self._lock:
            for uid in uids:
                self._kept.pop(uid, None)
                self._news.add(uid)

    def failure(self, patience: float) -> TargetError | None:
        """The error that has kept the watch from working for more than `patience` seconds."""
        since = self._failing_since
        return self._error if since is not None and monotonic() - since > patience else None

    def _list(self) -> None:
        began = next(self._order)
        listing = self._cluster.list(self._kind, labels=self._labels)
        there = {text(value, "metadata", "uid"): value for value in listing.items}
        with self._lock:
            for uid, (order, _) in tuple(self._kept.items()):
                # What was added while the list was under way may be younger than the list.
                if uid not in there and order < began:
                    self._remove(uid)
            for uid, value in there.items():
                self._keep(uid, slim(value))
        self._version = listing.version
        self._listed = monotonic()
        self._failing_since = None
        self._changed()

    def _follow(self) -> None:
        failures = 0
        while not self._closed.is_set():
            failures = 0 if self._went_well() else failures + 1
            if failures:
                # A list also shows at once that the server answers again; a quiet watch does not.
                self._version = ""
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
            self._closed.wait(pause * (0.5 + 0.5 * random()))  # noqa: S311 - no secret

    def _went_well(self) -> bool:
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
        """One watch, to its end. An end without a word is normal: the next goes on from its version."""
        for event in self._cluster.watch(self._kind, labels=self._labels, version=self._version, seconds=WATCH_SECONDS):
            if self._closed.is_set():
                return
            if not self._take(text(event, "type"), at(event, "object")):
                self._version = ""
                return

    def _take(self, change: str, value: object) -> bool:
        """Whether the watch may go on; https://kubernetes.io/docs/reference/using-api/api-concepts/."""
        if change == "ERROR":
            if number(value, "code") != 410:
                raise TargetError(f"the watch of {self._kind} failed: {text(value, 'message') or 'no reason given'}")
            return False
        if change not in _CHANGES:
            raise TargetUnreachable(
                f"the watch of {self._kind} told something that is no event: a line was cut or lost"
            )
        self._version = text(value, "metadata", "resourceVersion") or self._version
        uid = text(value, "metadata", "uid")
        if change == "BOOKMARK" or not uid or not isinstance(value, dict):
            return True
        with self._lock:
            self._keep(uid, slim(value))
            if change == "DELETED":
                self._remove(uid)
        self._changed()
        return True

    def _remove(self, uid: str) -> None:
        """A Job that is gone is forgotten; a pod's last state may be all that is known of an attempt."""
        order, kept = self._kept.pop(uid)
        self._news.add(uid)
        if self._kind == "pods":
            self._kept[uid] = (order, {**kept, DELETED: True})
        else:
            self._gone.add(uid)

    def _keep(self, uid: str, value: KubeObject) -> None:
        self._kept[uid] = (next(self._order), value)
        self._news.add(uid)


def slim(value: KubeObject) -> KubeObject:
    """The few fields that `interpret` reads, at their places."""
    metadata = at(value, "metadata")
    kept = {key: metadata[key] for key in _KEPT_METADATA if key in metadata} if isinstance(metadata, dict) else {}
    spec: dict[str, object] = {"containers": _slim_containers(value, "spec", "containers")}
    spec.update((key, told) for key in _KEPT_SPEC if (told := at(value, "spec", key)))
    if at(value, "spec", "template"):
        spec = {"template": {"spec": {"containers": _slim_containers(value, "spec", "template", "spec", "containers")}}}
        if at(value, "spec", "suspend"):
            spec["suspend"] = True
    return {"metadata": kept, "spec": spec, "status": at(value, "status") or {}}


def _slim_containers(value: KubeObject, *path: str) -> list[KubeObject]:
    return [{key: at(one, key) for key in _KEPT_OF_CONTAINER} for one in rows(value, *path)]
