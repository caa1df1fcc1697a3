"""Mounted inputs on a kind cluster: start of a pod, bytes moved for a part of a large object, reading in sequence.

Pods with 0, 1 and 3 mounts take turns. A pod's start is from its creation to the first line of its script, by one
clock, since kind's nodes share this machine's kernel. The bytes are those that the store's pod has sent.

    runner cluster up && python benchmarks/mounts.py [--rounds 5] [--gib 2] [--image python:3.11-slim]
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from kind_target import room_for
from measure import run, table
from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.mount_volumes import MountSource, mount_secret, mounts_of
from runner.compute.kubernetes.mounts_config import MountsConfig
from runner.datastores import bucket_endpoints
from runner.model.data import DataRef, Mode
from runner.model.delivery import Delivery
from runner.model.task import InputBinding, Task, TaskId
from runner.storage.s3.store import BucketStore

START_BAR, READ_BAR, BYTES_BAR = 0.2, 0.3, 4 << 20
_PLACE = "/run/runner/mounts/in0/data/big"
_START = "import time; print(time.time(), flush=True)"
_PART = f"""
import os, time
begun = time.time()
with open({_PLACE!r}, "rb", buffering=0) as file:
    file.seek(os.path.getsize({_PLACE!r}) // 2)
    left = 1 << 20
    while left:
        left -= len(file.read(left))
print(time.time() - begun, flush=True)
time.sleep(600)
"""
_WHOLE = f"""
import time
begun, size = time.time(), 0
with open({_PLACE!r}, "rb", buffering=0) as file:
    while True:
        read = len(file.read(1 << 20))
        if not read:
            break
        size += read
print(size / (time.time() - begun) / 1e6, flush=True)
"""


class Room:
    """A large object, and pods that mount it."""

    def __init__(self, target: KubernetesConfig, image: str) -> None:
        near, self._endpoint = bucket_endpoints(target.store, "the target")
        self.store = BucketStore(near)
        self.prefix = f"benchmarks/{secrets.token_hex(4)}"
        self._api = ClusterApi(read_kubeconfig(target.kind_cluster))
        self._node = f"{target.kind_cluster}-control-plane"
        self._pods = f"/api/v1/namespaces/{target.namespace}/pods"
        self._secrets = f"/api/v1/namespaces/{target.namespace}/secrets"
        self._image, self._user = image, target.run_as
        self._secret = f"mounts-{secrets.token_hex(4)}"

    def __enter__(self) -> Room:
        data = mount_secret(self._endpoint)
        self._api.create(
            self._secrets,
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": self._secret}, "data": dict(data)},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._delete(f"{self._secrets}/{self._secret}")
        for info in self.store.list(f"{self.prefix}/"):
            self.store.delete(info.key)

    def upload(self, gib: int) -> None:
        """Store the object: zeros, of a file without blocks."""
        with tempfile.NamedTemporaryFile() as file:
            file.truncate(gib << 30)
            self.store.upload(f"{self.prefix}/big", Path(file.name))

    @contextmanager
    def pod(self, mounts: int, script: str) -> Iterator[tuple[float, str]]:
        """A pod as a step's with so many mounts: when it was asked for, and the first line of its script."""
        name = f"mounts-{secrets.token_hex(4)}"
        at = time.time()
        self._api.create(self._pods, self._manifest(name, mounts, script))
        try:
            yield at, self._line(name)
        finally:
            self._delete(f"{self._pods}/{name}")
            while self._api.get(f"{self._pods}/{name}") is not None:
                time.sleep(0.1)

    def sent(self) -> int:
        """Bytes that the store's pod has sent so far."""
        command = "cat /proc/$(pgrep -o -x minio)/net/dev"
        text = run(["docker", "exec", self._node, "sh", "-c", command], cwd=Path())
        return sum(int(line.split()[9]) for line in text.splitlines() if "eth0" in line)

    def _delete(self, path: str) -> None:
        self._api._send("DELETE", path, {"gracePeriodSeconds": 0})  # noqa: SLF001 - the product deletes nothing this way

    def _line(self, name: str) -> str:
        for _ in range(1200):
            pod = self._api.get(f"{self._pods}/{name}") or {}
            if pod.get("status", {}).get("phase") in {"Running", "Succeeded", "Failed"}:
                said = self._api.text(f"{self._pods}/{name}/log").splitlines()
                if said:
                    return said[0]
            time.sleep(0.1)
        sys.exit(f"pod {name} said nothing")

    def _manifest(self, name: str, mounts: int, script: str) -> Mapping[str, Any]:
        made = mounts_of(_task(mounts, self.prefix), MountsConfig(), {"store": self._source})
        container = {
            "name": "step",
            "image": self._image,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", script],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "work", "mountPath": "/runner/work"}, *made.mounts],
        }
        user = {"runAsNonRoot": True, "runAsUser": self._user, "seccompProfile": {"type": "RuntimeDefault"}}
        spec = {
            "restartPolicy": "Never",
            "automountServiceAccountToken": False,
            "securityContext": user,
            "containers": [container],
            "volumes": [{"name": "work", "emptyDir": {}}, *made.volumes],
        }
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}

    @property
    def _source(self) -> MountSource:
        return MountSource(self._endpoint, self._secret)


def _task(mounts: int, prefix: str) -> Task:
    """A task with so many mounts of the same folder."""
    delivery = Delivery(Mode.MOUNT, 0, "", prefix)
    inputs = (
        InputBinding(name=f"in{number}", ref=DataRef(datastore="store", key=prefix, digest=""), delivery=delivery)
        for number in range(mounts)
    )
    return Task(id=TaskId("r", "k", 1), command=(), snapshot="", environment="", target="", inputs=tuple(inputs))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gib", type=int, default=2)
    parser.add_argument("--image", default="python:3.11-slim")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        target = room_for(1, Path(name))[1]
    with Room(target, options.image) as room:
        room.upload(options.gib)
        _starts(room, options.rounds)
        _parts(room, options.rounds, options.gib)


def _starts(room: Room, rounds: int) -> None:
    starts: dict[int, list[float]] = {0: [], 1: [], 3: []}
    for _ in range(rounds):
        for mounts, taken in starts.items():
            with room.pod(mounts, _START) as (at, line):
                taken.append(float(line) - at)
    table("Start of a pod", "s", {f"{mounts} mounts": taken for mounts, taken in starts.items()})
    more = median(one - none for one, none in zip(starts[1], starts[0], strict=True))
    print(f"\none mount: {more:.2f} s more (bar: {START_BAR}; {'met' if more <= START_BAR else 'MISSED'})")


def _parts(room: Room, rounds: int, gib: int) -> None:
    seconds, moved, whole = [], [], []
    for _ in range(rounds):
        before = room.sent()
        with room.pod(1, _PART) as (_, line):
            moved.append((room.sent() - before) / (1 << 20))
            seconds.append(float(line))
        with room.pod(1, _WHOLE) as (_, line):
            whole.append(float(line))
    table(f"1 MiB in the middle of {gib} GiB", "s or MiB", {"read": seconds, "sent by the store": moved})
    well = median(seconds) <= READ_BAR and median(moved) <= BYTES_BAR / (1 << 20)
    print(f"\nbars: {READ_BAR} s, {BYTES_BAR >> 20} MiB; {'met' if well else 'MISSED'}")
    table(f"{gib} GiB in sequence", "MB/s", {"one reader": whole})


if __name__ == "__main__":
    main()
