"""The workspace as pods have it: the same targets, names and keys, and words for what cannot go there."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.kubernetes.schedules import KubernetesWorkspace
from runner.compute.kubernetes.settings import ClusterSettings
from runner.errors import BadInput
from runner.model.access import Access
from runner.model.data import DatastorePath
from runner.model.plan import Plan
from runner.model.step import InputSpec
from runner.model.store_endpoint import BucketEndpoint
from runner.wiring.configuration import load
from runner.wiring.detached import Detached
from runner.wiring.in_cluster import PodWorkspace, pod_workspace
from runner.wiring.workspace import OpenWorkspace, open_session
from tests.support import builders as b
from tests.support.fake_api import FakeCluster
from tests.support.memory_store import MemoryStore

CONFIG = """
name: penguins
target: team
packages_until: 2021-06-01
targets:
  team:
    type: kubernetes
    namespace: ml
    kubeconfig: /home/me/.kube/config
    context: team
    registry: registry.example/ml
    capacity: 3
    run_as: 2000
    node_selector: {pool: batch}
    tolerations: [{key: spot, operator: Exists, effect: NoSchedule}]
    policy: {retries: 2, queue_timeout: 30m, run_timeout: 2h}
    resources: {cpu: 500m, memory: 4Gi}
    credentials: scoped
    mounts: {policy: never}
    proxy: {http: "http://proxy:1"}
    access: {secrets: [db]}
    store: {bucket: own, prefix: pre, endpoint: 'http://near', cluster_endpoint: 'http://far', credentials: %(keys)s}
  laptop: {type: process}
environments:
  curated: {image: 'registry.example/curated:1'}
  dated: {packages_until: 2020-01-01}
computes: {cpu-cluster: {target: team, vm_size: STANDARD_D2_V2, cpu: 2}}
vm_sizes: {OWN_SIZE: {cpu: 3, memory: 5Gi}}
serve: {url: "https://runs.example.org", hosts: [other.example.org], limits: {submissions: 2}}
secrets: {db: {env: DB_PASSWORD}, file: {file: hidden.txt}, absent: {env: NOT_SET_ANYWHERE}}
keep: {runs: 10d, last: 3}
access: {datastores: [lake]}
report: true
mlflow: {tracking_uri: "https://m", token: "${db}"}
opentelemetry: {endpoint: "https://o", headers: {X-Api-Key: "${file}"}}
datastores:
  lake: {type: bucket, bucket: lake, prefix: raw, endpoint: 'http://near', cluster_endpoint: 'http://far',
         credentials: keys.json, account: contoso, container: raw}
  public: {type: azure_blob, account: contoso, container: public}
  shared: {type: folder, path: shared}
  other: {type: workspace, workspace: seals}
