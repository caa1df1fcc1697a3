"""The REST server of a desk's workspace in the shared test cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from unittest import mock

import docker
import requests

from runner.cluster import engine, serving
from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.manifests import SERVER_NODE_PORT, object_path
from runner.wiring import open_session
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext


@dataclass(frozen=True)
class ServerPods:
    """A server that callers on this machine reach."""

    url: str
    labels: str
    """The selector of its pods."""

    def status(self) -> int:
        """What the server answers about its readiness; 0: nothing."""
        with suppress(requests.ConnectionError, requests.Timeout):
            return requests.get(f"{self.url}/readyz", timeout=5).status_code
        return 0


@contextmanager
def serving_pods(desk: RunContext, cluster: KindCluster) -> Iterator[ServerPods]:
    """Run the server of the desk's workspace, by the code of ``runner cluster up --serve``, and remove it at the end.

    The shared test cluster has no port of this machine for servers. So its node is reached at its own address.
    """
    with mock.patch.dict("os.environ", {"RUNNER_CONFIG": desk.environ["RUNNER_CONFIG"]}):
        session = open_session(desk.folder, "kind")
    node = engine.Node(running=True, port=1, server_port=SERVER_NODE_PORT)
    with mock.patch.object(engine, "find_node", return_value=node):
        serving.install_server(session, cluster.name, print)
    objects = serving.keep_workspace(session).objects()
    (deployment,) = (each for each in objects if each["kind"] == "Deployment")
    labels = ",".join(f"{key}={value}" for key, value in deployment["metadata"]["labels"].items())
    try:
        yield ServerPods(f"http://{_node_address(cluster)}:{SERVER_NODE_PORT}", labels)
    finally:
        api = ClusterApi(read_kubeconfig(cluster.name))
        for document in objects:
            api._send("DELETE", object_path(document), {"propagationPolicy": "Background"})


def _node_address(cluster: KindCluster) -> str:
    node = docker.from_env().containers.get(f"{cluster.name}-control-plane")
    return str(node.attrs["NetworkSettings"]["Networks"]["kind"]["IPAddress"])
