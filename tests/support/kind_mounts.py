"""The mounter of a test cluster as its administrator sees it, and what it leaves on the nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from subprocess import run as run_command

from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.mounter import is_ready
from runner.cluster.options import MOUNTER_NAMESPACE
from runner.compute.kubernetes.mounts_config import MOUNTER
from runner.model.document import Document
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import IMAGE, name_of, patiently

_PODS = f"/api/v1/namespaces/{MOUNTER_NAMESPACE}/pods"
_DAEMON_SET = f"/apis/apps/v1/namespaces/{MOUNTER_NAMESPACE}/daemonsets/mounter"
_KUBELET = "/var/lib/kubelet/pods"


@dataclass(frozen=True)
class MountingPod:
    """A pod with mounts, on its node."""

    name: str
    uid: str
    node: str

    def shell(self, command: str) -> str:
        """What a command on the node prints."""
        shell = ["docker", "exec", self.node, "sh", "-c", command]
        return run_command(shell, capture_output=True, text=True, check=False, timeout=60).stdout

    def signal_rclone(self, name: str) -> None:
        assert self.rclones, "no rclone of the pod runs"
        self.shell(f"kill -{name} {' '.join(self.rclones)}")

    @property
    def rclones(self) -> list[str]:
        """The processes that serve the pod's mounts."""
        return self.shell(f"pgrep -x rclone -a | grep {self.uid} | cut -d' ' -f1").split()

    def let_end(self) -> None:
        """Make the file that the script waits for."""
        self.shell(f"touch {_KUBELET}/{self.uid}/volumes/kubernetes.io~empty-dir/work/stop")

    @property
    def left(self) -> list[str]:
        """All that is left of it on the node: mounts, processes, and the plugin's folders and groups."""
        mounts = self.shell(f"grep -F {self.uid} /proc/mounts")
        states = self.shell(f"grep -lF {self.uid} /run/runner-mounter/volumes/*/volume.json")
        return [*mounts.splitlines(), *states.splitlines(), *self.rclones]


class Mounter:
    """The DaemonSet, and pods with volumes of its own."""

    def __init__(self, cluster: KindCluster) -> None:
        self._api = ClusterApi(read_kubeconfig(cluster.name))
        self._steps = f"/api/v1/namespaces/{cluster.namespace}"

    def replace_plugins(self) -> None:
        """Delete the plugin's pods, and wait for the next ones."""
        old = {name_of(pod) for pod in self._plugins()}
        for name in old:
            self._api._send("DELETE", f"{_PODS}/{name}", {"gracePeriodSeconds": 1})
        patiently(lambda: not old & {name_of(pod) for pod in self._plugins()}, "the old plugins gone")
        patiently(lambda: is_ready(self._api.get(_DAEMON_SET)), "new plugins")

    def pod_of(self, run: str, step: str) -> MountingPod | None:
        """The running pod of a step."""
        found = self._api.get(f"{self._steps}/pods", labelSelector=f"runner/run={run}") or {"items": []}
        for pod in found["items"]:
            if pod["metadata"]["labels"]["runner/step"].startswith(step) and pod["status"]["phase"] == "Running":
                return MountingPod(name_of(pod), pod["metadata"]["uid"], pod["spec"]["nodeName"])
        return None

    def said(self, pod: MountingPod) -> list[str]:
        return self._api.text(f"{self._steps}/pods/{pod.name}/log").splitlines()

    def last_said(self, pod: MountingPod) -> Document:
        """The last whole line of a script that prints JSON."""
        lines = [line for line in self.said(pod) if line.startswith("{") and line.endswith("}")]
        return json.loads(lines[-1]) if lines else {}

    @contextmanager
    def asking_pod(self, name: str, keys: dict[str, str], attributes: dict[str, str]) -> Iterator[str]:
        """A restricted pod that asks for a volume; its name."""
        self._api.create(
            f"{self._steps}/secrets",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": keys},
        )
        csi = {
            "driver": MOUNTER,
            "readOnly": True,
            "nodePublishSecretRef": {"name": name},
            "volumeAttributes": attributes,
        }
        container = {
            "name": "asking",
            "image": IMAGE,
            "command": ["sleep", "600"],
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "mount-1", "mountPath": "/in"}],
        }
        spec = {
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
            "volumes": [{"name": "mount-1", "csi": csi}],
        }
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}
        self._api.create(f"{self._steps}/pods", pod)
        try:
            yield name
        finally:
            self._api._send("DELETE", f"{self._steps}/pods/{name}", {"gracePeriodSeconds": 0})
            self._api._send("DELETE", f"{self._steps}/secrets/{name}")

    def events(self, pod: str) -> list[Document]:
        found = self._api.get(f"{self._steps}/events", fieldSelector=f"involvedObject.name={pod}")
        return list((found or {"items": []})["items"])

    def _plugins(self) -> list[Document]:
        return list((self._api.get(_PODS) or {"items": []})["items"])
