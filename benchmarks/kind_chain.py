"""A chain of 10 steps on a kind cluster: `runner run --target kind` against bare Jobs.

Ours passes 1 KiB of PipelineData from step to step through the bucket. The bare side creates Jobs of
the same image, user, requests and script one after the other and watches each until it is Complete.
Caches are warm on both sides (a first pair is thrown away). From the first POST (for ours: the first
Job seen in a watch) to the last completion (for ours: the run's end in its journal); one clock, since
kind's nodes share this machine's kernel.

    runner cluster up && python benchmarks/kind_chain.py [--length 10] [--rounds 5] [--image python:3.11-slim]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from measure import RUNNER, ratio, run, table
from project import STEP, write_chain
from runner.compute.kubernetes.config import KubernetesConfig
from runner.override import override
from runner.wiring.configuration import load

BAR = 0.5
_LABEL = "runner-benchmark"
_SECONDS = 600


class NewJobs(threading.Thread):
    """Watches for the Jobs that runner makes from now on, beside what is measured."""

    def __init__(self, jobs: Any, namespace: str, seconds: int) -> None:
        """`seconds`: how long the watch lasts at most."""
        super().__init__(daemon=True)
        self._jobs = jobs
        self._namespace = namespace
        self._seconds = seconds
        self._listed = jobs.list_namespaced_job(namespace, limit=1).metadata.resource_version

    def births(self) -> Iterator[tuple[Mapping[str, str], float]]:
        """The labels of each new Job, and when the watch showed it."""
        from kubernetes.watch import Watch

        stream = Watch().stream(
            self._jobs.list_namespaced_job,
            self._namespace,
            label_selector="app.kubernetes.io/managed-by=runner",
            resource_version=self._listed,
            timeout_seconds=self._seconds,
        )
        for event in stream:
            if event["type"] == "ADDED":
                yield event["object"].metadata.labels, time.time()


class FirstJob(NewJobs):
    """Notes when the watch shows the first new Job of runner."""

    def __init__(self, jobs: Any, namespace: str) -> None:
        super().__init__(jobs, namespace, _SECONDS)
        self.seen: float | None = None

    @override
    def run(self) -> None:
        """Watch until the first one."""
        _, self.seen = next(self.births(), ({}, None))


@dataclass(frozen=True)
class Cluster:
    """The kubernetes package's typeless clients, as runner's own ServiceAccount."""

    jobs: Any
    core: Any


def connect(target: KubernetesConfig) -> Cluster:
    """Clients for the target's API server."""
    from kubernetes.client import BatchV1Api, CoreV1Api
    from kubernetes.config import new_client_from_config

    client = new_client_from_config(config_file=target.kubeconfig or None, context=target.context or None)
    return Cluster(BatchV1Api(client), CoreV1Api(client))


def ours(cluster: Cluster, target: KubernetesConfig, length: int, image: str) -> float:
    """Seconds from the first Job to the run's end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = write_chain(folder, length, image)
        first = FirstJob(cluster.jobs, target.namespace)
        first.start()
        run([RUNNER, "run", driver.name, "--target", "kind"], cwd=folder)
        first.join(10)
        listed = json.loads(run([RUNNER, "list", "--target", "kind", "--json"], cwd=folder))
        runs = listed["runs"] if isinstance(listed, dict) else listed
        shown = json.loads(run([RUNNER, "status", runs[0]["run"], "--target", "kind", "--json"], cwd=folder))
    if first.seen is None:
        sys.exit("the watch saw no Job of runner")
    return datetime.fromisoformat(shown["ended"].replace("Z", "+00:00")).timestamp() - first.seen


def bare(cluster: Cluster, target: KubernetesConfig, length: int, image: str) -> float:
    """Seconds from the first POST until the last Job is Complete."""
    from kubernetes.watch import Watch

    jobs, mark = cluster.jobs, uuid4().hex[:8]
    script = f"{_LABEL}-{mark}"
    cluster.core.create_namespaced_config_map(
        target.namespace, {"metadata": {"name": script, "labels": {_LABEL: mark}}, "data": {"step.py": STEP}}
    )
    started = time.time()
    for number in range(length):
        created = jobs.create_namespaced_job(
            target.namespace, bare_job(f"{script}-{number}", mark, image=image, user=target.run_as)
        )
        stream = Watch().stream(
            jobs.list_namespaced_job,
            target.namespace,
            field_selector=f"metadata.name={created.metadata.name}",
            resource_version=created.metadata.resource_version,
            timeout_seconds=_SECONDS,
        )
        for event in stream:
            if any(condition.type == "Complete" for condition in event["object"].status.conditions or ()):
                break
        else:
            sys.exit(f"the bare Job {created.metadata.name} is not Complete after {_SECONDS} s")
    took = time.time() - started
    for number in range(length):
        jobs.delete_namespaced_job(f"{script}-{number}", target.namespace, propagation_policy="Background")
    cluster.core.delete_namespaced_config_map(script, target.namespace)
    return took


def bare_job(name: str, mark: str, *, image: str, user: int) -> dict[str, object]:
    """A Job as a careful person would write it by hand."""
    container = {
        "name": "step",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "/step/step.py", "/tmp/out"],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "2Gi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "script", "mountPath": "/step"}, {"name": "tmp", "mountPath": "/tmp"}],
    }
    pod = {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": user,
            "runAsGroup": user,
            "fsGroup": user,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "script", "configMap": {"name": f"{_LABEL}-{mark}"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    labels = {_LABEL: mark}
    template = {"metadata": {"labels": labels}, "spec": pod}
    return {"metadata": {"name": name, "labels": labels}, "spec": {"backoffLimit": 0, "template": template}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--image", default="python:3.11-slim")
    options = parser.parse_args()
    target = load(Path.cwd()).get("kind")
    if not isinstance(target, KubernetesConfig):
        sys.exit("the target 'kind' is no Kubernetes target: run `runner cluster up`")
    cluster = connect(target)
    mine, theirs = [], []
    for number in range(options.rounds + 1):
        pair = tuple(side(cluster, target, options.length, options.image) for side in (ours, bare))
        if number > 0:
            mine.append(pair[0])
            theirs.append(pair[1])
    table(f"chain of {options.length}, kind", "s", {"runner": mine, "bare Jobs": theirs})
    ratio(mine, theirs, BAR)


if __name__ == "__main__":
    main()
