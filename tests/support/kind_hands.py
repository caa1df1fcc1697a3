"""What happens to a cluster while runs go on, done by its administrator's hands."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.options import STORAGE_NAMESPACE
from runner.compute.kubernetes.programs import run_program
from runner.errors import TargetDenied, TargetError, TargetUnreachable
from runner.model.document import Document
from tests.support.kind_cluster import KindCluster
from tests.support.kind_nodes import SELECTOR, TOLERATION
from tests.support.kind_runs import IMAGE, name_of, patiently

_AT_ONCE = {"gracePeriodSeconds": 0, "propagationPolicy": "Background"}
_STORE_PODS = f"/api/v1/namespaces/{STORAGE_NAMESPACE}/pods"
_IN_A_ROW = 30
"""Requests to a new store that have to be answered one after the other, a tenth of a second apart."""
_PRIORITY = "/apis/scheduling.k8s.io/v1/priorityclasses"


class Hands:
    """May do everything in the cluster, and to the machines that are its nodes."""

    def __init__(self, cluster: KindCluster) -> None:
        self._cluster = cluster.name
        self._endpoint = cluster.endpoint
        self._api = ClusterApi(read_kubeconfig(cluster.name))
        self._steps = f"/api/v1/namespaces/{cluster.namespace}"
        self._jobs = f"/apis/batch/v1/namespaces/{cluster.namespace}/jobs"

    # In the namespace of the steps.

    def kill_pod(self, name: str) -> None:
        """As ``kubectl delete pod --force``."""
        self._api._send("DELETE", f"{self._steps}/pods/{name}", _AT_ONCE)

    def delete_job(self, name: str) -> None:
        """As ``kubectl delete job``."""
        self._api._send("DELETE", f"{self._jobs}/{name}", {"propagationPolicy": "Background"})

    def suspend(self, job: str, *, wanted: bool) -> None:
        """As a queue does that preempts a Job, and gives it a place again."""
        kind = "application/merge-patch+json"
        self._api._send("PATCH", f"{self._jobs}/{job}", {"spec": {"suspend": wanted}}, content_type=kind)

    def evict(self, name: str) -> None:
        """As ``kubectl drain`` does: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/"""
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
        self._api.create(f"{self._steps}/pods/{name}/eviction", body)

    def pod(self, name: str) -> Document:
        return self._get(f"{self._steps}/pods/{name}")

    @contextmanager
    def quota(self, **hard: str) -> Iterator[None]:
        """The namespace may hold no more than this, for a while; ``requests.cpu`` is written ``cpu``."""
        with self._while_there(f"{self._steps}/resourcequotas", "ResourceQuota", "v1", {"spec": {"hard": hard}}):
            yield

    @contextmanager
    def important_pod(self, cpu: str) -> Iterator[str]:
        """A pod on the worker for which pods of steps must go; its name."""
        body = {"value": 1000, "globalDefault": False}
        container = {
            "name": "important",
            "image": IMAGE,
            "command": ["sleep", "600"],
            "resources": {"requests": {"cpu": cpu, "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
        spec = {
            "priorityClassName": "runner-test",
            "nodeSelector": SELECTOR,
            "tolerations": [TOLERATION],
            "terminationGracePeriodSeconds": 0,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        }
        with (
            self._while_there(_PRIORITY, "PriorityClass", "scheduling.k8s.io/v1", body),
            self._while_there(f"{self._steps}/pods", "Pod", "v1", {"spec": spec}),
        ):
            yield "runner-test"

    @contextmanager
    def _while_there(self, path: str, kind: str, version: str, body: Document) -> Iterator[None]:
        self._api.create(path, {"apiVersion": version, "kind": kind, "metadata": {"name": "runner-test"}, **body})
        try:
            yield
        finally:
            self._api._send("DELETE", f"{path}/runner-test", _AT_ONCE)
            patiently(lambda: self._api.get(f"{path}/runner-test") is None, f"{kind} gone")

    # The servers.

    def replace_store(self) -> None:
        """The store's pod is killed; waits until its Deployment has made another, and all requests reach that one.

        The Service may lead to the old pod for a moment longer.
        """
        old = {name_of(pod) for pod in self._store_pods()}
        for name in old:
            self._api._send("DELETE", f"{_STORE_PODS}/{name}", _AT_ONCE)
        patiently(lambda: any(name_of(pod) not in old and is_ready(pod) for pod in self._store_pods()), "a store", 90)
        patiently(lambda: all(self._store_answers() for _ in range(_IN_A_ROW)), "a store that answers", 90)

    def _store_answers(self) -> bool:
        time.sleep(0.1)
        url = f"{self._endpoint}/minio/health/live"
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as answer:
            return "MinIO" in answer.headers.get("Server", "")
        return False

    def _store_pods(self) -> list[Document]:
        return list(self._get(_STORE_PODS)["items"])

    def kill_api_server(self) -> None:
        """The kubelet starts it again."""
        self._on_node("control-plane", "kill -9 $(pidof kube-apiserver)")

    def await_api_server(self) -> None:
        """Wait until it answers, and knows its users again."""

        def ready() -> bool:
            with suppress(TargetUnreachable, TargetDenied):
                self._api.check_ready()
                return True
            return False

        patiently(ready, "an API server", 90)

    # The nodes.

    def kill_worker(self) -> None:
        """As when its power fails."""
        run_program(["docker", "kill", f"{self._cluster}-worker"])

    def start_worker(self) -> None:
        """Its power is back; waits until it takes pods."""
        run_program(["docker", "start", f"{self._cluster}-worker"])
        patiently(self._worker_is_ready, "a ready worker", 120, 1)

    def _worker_is_ready(self) -> bool:
        with suppress(TargetError):
            node = self._get(f"/api/v1/nodes/{self._cluster}-worker")
            conditions = {one["type"]: one["status"] for one in node["status"]["conditions"]}
            return conditions["Ready"] == "True" and len(node["spec"].get("taints", ())) == 1
        return False

    def _get(self, path: str) -> Document:
        found = self._api.get(path)
        assert found is not None, path
        return found

    def _on_node(self, node: str, command: str) -> None:
        run_program(["docker", "exec", f"{self._cluster}-{node}", "sh", "-c", command])


def is_ready(pod: Document) -> bool:
    """Return True if the pod takes requests."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))


def gateway() -> str:
    """This machine's address as pods of the cluster reach it."""
    text = run_program(
        ["docker", "network", "inspect", "kind", "--format", '{{range .IPAM.Config}}{{.Gateway}}{{"\\n"}}{{end}}']
    )
    return next(line for line in text.splitlines() if "." in line)
