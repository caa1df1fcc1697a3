"""An API server in memory that takes its time: `runner.compute.kubernetes.cluster.Cluster`; its pods end by themselves.

What it answers is parsed from JSON like the answers of a real one. The latencies are those of a managed cluster in the
same region, seen from a machine in it.
"""

from __future__ import annotations

import heapq
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from time import monotonic, sleep
from typing import Any

from runner.compute.kubernetes.cluster import Created, Listing
from runner.compute.kubernetes.conventions import task_of
from runner.model.data import DataRef
from runner.model.document import format_time
from runner.model.record import AttemptRecord
from runner.model.termination import to_message
from runner.ports import ObjectStore
from runner.runs import records

POST, GET, DELETE = 0.010, 0.005, 0.010
"""Seconds of one request."""
LIST_EACH = 0.0003
"""Seconds per object that a list holds: 1,000 Jobs take 0.3 s."""
WATCH = 0.010
"""Seconds until a watch tells of a change."""


@dataclass
class FakeServer:
    """One namespace. The step of a new Job's pod runs at once, for `seconds`; None: for ever."""

    store: ObjectStore
    seconds: float | None = None
    namespace: str = "runner"
    server: str = "https://fake:6443"

    calls: Counter[str] = field(default_factory=Counter)
    posted: dict[str, float] = field(default_factory=dict)
    """When each step's Job arrived (monotonic), by the step's key."""
    ended: dict[str, float] = field(default_factory=dict)
    """When each step's container ended."""
    _objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _history: list[tuple[float, str, bytes]] = field(default_factory=list)
    """When it may be told, of which kind, the event."""
    _plans: list[tuple[float, str]] = field(default_factory=list)
    """When the step of which Job ends."""
    _change: threading.Condition = field(default_factory=threading.Condition)
    _closed: bool = False

    def __post_init__(self) -> None:
        threading.Thread(target=self._live, daemon=True).start()

    def version(self) -> str:
        """Of a recent one."""
        return "v1.34.0"

    def now(self) -> datetime:
        """The time of this machine."""
        return datetime.now(timezone.utc)

    def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:
        """As the protocol says."""
        value = json.loads(json.dumps(body))
        name = value["metadata"]["name"]
        self._asked("create", kind, 0.0)
        with self._change:
            if dry_run or (kind, name) in self._objects:
                return Created(None)
            if kind == "jobs":
                self.posted[value["metadata"]["labels"]["runner/step"]] = monotonic()
            made = self._put(kind, "ADDED", value)
            if kind == "jobs":
                self._make_pod(value)
        sleep(POST)
        return Created(json.loads(made))

    def replace(self, kind: str, body: Mapping[str, object]) -> Mapping[str, object] | None:
        """Nothing is replaced in a run."""
        raise NotImplementedError(kind, body)

    def get(self, kind: str, name: str) -> Mapping[str, object] | None:
        """As the protocol says."""
        self._asked("get", kind, GET)
        found = self._objects.get((kind, name))
        return json.loads(found) if found else None

    def list_everywhere(self, kind: str) -> Listing:
        """No node has a driver."""
        self._asked("list", kind, GET)
        return Listing((), "0")

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        """As the protocol says; of selectors it knows none, as there is only one run."""
        with self._change:
            found = [value for (one, _), value in self._objects.items() if one == kind]
            version = len(self._history)
        self._asked("list", kind, GET + LIST_EACH * len(found))
        taken = [] if fields else [json.loads(value) for value in found]
        return Listing(tuple(value for value in taken if _takes(labels, value)), str(version))

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:  # noqa: ARG002 - no name is used again
        """As the protocol says."""
        self._asked("delete", kind, DELETE)
        with self._change:
            if self._drop(kind, name) and kind == "jobs":
                self._drop("pods", f"{name}-x")
        return True

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[Mapping[str, object]]:  # noqa: ARG002
        """As the protocol says; there is only one run."""
        self._asked("watch", kind, 0.0)
        at, until = int(version), monotonic() + seconds
        while not self._closed and monotonic() < until:
            with self._change:
                new = self._history[at:]
                if not new:
                    self._change.wait(1.0)
            for due, one, event in new:
                at += 1
                if one == kind:
                    sleep(max(0.0, due - monotonic()))
                    yield json.loads(event)

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:  # noqa: ARG002 - the protocol's
        """Everything."""
        return True

    def log_tail(self, pod: str, *, container: str, last: int) -> str:  # noqa: ARG002 - the protocol's
        """Nothing."""
        return ""

    def close(self) -> None:
        """End what goes on."""
        self._closed = True
        with self._change:
            self._change.notify_all()

    def _asked(self, verb: str, kind: str, seconds: float) -> None:
        self.calls[f"{verb} {kind}"] += 1
        sleep(seconds)

    def _make_pod(self, job: Mapping[str, Any]) -> None:
        metadata = {
            "name": f"{job['metadata']['name']}-x",
            "labels": job["metadata"]["labels"],
            "ownerReferences": [{"kind": "Job", "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}],
        }
        spec = job["spec"]["template"]["spec"]
        status = {"phase": "Running", "conditions": [{"type": "PodScheduled", "status": "True"}]}
        status["containerStatuses"] = [{"name": "step", "state": {"running": {"startedAt": format_time(self.now())}}}]
        self._put("pods", "ADDED", {"metadata": metadata, "spec": spec, "status": status})
        if self.seconds is not None:
            heapq.heappush(self._plans, (monotonic() + self.seconds, job["metadata"]["name"]))
            self._change.notify_all()

    def _live(self) -> None:
        """Let steps end when they are due."""
        while not self._closed:
            with self._change:
                wait = self._plans[0][0] - monotonic() if self._plans else 1.0
                if wait > 0:
                    self._change.wait(wait)
                    continue
                _, name = heapq.heappop(self._plans)
            self._end(name)

    def _end(self, name: str) -> None:
        task = task_of(json.loads(self._objects["jobs", name]))
        pod = json.loads(self._objects["pods", f"{name}-x"])
        if task is None:
            return
        assigned = records.assignment(self.store, task.assignment)
        outputs = {
            made.name: DataRef(datastore=made.datastore, key=made.key, digest="d" * 64, files=1, bytes=1)
            for made in assigned.outputs
        }
        record = AttemptRecord(
            attempt=task.attempt, failure=None, exit_code=0, started=self.now(), ended=self.now(), outputs=outputs
        )
        records.finish(self.store, assigned, record)
        state = {"terminated": {"exitCode": 0, "message": to_message(record), "reason": "Completed"}}
        pod["status"]["containerStatuses"] = [{"name": "step", "state": state}]
        with self._change:
            self.ended[task.key] = monotonic()
            self._put("pods", "MODIFIED", pod)

    def _put(self, kind: str, change: str, value: dict[str, Any]) -> bytes:
        metadata = value["metadata"]
        metadata.setdefault("uid", f"uid-{kind}-{metadata['name']}")
        metadata.setdefault("creationTimestamp", format_time(self.now()))
        return self._tell(kind, change, value)

    def _drop(self, kind: str, name: str) -> bool:
        there = self._objects.get((kind, name))
        if there is not None:
            self._tell(kind, "DELETED", json.loads(there))
            del self._objects[kind, name]
        return there is not None

    def _tell(self, kind: str, change: str, value: dict[str, Any]) -> bytes:
        value["metadata"]["resourceVersion"] = str(len(self._history) + 1)
        data = json.dumps(value).encode()
        self._objects[kind, value["metadata"]["name"]] = data
        event = b'{"type": "%s", "object": %s}' % (change.encode(), data)
        self._history.append((monotonic() + WATCH, kind, event))
        self._change.notify_all()
        return data


def _takes(selector: str, value: Mapping[str, Any]) -> bool:
    labels = value["metadata"].get("labels", {})
    return all(labels.get(key) == wish for key, wish in (pair.split("=") for pair in selector.split(",") if pair))
