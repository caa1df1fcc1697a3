"""The server of a workspace is put into a cluster: what is kept, applied and told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import yaml

from runner.cluster import engine, kind, serving
from runner.cluster.engine import Node
from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.controllers import KubernetesControllers
from runner.compute.kubernetes.schedules import KubernetesWorkspace
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.process.config import ProcessConfig
from runner.config import LOCAL, Config
from runner.datastores import BucketConfig
from runner.errors import BadInput, TargetError
from runner.model.document import Document
from runner.model.secret import SecretSource
from runner.wiring.workspace import OpenWorkspace
from tests.support.fake_api import FakeCluster
from tests.support.memory_store import MemoryStore

KIND = KubernetesConfig(store=BucketConfig(bucket="own", endpoint="http://near:1"), controller_image="controller:1")


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> FakeCluster:
    one = FakeCluster()
    host = KubernetesWorkspace(one, ClusterSettings(store_id="store-1"))
    monkeypatch.setattr(KubernetesControllers, "workspace", lambda _self: host)
    return one


@pytest.fixture
def session(tmp_path: Path, cluster: FakeCluster) -> OpenWorkspace:
    absent = SecretSource(env="NOT_SET_ANYWHERE")
    config = Config(root=tmp_path, name="seals", targets={"kind": KIND, LOCAL: ProcessConfig()}, secrets={"s": absent})
    one = OpenWorkspace(config=config, override="kind", notify=print)
    one.base_store = MemoryStore()
    one._found_id = "store-1"
    return one


def test_the_workspace_is_kept_and_an_administrator_gets_the_objects(
    session: OpenWorkspace, cluster: FakeCluster
) -> None:
    said: list[str] = []
    session.notify = said.append
    placed = serving.keep_workspace(session)
    assert cluster.names("secrets") == ("runner-workspace-store-1",)
    (line,) = said
    assert line.startswith("the server has no secret 's': secret 's' has no value")
    objects = list(yaml.safe_load_all(serving.manifests_of(placed)))
    assert [each["kind"] for each in objects] == ["Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"]
    template = objects[0]["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "controller:1"
    before = template["metadata"]["annotations"]
    session.config = replace(session.config, packages_until="2021-01-01")
    changed = serving.keep_workspace(session).objects()[0]["spec"]["template"]["metadata"]["annotations"]
    assert changed != before


def test_this_machine_has_no_place_for_it(session: OpenWorkspace) -> None:
    session.override = LOCAL
    with pytest.raises(BadInput, match="target 'local' is no cluster"):
        serving.keep_workspace(session)


@dataclass
class Api:
    """The administrator's API server: what was applied to it."""

    taken: bool = False
    """Another Service has the port of the node."""
    reason: str = ""
    """Why the pods do not start."""
    applied: list[Document] = field(default_factory=list)

    def apply(self, manifest: Document) -> None:
        if self.taken and manifest["spec"].get("type") == "NodePort":
            raise TargetError("the API server did not do PATCH (422): nodePort: provided port is already allocated")
        self.applied.append(manifest)

    def get(self, path: str, **_query: str) -> Document:
        if path.endswith("/pods"):
            state = {"waiting": {"reason": self.reason, "message": "no such image"}}
            pod = {"metadata": {"name": "p"}, "status": {"containerStatuses": [{"state": state}]}}
            return {"items": [pod] if self.reason else []}
        deployment = next(each for each in self.applied if each["kind"] == "Deployment")
        count = 0 if self.reason else 2
        return {**deployment, "status": {"replicas": 2, "updatedReplicas": 2, "readyReplicas": count}}

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("port", "taken", "words", "service"),
    [
        (8271, False, "http://127.0.0.1:8271", "NodePort"),
        (8271, True, "kubectl -n runner port-forward service/runner-server-store-1 8270:8270", "ClusterIP"),
        (None, False, "kubectl -n runner port-forward service/runner-server-store-1 8270:8270", "ClusterIP"),
    ],
)
def test_it_is_told_how_the_server_is_reached(
    session: OpenWorkspace, monkeypatch: pytest.MonkeyPatch, port: int | None, words: str, service: str, *, taken: bool
) -> None:
    said: list[str] = []
    api = with_api(monkeypatch, Api(taken=taken), port)
    serving.install_server(session, "runner", said.append)
    assert words in said[-1]
    assert [each["spec"]["type"] for each in api.applied if each["kind"] == "Service"] == [service]


def test_a_server_that_cannot_start_says_why(session: OpenWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with_api(monkeypatch, Api(reason="ErrImageNeverPull"), None)
    with pytest.raises(TargetError, match="its image cannot be had: ErrImageNeverPull: no such image"):
        serving.install_server(session, "runner", print)


def with_api(monkeypatch: pytest.MonkeyPatch, api: Api, port: int | None) -> Api:
    monkeypatch.setattr(engine, "find_node", lambda _name: Node(running=True, port=9000, server_port=port))
    monkeypatch.setattr(kind, "read_kubeconfig", lambda _name: {})
    monkeypatch.setattr(serving, "ClusterApi", lambda _kubeconfig: api)
    return api
