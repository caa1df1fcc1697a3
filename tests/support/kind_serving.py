"""The REST server of a desk's workspace in the shared test cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from unittest import mock

import docker
import requests
from requests import Response

from runner.cluster import engine, serving
from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.manifests import SERVER_NODE_PORT, object_path
from runner.model.document import Document
from runner.wiring import open_session
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import RunContext, patiently


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

    def request(self, method: str, path: str, headers: Mapping[str, str], body: Document | None = None) -> Response:
        """Send a request, and again as a client does whose servers are being killed: until one answers it.

        A request that submits a run needs an ``Idempotency-Key`` for that. Each answer of a server has an
        ``X-Request-Id``. A gateway of the network may answer for the address of a pod that has gone.
        """

        def answer() -> list[Response]:
            with suppress(requests.ConnectionError, requests.Timeout):
                found = requests.request(method, f"{self.url}{path}", headers=headers, json=body, timeout=60)
                if "X-Request-Id" not in found.headers:
                    print(f"not from a server: {found.status_code} {dict(found.headers)} {found.text!r}")
                    return []
                return [] if found.status_code == HTTPStatus.SERVICE_UNAVAILABLE else [found]
            return []

        return patiently(answer, f"an answer to {method} {path}", 180, 0.5)[0]


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
