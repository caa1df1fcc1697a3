"""An API server in memory: `runner.compute.kubernetes.cluster.Cluster`, with a Job controller to be scripted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from runner.compute.kubernetes.cluster import Created, Listing
from runner.compute.kubernetes.conventions import INDEX_ANNOTATION
from runner.errors import TargetDenied, TargetUnreachable
from runner.model.data import DataRef
from runner.model.document import format_time
from runner.model.record import AttemptRecord, Failure
from runner.model.task import InputBinding, OutputBinding, Task, TaskId
from runner.model.termination import to_message

START = datetime(2026, 11, 22, 8, 0, tzinfo=timezone.utc)
RUN = "20261122t080000000z-abcdefghijklmnop"
STORE = "store-1"


def a_task(key: str = "train-1", *, attempt: int = 1, inputs: int = 1, **changes: Any) -> Task:
    """A task of one output and as many inputs as asked."""
    values: dict[str, Any] = {
        "id": TaskId(RUN, key, attempt),
        "command": ("python", "train.py"),
        "snapshot": "0" * 64,
        "environment": "registry.example/env:1",
        "target": "kind",
        "inputs": tuple(
            InputBinding(name=f"in{i}", ref=DataRef(datastore="blob", key=f"data/{i}", digest="d" * 64))
            for i in range(inputs)
        ),
        "outputs": (OutputBinding(name="model", datastore="blob", key=f"azureml/{RUN}.{key}/model"),),
    }
    return Task(**{**values, **changes})


def a_record(failure: Failure | None = None, exit_code: int = 0, **changes: Any) -> AttemptRecord:
    """The record of an attempt of ten seconds."""
    return AttemptRecord(
        attempt=1, failure=failure, exit_code=exit_code, started=START, ended=START + timedelta(seconds=10), **changes
    )


@dataclass
class FakeCluster:
    """One namespace. Everything a test may want to see or to spoil is an attribute."""

    namespace: str = "runner"
    server: str = "https://fake:6443"
    pods_at_once: bool = True
    """The Job controller makes a pod as soon as there is a Job."""
    unreachable: bool = False
    stalled: bool = False
    """Running watches tell nothing more until they are broken."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """(verb, kind)"""
    warnings: tuple[str, ...] = ()
    refused_pod: str = ""
    logs: dict[str, str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    time: datetime = START
    _objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _history: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    _version: int = 100
    _forgotten: int = 0
    _epoch: int = 0
    _broken: int = 0
    _change: threading.Condition = field(default_factory=threading.Condition)

    def now(self) -> datetime:
        return self.time

    def version(self) -> str:
        self._count("get", "version")
        return "v1.34.0"

    def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:
        self._count("create", kind)
        value: dict[str, Any] = deepcopy(dict(body))
        name = value["metadata"]["name"]
        if dry_run:
            if kind == "pods" and self.refused_pod:
                raise TargetDenied(self.refused_pod)
            return Created(value, self.warnings)
        with self._change:
            if (kind, name) in self._objects:
                return Created(None)
            self._put(kind, "ADDED", value)
        if kind == "jobs" and self.pods_at_once:
            indexed = value["spec"].get("completionMode") == "Indexed"
            for index in range(value["spec"]["completions"]) if indexed else (None,):
                self.make_pod(name, index)
        return Created(deepcopy(value), self.warnings)

    def replace(self, kind: str, body: Mapping[str, object]) -> Mapping[str, object] | None:
        self._count("update", kind)
        value: dict[str, Any] = deepcopy(dict(body))
        with self._change:
            there = self._objects.get((kind, value["metadata"]["name"]))
            version = value["metadata"].get("resourceVersion")
            if there is None or (version and there["metadata"]["resourceVersion"] != version):
                return None
            value["metadata"]["uid"] = there["metadata"]["uid"]
            self._put(kind, "MODIFIED", value)
        return deepcopy(value)

    def get(self, kind: str, name: str) -> Mapping[str, object] | None:
        self._count("get", kind)
        return deepcopy(self._objects.get((kind, name)))

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        self._count("list", kind)
        with self._change:
            found = [deepcopy(value) for (one, _), value in self._objects.items() if one == kind]
            chosen = tuple(value for value in found if _takes(labels, value) and _is_about(fields, value))
            return Listing(chosen, str(self._version))

    def list_everywhere(self, kind: str) -> Listing:
        return self.list(kind)

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        self._count("delete", kind)
        with self._change:
            there = self._objects.get((kind, name))
            if there is None or (uid and there["metadata"]["uid"] != uid):
                return False
            if there["metadata"].get("finalizers"):
                going = deepcopy(there)
                going["metadata"].setdefault("deletionTimestamp", format_time(self.time))
                self._put(kind, "MODIFIED", going)
                return True
            self._drop(kind, name)
            return True

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[Mapping[str, object]]:  # noqa: ARG002
        self._count("watch", kind)
        epoch, broken, at = self._epoch, self._broken, int(version)
        while True:
            with self._change:
                if at < self._forgotten:
                    yield {"type": "ERROR", "object": {"code": 410}}
                    return
                new = [] if self.stalled else [one for one in self._history if one[0] > at]
                if not new and epoch == self._epoch and broken == self._broken:
                    self._change.wait(5)
                if broken != self._broken:
                    raise TargetUnreachable("the watch broke")
            for number, one, change, value in new:
                at = number
                if one == kind and _takes(labels, value):
                    yield {"type": change, "object": deepcopy(value)}
            if epoch != self._epoch:
                return

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        self._count("allowed", resource)
        return (verb, f"{resource}/{subresource}" if subresource else resource) not in self.denied

    def log_tail(self, pod: str, *, container: str, last: int) -> str:  # noqa: ARG002
        self._count("log", "pods")
        return self.logs.get(pod, "")

    def close(self) -> None:
        self.end_watches()

    # What a test does to the cluster.

    def objects(self, kind: str) -> Mapping[str, dict[str, Any]]:
        """All objects of a kind by name, as they are kept."""
        return {name: value for (one, name), value in self._objects.items() if one == kind}

    def since(self, kind: str, labels: str, version: int) -> Iterator[Mapping[str, object]]:
        """The changes after `version`, as a watch tells them."""
        for number, one, change, value in tuple(self._history):
            if number > version and one == kind and _takes(labels, value):
                yield {"type": change, "object": deepcopy(value)}

    def names(self, kind: str) -> tuple[str, ...]:
        """The names of all objects of a kind."""
        return tuple(sorted(name for one, name in self._objects if one == kind))

    def make_pod(self, job: str, index: int | None = None) -> str:
        """Do what the Job controller does, and return the uid of the pod. `index`: that of an Indexed Job's pod."""
        with self._change:
            owner = self._objects["jobs", job]
            metadata: dict[str, Any] = {
                "name": f"{job}-x" if index is None else f"{job}-{index}-{self._version}",
                "labels": owner["spec"]["template"]["metadata"]["labels"],
                "ownerReferences": [{"kind": "Job", "name": job, "uid": owner["metadata"]["uid"]}],
            }
            if index is not None:
                metadata["annotations"] = {INDEX_ANNOTATION: str(index)}
            self._put("pods", "ADDED", {"metadata": metadata, "spec": owner["spec"]["template"]["spec"], "status": {}})
            return str(metadata["uid"])

    def assign_pod(self, job: str) -> None:
        """Give the Job's pod a node."""
        with self._change:
            pod = deepcopy(self._objects["pods", f"{job}-x"])
            pod["status"] = {"conditions": [{"type": "PodScheduled", "status": "True"}]}
            self._put("pods", "MODIFIED", pod)

    def change(self, kind: str, name: str, **parts: Mapping[str, object]) -> None:
        """Merge into ``metadata``, ``status`` … of an object."""
        with self._change:
            value = deepcopy(self._objects[kind, name])
            for part, fields in parts.items():
                value[part] = {**value.get(part, {}), **fields}
            self._put(kind, "MODIFIED", value)

    def set_step(self, job: str, state: Mapping[str, object]) -> None:
        """Give the step container of the Job's pod a state."""
        with self._change:
            pod = deepcopy(self._objects["pods", f"{job}-x"])
            pod["status"] = {"containerStatuses": [{"name": "step", "state": dict(state)}]}
            self._put("pods", "MODIFIED", pod)

    def end_step(self, job: str, record: AttemptRecord | None = None, *, code: int = 0) -> None:
        """Let the step container end, with a record as its message."""
        message = to_message(record) if record else ""
        self.set_step(job, {"terminated": {"exitCode": code, "message": message, "reason": "Completed"}})

    def add_event(self, about: str, reason: str, message: str) -> None:
        """An event about the object of that uid."""
        with self._change:
            name = f"event-{self._version}"
            body = {"metadata": {"name": name}, "involvedObject": {"uid": about}, "reason": reason, "message": message}
            self._put("events", "ADDED", body)

    def drop(self, kind: str, name: str) -> None:
        """Delete an object behind everybody's back."""
        with self._change:
            self._drop(kind, name)

    def end_watches(self) -> None:
        """End running watches cleanly, as servers do every few minutes."""
        with self._change:
            self._epoch += 1
            self._change.notify_all()

    def break_watches(self) -> None:
        """Make running watches raise."""
        with self._change:
            self._broken += 1
            self._change.notify_all()

    def forget_history(self) -> None:
        """Compact: watches from any earlier version get 410."""
        with self._change:
            self._version += 1
            self._forgotten = self._version
            self._history.clear()
            self._epoch += 1
            self._change.notify_all()

    def _count(self, verb: str, kind: str) -> None:
        self.calls[f"{verb} {kind}"] += 1
        if self.unreachable:
            raise TargetUnreachable(f"no answer from {self.server}")
        if (verb, kind) in self.denied:
            raise TargetDenied(f"not allowed to {verb} {kind}")

    def _put(self, kind: str, change: str, value: dict[str, Any]) -> None:
        self._version += 1
        metadata = value["metadata"]
        metadata.setdefault("uid", f"uid-{self._version}")
        metadata.setdefault("creationTimestamp", format_time(self.time))
        metadata["resourceVersion"] = str(self._version)
        self._objects[kind, metadata["name"]] = value
        self._history.append((self._version, kind, change, deepcopy(value)))
        self._change.notify_all()

    def _drop(self, kind: str, name: str) -> None:
        value = self._objects.pop((kind, name))
        self._version += 1
        value["metadata"]["resourceVersion"] = str(self._version)
        self._history.append((self._version, kind, "DELETED", value))
        uid = value["metadata"]["uid"]
        for one, other in tuple(self._objects):
            owned = self._objects.get((one, other), {})
            if any(owner["uid"] == uid for owner in owned.get("metadata", {}).get("ownerReferences", ())):
                self._drop(one, other)
        self._change.notify_all()


def _takes(selector: str, value: Mapping[str, Any]) -> bool:
    labels = value["metadata"].get("labels", {})
    wanted = (pair.split("=") for pair in selector.split(",") if pair)
    return all(labels.get(key) == wish for key, wish in wanted)


def _is_about(selector: str, value: Mapping[str, Any]) -> bool:
    _, _, uid = selector.partition("involvedObject.uid=")
    return not uid or value.get("involvedObject", {}).get("uid") == uid
