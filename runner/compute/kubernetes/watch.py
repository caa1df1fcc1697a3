"""What the server says of a run's Jobs and pods, kept up to date by a thread for each.

A watch may end cleanly, stall without a word, be told that its version is forgotten (410), or break.
The state kept here survives all four: after the first three it goes on or lists anew, after an error
it lists anew, with growing pauses.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from itertools import count
from time import monotonic

from ...errors import TargetError
from .cluster import Cluster
from .fields import KubeObject, at, number, rows, text
from .sighting import DELETED

WATCH_SECONDS = 60
"""How long the server keeps one watch: also the longest a dead connection can go unnoticed, about."""
_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
_KEPT_METADATA = (
    "name",
    "uid",
    "labels",
    "annotations",
    "ownerReferences",
    "creationTimestamp",
    "deletionTimestamp",
)
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
        self._gone: set[str] = set()
        self._order = count(1)
        self._closed = threading.Event()
        self._version = ""
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

    def add(self, value: KubeObject) -> None:
        """Take in what this process has just created, which the watch may tell only later."""
        with self._lock:
            uid = text(value, "metadata", "uid")
            if uid not in self._gone and uid not in self._kept:
                self._kept[uid] = (next(self._order), slim(value))

    def forget(self, uids: Iterable[str]) -> None:
        """Drop objects that no one will ask for again."""
        with self._lock:
            for uid in uids:
                self._kept.pop(uid, None)

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
                self._kept[uid] = (next(self._order), slim(value))
        self._version = listing.version
        self._failing_since = None
        self._changed()

    def _follow(self) -> None:
        failures = 0
        while not self._closed.is_set():
            failures = 0 if self._went_well() else failures + 1
            if failures:
                # A list also shows at once that the server answers again; a quiet watch does not.
                self._version = ""
            self._closed.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])

    def _went_well(self) -> bool:
        try:
            if not self._version:
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
        self._version = text(value, "metadata", "resourceVersion") or self._version
        uid = text(value, "metadata", "uid")
        if change == "BOOKMARK" or not uid or not isinstance(value, dict):
            return True
        with self._lock:
            self._kept[uid] = (next(self._order), slim(value))
            if change == "DELETED":
                self._remove(uid)
        self._changed()
        return True

    def _remove(self, uid: str) -> None:
        """A Job that is gone is forgotten; a pod's last state may be all that is known of an attempt."""
        order, kept = self._kept.pop(uid)
        if self._kind == "pods":
            self._kept[uid] = (order, {**kept, DELETED: True})
        else:
            self._gone.add(uid)


def slim(value: KubeObject) -> KubeObject:
    """The few fields that `interpret` reads, at their places."""
    metadata = at(value, "metadata")
    kept = {key: metadata[key] for key in _KEPT_METADATA if key in metadata} if isinstance(metadata, dict) else {}
    spec: dict[str, object] = {"containers": _slim_containers(value, "spec", "containers")}
    if at(value, "spec", "template"):
        spec = {"template": {"spec": {"containers": _slim_containers(value, "spec", "template", "spec", "containers")}}}
    return {"metadata": kept, "spec": spec, "status": at(value, "status") or {}}


def _slim_containers(value: KubeObject, *path: str) -> list[KubeObject]:
    return [{key: at(one, key) for key in _KEPT_OF_CONTAINER} for one in rows(value, *path)]