"""
KEYS = json.dumps({"access_key": "me", "secret_key": "the key"})


@pytest.fixture
def laptop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWorkspace:
    monkeypatch.setenv("RUNNER_CONFIG", "/dev/null")
    monkeypatch.setenv("DB_PASSWORD", "open sesame")
    root = tmp_path / "laptop"
    root.mkdir()
    (root / "runner.yaml").write_text(CONFIG % {"keys": root / "keys.json"})
    for name, text in (("keys.json", KEYS), ("hidden.txt", "in a file\n")):
        (root / name).write_text(text)
        (root / name).chmod(0o600)
    return with_store(open_session(root))


def with_store(session: OpenWorkspace) -> OpenWorkspace:
    session.base_store = MemoryStore()
    return session


def made(session: OpenWorkspace, folder: Path) -> PodWorkspace:
    host = session.config.get("team").controllers(lambda: "store-1")
    assert host is not None
    place = KubernetesWorkspace(FakeCluster(), ClusterSettings(store_id="store-1", namespace="ml"))
    place.folder = str(folder)
    return pod_workspace(session.config, session.datastores, "team", host, image="controller:1", place=place)


@pytest.fixture
def pod(laptop: OpenWorkspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWorkspace:
    """The same workspace in another folder, with nothing else of the laptop."""
    folder = tmp_path / "pod"
    folder.mkdir()
    for name, text in made(laptop, folder).files.items():
        (folder / name).write_text(text)
        (folder / name).chmod(stat.S_IRUSR)
    monkeypatch.delenv("DB_PASSWORD")
    for one in laptop.config.root.iterdir():
        one.unlink()
    return with_store(open_session(folder))


def test_a_pod_has_the_same_workspace(pod: OpenWorkspace, laptop: OpenWorkspace) -> None:
    own, there = laptop.config, pod.config
    assert (pod.target_in_force, there.workspace) == (laptop.target_in_force, own.workspace) == ("team", "penguins")
    settings, before = there.get("team"), own.get("team")
    assert isinstance(settings, KubernetesConfig)
    assert isinstance(before, KubernetesConfig)
    keys = f"{there.root}/store.json"
    assert settings.store == replace(
        before.store, endpoint="http://far", cluster_endpoint="http://far", credentials=keys
    )
    same = replace(before, store=settings.store, kubeconfig="", context="", registry="")
    assert settings == replace(same, controller_image="controller:1")
    assert [getattr(there, name) for name in ("computes", "vm_sizes", "environments", "keep", "access")] == [
        getattr(own, name) for name in ("computes", "vm_sizes", "environments", "keep", "access")
    ]
    assert there.packages_until == own.packages_until
    assert there.after_run == own.after_run
    assert [pod.secret(name) for name in there.after_run.secrets] == ["open sesame", "in a file"]
    assert there.bucket(settings.store).prefix == own.bucket(before.store).prefix
    assert isinstance(pod.controllers, Detached)
    pod.controllers.check({"team"})


def test_a_server_there_is_reached_by_its_service(pod: OpenWorkspace, laptop: OpenWorkspace) -> None:
    settings, own = pod.config.serve, laptop.config.serve
    assert (settings.url, settings.limits) == (own.url, own.limits)
    assert (settings.host, settings.port, settings.behind_proxy) == ("0.0.0.0", 8270, True)
    assert settings.hosts == (
        "other.example.org",
        "runner-server-store-1",
        "runner-server-store-1.ml",
        "runner-server-store-1.ml.svc",
        "runner-server-store-1.ml.svc.cluster.local",
        "localhost",
    )


def test_a_pod_has_the_keys_of_the_stores(pod: OpenWorkspace) -> None:
    assert pod.step_stores("team").workspace.credentials.secrets == ("the key",)
    assert (pod.secret("db"), pod.secret("file")) == ("open sesame", "in a file")
    facts = pod.datastore_facts()
    assert set(facts) == {"workspaceblobstore", "workspacefilestore", "lake", "public", "other"}
    assert (facts["lake"].place, facts["lake"].account) == ("lake/raw at http://far", "contoso")
    assert facts["other"].read_only
    lake = pod.datastores.for_steps(here=True)["lake"]
    assert isinstance(lake, BucketEndpoint)
    assert lake.credentials.secrets == ("the key",)


def test_what_cannot_go_there_is_told_of_the_plans_that_need_it(laptop: OpenWorkspace, tmp_path: Path) -> None:
    found = made(laptop, tmp_path)
    assert set(found.missing) == {("datastore", "shared"), ("secret", "absent")}
    assert not list(found.problems(a_plan("lake")))
    folder, secret = found.problems(a_plan("shared", "absent", "db"))
    assert folder.what == "datastore 'shared' cannot be used in the cluster: it is a folder of this machine"
    assert folder.remedy == "put the data into a bucket"
    assert "secret 'absent' cannot be used in the cluster: secret 'absent' has no value" in secret.what


def a_plan(datastore: str, *secrets: str) -> Plan:
    step = b.step("a", inputs=(InputSpec(name="data", source=DatastorePath(datastore, "x")),))
    return b.plan(replace(step, access=Access(secrets=secrets)))


def test_no_key_is_in_the_configuration(laptop: OpenWorkspace, tmp_path: Path) -> None:
    found = made(laptop, tmp_path)
    assert not [word for word in ("the key", "open sesame", "in a file") if word in found.files["runner.yaml"]]
    assert "the key" not in repr(found)


def test_keys_that_cannot_be_read_are_refused(laptop: OpenWorkspace, tmp_path: Path) -> None:
    (laptop.config.root / "keys.json").unlink()
    with pytest.raises(BadInput, match="there is no file"):
        made(laptop, tmp_path)


def test_detach_in_the_configuration_starts_controllers_in_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "runner.yaml").write_text("detach: true\n")
    config = load(tmp_path, {"RUNNER_CONFIG": "/dev/null"})
    assert isinstance(OpenWorkspace(config=config).controllers, Detached)
    (tmp_path / "runner.yaml").write_text("detach: perhaps\n")
    with pytest.raises(BadInput, match="detach"):
        load(tmp_path, {"RUNNER_CONFIG": "/dev/null"})
